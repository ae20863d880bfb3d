"""Notebook pairs: ``NAME.md`` is the source, ``NAME.ipynb`` its generated twin without outputs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from equalcities.errors import EqualCitiesError

CURE = "Edit the .md, run 'make pair' and commit both"


class PairError(EqualCitiesError):
    """A notebook's two files say different things."""


def sources(root: Path) -> list[Path]:
    """List the notebooks' source files, in alphabetical order."""
    return sorted((root / "notebooks").glob("*.md"))


def write_pairs(root: Path) -> list[Path]:
    """Generate the ``.ipynb`` of every source; return those that changed.

    Cell ids come from the notebook's name and the cell's place, so that the same source gives
    the same bytes and an edit shows as an edit.
    """
    import jupytext
    import nbformat

    written = []
    for source in sources(root):
        notebook = jupytext.read(source)
        notebook.metadata.get("jupytext", {}).get("text_representation", {}).pop(
            "jupytext_version", None
        )
        for place, cell in enumerate(notebook.cells):
            cell["id"] = hashlib.sha256(f"{source.stem}/{place}".encode()).hexdigest()[:12]
        text = nbformat.writes(notebook, version=4) + "\n"
        target = source.with_suffix(".ipynb")
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written


def check_pairs(root: Path) -> None:
    """Compare each pair cell by cell.

    Raises
    ------
    PairError
        Naming the first cell that differs, an output, or a file without its partner.
    """
    import jupytext

    names = {path.stem for path in sources(root)}
    for generated in sorted((root / "notebooks").glob("*.ipynb")):
        if generated.stem not in names:
            raise PairError(
                f"notebooks/{generated.name} has no .md. The .md is the source: delete the "
                ".ipynb, or write the .md."
            )
    for source in sources(root):
        generated = source.with_suffix(".ipynb")
        if not generated.is_file():
            raise PairError(f"notebooks/{generated.name} is missing. {CURE}.")
        difference = first_difference(jupytext.read(source), jupytext.read(generated))
        if difference:
            raise PairError(f"notebooks/{source.stem}: {difference}. {CURE}.")


def first_difference(source: Any, generated: Any) -> str:
    """Say in words where two notebooks differ first; empty if they don't."""
    for place, cell in enumerate(generated.cells, start=1):
        if cell.get("outputs") or cell.get("execution_count"):
            return f"cell {place} of the .ipynb carries outputs or an execution count"
    for place, (left, right) in enumerate(zip(source.cells, generated.cells, strict=False), 1):
        if _content(left) != _content(right):
            return f"cell {place} differs between .md and .ipynb ({_title(left)!r})"
    if len(source.cells) != len(generated.cells):
        return f"the .md has {len(source.cells)} cells, the .ipynb {len(generated.cells)}"
    if source.metadata.get("kernelspec") != generated.metadata.get("kernelspec"):
        return "the kernel differs between .md and .ipynb"
    return ""


def _content(cell: Any) -> tuple[str, str, tuple[str, ...]]:
    return cell.cell_type, cell.source.strip(), tuple(cell.metadata.get("tags", ()))


def _title(cell: Any) -> str:
    lines = cell.source.strip().splitlines()
    return lines[0][:60] if lines else ""
