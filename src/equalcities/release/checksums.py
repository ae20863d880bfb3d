"""Checksums of a frozen release, in the form that ``sha256sum -c`` reads."""

from __future__ import annotations

import hashlib
from pathlib import Path

from equalcities import catalog
from equalcities.errors import UsageError

FILE = "SHA256SUMS"


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def take(folder: Path) -> bytes:
    """Return the checksums of all files of a release, sorted by name, without its own."""
    lines = [
        f"{digest(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / FILE
    ]
    return "".join(lines).encode()


def read(folder: Path) -> dict[str, str]:
    """Read the checksums of a frozen release, by name.

    Raises
    ------
    UsageError
        If the folder holds none.
    """
    path = folder / FILE
    if not path.is_file():
        raise UsageError(
            f"{folder} is no frozen release: it has no {FILE}. Give a folder of dist/."
        )
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, str]:
    """Return name to checksum."""
    return {name: value for value, _, name in (line.partition("  ") for line in text.splitlines())}


def faults(folder: Path) -> list[str]:
    """Compare a release with its checksums; return one line for each file that isn't as it was."""
    listed = read(folder)
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path != folder / FILE
    }
    lines = [f"missing: {name}" for name in sorted(listed.keys() - found)]
    lines += [f"not part of the release: {name}" for name in sorted(found - listed.keys())]
    lines += [
        f"changed: {name}"
        for name in sorted(found & listed.keys())
        if digest(folder / name) != listed[name]
    ]
    return lines


def note(releases: Path, version: str, sums: bytes) -> None:
    """Add a release's own checksum, that of its list, to those under version control."""
    noted = known(releases) | {version: hashlib.sha256(sums).hexdigest()}
    lines = [f"{value}  {name}/{FILE}\n" for name, value in sorted(noted.items())]
    catalog.write_whole(releases / FILE, "".join(lines).encode())


def known(releases: Path) -> dict[str, str]:
    """Return the noted checksum of each release's list, by version."""
    path = releases / FILE
    if not path.is_file():
        return {}
    found = parse(path.read_text(encoding="utf-8"))
    return {name.removesuffix(f"/{FILE}"): value for name, value in found.items()}
