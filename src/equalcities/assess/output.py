"""What is written: a folder that appears whole or not at all, the same for the same input."""

from __future__ import annotations

import io
import json
import math
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyogrio
import pyproj
from pyarrow import parquet

from equalcities import __version__
from equalcities.assess.indicators import Results
from equalcities.assess.problems import Problem, plain

REPORT, METRICS, TABLES = "report.html", "metrics.json", "tables"
MADE_BY = "equalcities assess"
"""Marks a folder as an earlier report of ours, which may be replaced."""
LIBRARIES = (
    "geopandas", "matplotlib", "numpy", "pandas", "pyarrow", "pyogrio", "pyproj", "scipy", "shapely"
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def tables_of(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables that are written, by name."""
    tables = {
        "segregation": results.segregation,
        "segregation_over_distance": results.scale,
        "subareas": results.subareas,
        "units": results.units,
        "access_by_group": results.groups_access,
        "gaps": results.gaps,
        "minutes_by_group": results.distances,
        "concentration": results.concentration,
    }
    return {name: table for name, table in tables.items() if table is not None}


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that no spreadsheet takes for formulas.

    Text that begins as a formula would gets an apostrophe before it.
    """
    safe = table.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_disarmed)
    safe.columns = [_disarmed(name) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _disarmed(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    out = io.BytesIO()
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    parquet.write_table(arrow.replace_schema_metadata(None), out)
    return out.getvalue()


def versions() -> dict[str, str]:
    """Return what the results may depend on."""
    return {
        "equalcities": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "gdal": ".".join(map(str, pyogrio.__gdal_version__)),
        "proj": pyproj.proj_version_str,
    }


def metrics_bytes(content: Mapping[str, Any]) -> bytes:
    """Return provenance and results as JSON, missing values as null."""
    text = json.dumps(_jsonable(content), indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def _jsonable(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return [_jsonable(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# --- the folder --------------------------------------------------------------------------


def out_problems(out: Path, *, force: bool) -> list[Problem]:
    """Tell what keeps a folder from being written, before anything is computed."""
    name, cure = "--out", "Name a folder that doesn't exist yet"
    if ".." in out.parts:
        return [Problem(name, f"'{plain(out)}' goes up with '..'", "Name the folder directly")]
    if out.is_symlink():
        return [Problem(name, f"'{plain(out)}' is a link to somewhere else", cure)]
    if out.exists() and not out.is_dir():
        return [Problem(name, f"'{plain(out)}' is a file", cure)]
    parent = out.absolute().parent
    if not parent.is_dir():
        return [Problem(name, f"there is no folder '{plain(out.parent)}' to put it in", "Make it")]
    if not os.access(parent, os.W_OK):
        return [Problem(name, f"writing in '{plain(out.parent)}' is not permitted", cure)]
    if not out.is_dir() or not any(out.iterdir()):
        return []
    if not _is_ours(out):
        return [Problem(name, f"'{plain(out)}' holds something other than a report", cure)]
    if not force:
        what = f"'{plain(out)}' holds an earlier report"
        return [Problem(name, what, "Replace it with --force, or name another folder")]
    return []


def _is_ours(out: Path) -> bool:
    """Tell whether a folder holds an earlier report and nothing else."""
    try:
        metrics = json.loads((out / METRICS).read_bytes())
        if metrics["made_by"] != MADE_BY:
            return False
        known = {METRICS, *metrics["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path != out / TABLES}
    return found <= known


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder whole or not at all, in the place of an earlier one.

    Parameters
    ----------
    out : Path
        The folder.
    files : mapping of str to bytes
        Content by relative path.
    """
    out = out.absolute()
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent))
    old = fresh.with_suffix(".old")
    try:
        for name, content in files.items():
            (fresh / name).parent.mkdir(exist_ok=True)
            (fresh / name).write_bytes(content)
        # A temporary folder is for its owner alone; a report is as open as its surroundings.
        fresh.chmod(stat.S_IMODE(out.parent.stat().st_mode) & 0o777 | stat.S_IRWXU)
        if out.exists():
            out.rename(old)
        try:
            fresh.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
