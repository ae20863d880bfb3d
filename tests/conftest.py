"""What several tests share: the checkout, its site, a copy to break, the raw files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; 'make test' builds it first."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("No site in _build/html. Run 'make test', which builds it first.")
    return folder


@pytest.fixture(scope="session")
def raw() -> Path:
    """The raw files beside the checkout, which users don't have."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the raw data files aren't here; only the compiled tables can be checked")
    return folder


def copy_checkout(target: Path) -> Path:
    """Copy what a clean clone would hold, with local edits."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


def run_build(
    root: Path, step: str = "book", prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a step of the build in a copy, with the copy's own package."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EQUALCITIES")}
    environment["PYTHONPATH"] = str(root / "src")
    return subprocess.run(
        [*prefix, sys.executable, "-m", "equalcities.build", step],
        cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout that a test may break, with what was already executed."""
    copy = copy_checkout(tmp_path / "checkout")
    shutil.copytree(ROOT / "_build" / "cache", copy / "_build" / "cache")
    return copy


@pytest.fixture
def edit(checkout: Path) -> Callable[[str, str, str], None]:
    """Replace text in a file of the copy; the text must be there exactly once or more."""

    def replace(name: str, old: str, new: str) -> None:
        path = checkout / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
