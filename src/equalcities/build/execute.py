"""Executing notebooks in parallel, remembering them, and holding them against the ledger.

An executed notebook is remembered in a folder for exactly this package, data, lock and Python,
so a stale number cannot be shown, not even by the book engine alone. When that folder is new,
results of notebooks that stand on nothing that changed are taken over from the folders before.
"""

from __future__ import annotations

import copy
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

from equalcities.build import pairs, standing
from equalcities.errors import EqualCitiesError

TIMEOUT_SECONDS = 600
KEPT_CACHES = 3
INPUTS = ("src", "data", "requirements.lock", "pyproject.toml")


class ExecutionError(EqualCitiesError):
    """A notebook raised, or wrote to standard error."""


class Executed(NamedTuple):
    """An executed notebook: its name, the notebook, how long it took, whether it ran now."""

    name: str
    notebook: Any
    seconds: float
    fresh: bool


def cache_folder(root: Path) -> Path:
    """Return the folder for results of exactly this package, data, lock and Python."""
    inputs = standing.digest(standing.files_below(root, *INPUTS), root)
    key = hashlib.sha256(f"{inputs} {sys.version_info[:3]}".encode()).hexdigest()[:16]
    return root / "_build" / "cache" / key


def read_source(path: Path) -> Any:
    """Read a notebook source just as the book engine reads it, so that both hash it alike."""
    from myst_nb.core.read import read_myst_markdown_notebook

    return read_myst_markdown_notebook(path.read_text(encoding="utf-8"), path=path)


def execute_all(
    root: Path, say: Callable[[str], None], workers: int | None = None
) -> list[Executed]:
    """Execute every notebook whose results are not remembered; return all, executed.

    Parameters
    ----------
    root : Path
        The checkout.
    say : callable
        Told about progress, one line at a time.
    workers : int, optional
        How many at a time; by default one per core.

    Returns
    -------
    list of Executed
        In alphabetical order.

    Raises
    ------
    ExecutionError
        Naming notebook, cell and error of each failure, after all have run.
    """
    from jupyter_cache import get_cache

    folder = cache_folder(root)
    _prune(folder)
    cache = get_cache(folder)
    earlier = [get_cache(other) for other in _newest_first(folder.parent) if other != folder]
    done: dict[str, Executed] = {}
    waiting = []
    for path in pairs.sources(root):
        notebook = read_source(path)
        inputs = standing.key(root, (c.source for c in notebook.cells if c.cell_type == "code"))
        found = _recall(path.stem, notebook, inputs, [cache, *earlier])
        if found is None:
            waiting.append((path, notebook, inputs))
            continue
        done[path.stem] = found
        if _recall(path.stem, notebook, inputs, [cache]) is None:
            _remember(cache, path, found, inputs)
    if done:
        say(f"  {len(done)} of {len(done) + len(waiting)} notebooks unchanged")
    failures = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        running = {pool.submit(_execute, path, nb, root): (path, key) for path, nb, key in waiting}
        for count, future in enumerate(as_completed(running), start=1):
            path, inputs = running[future]
            try:
                result = future.result()
            except ExecutionError as error:
                failures.append(str(error))
                say(f"  [{count}/{len(waiting)}] {path.stem} FAILED")
                continue
            _remember(cache, path, result, inputs)
            done[path.stem] = result
            say(f"  [{count}/{len(waiting)}] {path.stem} {result.seconds:.1f} s")
    if failures:
        raise ExecutionError("\n".join(sorted(failures)))
    return [done[name] for name in sorted(done)]


def _execute(path: Path, notebook: Any, root: Path) -> Executed:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    sockets = tempfile.mkdtemp(prefix="kernel-")
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        kernel_name="python3",
        record_timing=False,  # times in the cells' metadata would change the cache's key
        resources={"metadata": {"path": str(path.parent)}},
        config=_kernel_config(sockets),
    )
    # The client writes the kernel's details into the metadata, which are part of the cache's key.
    metadata = copy.deepcopy(notebook.metadata)
    start = time.perf_counter()
    try:
        client.execute(env=kernel_environment(root))
    except (CellExecutionError, CellTimeoutError) as error:
        raise ExecutionError(_explain(path, notebook, error)) from error
    finally:
        shutil.rmtree(sockets)
    notebook.metadata = metadata
    for place, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise ExecutionError(
                    f"notebooks/{path.name}, cell {place}, wrote to standard error: "
                    f"{output['text'].strip()[:400]}. Mend the cause; warnings are errors here."
                )
    return Executed(path.stem, notebook, time.perf_counter() - start, True)


def _kernel_config(folder: str) -> Any:
    """Let the kernel speak over files instead of a port, so that not even loopback is needed."""
    from traitlets.config import Config

    config = Config()
    if os.name == "posix":
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = os.path.join(folder, "k")
    return config


def kernel_environment(root: Path) -> dict[str, str]:
    """Return the environment of a kernel: one thread, fixed hashing, this checkout's package."""
    fixed = {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(root / "src"), os.environ.get("PYTHONPATH", "")])
        ),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    return dict(os.environ) | fixed


def _explain(path: Path, notebook: Any, error: Exception) -> str:
    for place, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                first = cell.source.strip().splitlines()[0][:70]
                return (
                    f"notebooks/{path.name}, cell {place} ({first}): "
                    f"{output['ename']}: {output['evalue']}"
                )
    return f"notebooks/{path.name}: {error}"


def _recall(name: str, notebook: Any, inputs: str, caches: list[Any]) -> Executed | None:
    """Return a remembered result of just this code that stands on just these inputs."""
    for cache in caches:
        try:
            record = cache.match_cache_notebook(notebook)
        except KeyError:
            continue
        if record.data.get("inputs") == inputs:
            _, merged = cache.merge_match_into_notebook(notebook)
            return Executed(name, merged, record.data["execution_seconds"], False)
    return None


def _remember(cache: Any, path: Path, result: Executed, inputs: str) -> None:
    from jupyter_cache.base import CacheBundleIn

    data = {"execution_seconds": result.seconds, "inputs": inputs}
    bundle = CacheBundleIn(result.notebook, str(path), data=data)
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def remembered(root: Path) -> list[tuple[int, str]]:
    """List what is remembered for the present inputs, to see whether anything was executed."""
    from jupyter_cache import get_cache

    records = get_cache(cache_folder(root)).list_cache_records()
    return sorted((record.pk, record.hashkey) for record in records)


def _prune(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for old in _newest_first(folder.parent)[KEPT_CACHES:]:
        shutil.rmtree(old)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)


def outputs(notebook: Any) -> Iterator[dict[str, Any]]:
    """Yield the data bundles of a notebook's outputs, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "data" in output:
                yield output["data"]
