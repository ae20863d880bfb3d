"""Reading the hashed lock: which packages, in which versions, with which files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

FILE = "requirements.lock"
LINE = re.compile(r"([A-Za-z0-9_.-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?")


@dataclass(frozen=True)
class Package:
    """One locked package; ``marker`` says on which platforms it is needed, empty for all."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def needed_here(self) -> bool:
        """Whether this platform and Python need it."""
        return not self.marker or Marker(self.marker).evaluate()


def read(root: Path) -> list[Package]:
    """Read the lock, in alphabetical order."""
    found: list[Package] = []
    for line in (root / FILE).read_text(encoding="utf-8").splitlines():
        match = LINE.fullmatch(line)
        if match:
            name, version, marker = match.groups()
            found.append(Package(canonicalize_name(name), version, marker or "", ()))
        elif "--hash=sha256:" in line:
            value = line.split("--hash=sha256:")[1].strip(" \\")
            last = found.pop()
            found.append(Package(last.name, last.version, last.marker, (*last.hashes, value)))
    return sorted(found, key=lambda p: (p.name, p.version))
