"""What a notebook stands on: the modules of the package that it reaches, and what all share.

A notebook's result is good as long as its code and all of this are the same. Modules are found
by reading the import statements, those inside functions too, so a module that nothing reaches
(a page maker, a command) can change without any notebook running again.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from equalcities.errors import UsageError

PACKAGE = "equalcities"
SHARED = ("data", "requirements.lock", "pyproject.toml")
"""What every notebook stands on: any of them may ask the catalogue for any table."""


def key(root: Path, code: Iterable[str]) -> str:
    """Return the digest of everything but its own code that a notebook's result stands on.

    Parameters
    ----------
    root : Path
        The checkout.
    code : iterable of str
        The sources of the notebook's code cells.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits; the same wherever the checkout lies.
    """
    total = hashlib.sha256(f"{sys.version_info[:3]}".encode())
    total.update(digest(files_below(root, *SHARED), root).encode())
    total.update(digest(package_files(root, code), root).encode())
    return total.hexdigest()


def package_files(root: Path, code: Iterable[str]) -> set[Path]:
    """Return the package's files that some code reaches through its imports.

    Files in a reached room that are not Python (a schema, an example) count as well.

    Raises
    ------
    UsageError
        If a reached module imports by a relative name.
    """
    source = root / "src"
    waiting = [name for cell in code for name in imported(cell, "a notebook")]
    reached: set[Path] = set()
    while waiting:
        for path in _module_files(source, waiting.pop()):
            if path not in reached:
                reached.add(path)
                text = path.read_text(encoding="utf-8")
                waiting.extend(imported(text, path.relative_to(root).as_posix()))
    rooms = {path.parent for path in reached} - {source / PACKAGE}
    beside = {path for room in rooms for path in files_below(room) if path.suffix != ".py"}
    return reached | beside


def imported(code: str, name: str) -> Iterator[str]:
    """Yield the dotted names of the package's modules that some code may import."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.level:
            raise UsageError(f"{name} imports by a relative name. Write the full one.")
        elif isinstance(node, ast.ImportFrom) and _ours(node.module):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _ours(name: str) -> bool:
    return name.split(".")[0] == PACKAGE


def _module_files(source: Path, name: str) -> Iterator[Path]:
    """Yield the files that importing a dotted name executes; its last parts may be no modules."""
    place = source
    for part in name.split("."):
        place = place / part
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                yield path


def digest(paths: Iterable[Path], root: Path) -> str:
    """Return the SHA-256 of files' names and contents, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files_below(root: Path, *names: str) -> Iterator[Path]:
    """Yield the files below a folder, or below some entries of it, without what tools leave."""
    for path in [root / name for name in names] or [root]:
        if path.is_file():
            yield path
        for found in path.rglob("*") if path.is_dir() else ():
            parts = found.relative_to(root).parts
            made = "__pycache__" in parts or any(part.startswith(".") for part in parts)
            if found.is_file() and not made:
                yield found
