"""Freezing a release: from a clean clone to ``dist/VERSION/``, whole or not at all.

The frozen folder is what is served at ``/v/VERSION/``, byte for byte: the site at its root, and
beside it the PDF, the sources, the data and the ledger, their description for machines (RO-Crate),
the list of components (CycloneDX) and the checksums of all of it.
"""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import yaml

from equalcities import catalog
from equalcities.release import checksums, corrections, crate, lock, record, sbom, versions
from equalcities.release.compare import compare
from equalcities.release.record import Record
from equalcities.release.versions import ReleaseError

DIST = "dist"
SITE = Path("_build") / "html"
PDF = "cities_of_equality.pdf"
BUILT_PDF = Path("_build") / "pdf" / PDF
SOURCES = "source.zip"
BUNDLE = "data_and_ledger.zip"
BUNDLED = ("CHANGELOG.md", "CITATION.cff", "CORRECTIONS.md", "LICENSE", "LICENSE-content")
# The oldest time that a zip archive can hold: times must not make two archives differ.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Order:
    """What is to be released, and what a trial leaves out."""

    root: Path
    version: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One command that a release runs in its clone, and the word that leaves it out of a trial."""

    name: str
    says: str
    arguments: tuple[str, ...]


STEPS = (
    Step("", "build the site, without a cache", ("-m", "equalcities.build", "book")),
    Step("pdf", "make the PDF", ("-m", "equalcities.build", "pdf")),
    # last, so that what is tested is what is frozen: the PDF puts a link on the site
    Step(
        "tests", "run the tests",
        ("-m", "pytest", "-q", "-n", "auto", "--dist", "loadgroup", "--nbmake",
         "--nbmake-timeout=600", "tests", "notebooks"),
    ),
)  # fmt: skip
"""What is run in the clone, in this order. A further product of a release is a further step."""


def release(order: Order, say: Callable[[str], None]) -> Path:
    """Make a release from a clean clone of the checkout, and freeze it.

    Parameters
    ----------
    order : Order
        Checkout, version, and what a trial leaves out (``tests``, ``pdf``), which is recorded.
    say : callable
        Told about progress, one line at a time.

    Returns
    -------
    Path
        The frozen folder, ``dist/VERSION``.

    Raises
    ------
    ReleaseError
        If the checkout isn't fit to be released, a step fails, or something is missing.
    """
    check_order(order)
    with tempfile.TemporaryDirectory(prefix="equalcities-release-") as folder:
        clone = Path(folder) / "clone"
        git(order.root, "clone", "--quiet", "--no-hardlinks", str(order.root), str(clone))
        faults = environment_faults(clone, order.version)
        if faults:
            raise ReleaseError(
                f"the environment isn't the locked one: {'; '.join(faults[:5])}. Run "
                "'rm .venv/installed' and then 'make release' again."
            )
        for step in STEPS:
            if step.name in order.left_out:
                say(f"• {step.says}: left out of this trial, which the release records")
                continue
            say(f"• {step.says} …")
            run_step(step, clone)
        say("• freeze …")
        return freeze(order, clone)


def check_order(order: Order) -> None:
    """Refuse a release that isn't prepared.

    Raises
    ------
    ReleaseError
        Saying what to do.
    """
    root, version = order.root, order.version
    if not versions.is_released_form(version):
        raise ReleaseError(f"'{version}' is no version of a release. Write, say, VERSION=2026.1.")
    target = root / DIST / version
    if target.exists() or (root / record.FOLDER / f"{version}.json").exists():
        raise ReleaseError(
            f"version {version} is already frozen, and a frozen version is never made again. "
            "Release the next one: set it in pyproject.toml."
        )
    known = record.earlier(root)
    if known and versions.order(version) <= versions.order(known[-1].version):
        raise ReleaseError(
            f"{version} doesn't come after {known[-1].version}, the newest release. "
            "Take a later version."
        )
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if project["version"] != version:
        raise ReleaseError(
            f"pyproject.toml has the version {project['version']}, not {version}. Write "
            f'version = "{version}" there, give CHANGELOG.md the heading '
            f"'## {version} (YEAR-MM-DD)', bring CITATION.cff into step ('make metadata'), commit."
        )
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if {cited["version"], cited["preferred-citation"]["version"]} != {version}:
        raise ReleaseError(
            f'CITATION.cff has another version. It needs version: "{version}" in both places, with '
            "the quotes (2026.10 would be read as 2026.1): 'make metadata' writes it."
        )
    heads = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", heads, flags=re.M):
        raise ReleaseError(
            f"CHANGELOG.md doesn't date the version. Write '## {version} (YEAR-MM-DD)'."
        )
    if git(root, "status", "--porcelain"):
        raise ReleaseError(
            "the checkout holds changes that aren't committed. Commit or remove them: a release "
            "is made from what is under version control."
        )


def environment_faults(root: Path, version: str) -> list[str]:
    """List the packages that are missing or of another version than the lock says.

    The book's own package is among them: pages print the version that is installed.
    """
    faults = []
    if installed("equalcities") != version:
        faults.append(f"equalcities is {installed('equalcities')}, to be released is {version}")
    for package in lock.read(root):
        if not package.needed_here:
            continue
        try:
            found = installed(package.name)
        except PackageNotFoundError:
            found = "not installed"
        if found != package.version:
            faults.append(f"{package.name} is {found}, locked is {package.version}")
    return faults


def run_step(step: Step, clone: Path, python: str = sys.executable) -> None:
    """Run one step in the clone, with the clone's own package.

    Raises
    ------
    ReleaseError
        With the end of what the step said.
    """
    done = subprocess.run(
        [python, *step.arguments], cwd=clone, env=environment(clone), text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise ReleaseError(f"could not {step.says}. It said:\n{done.stdout[-4000:].strip()}")


def environment(clone: Path) -> dict[str, str]:
    """Return the environment of a step: nothing accepted by chance, this clone's package."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EQUALCITIES")}
    return kept | {"PYTHONPATH": str(clone / "src")}


def git(root: Path, *arguments: str) -> str:
    """Run git and return what it says.

    Raises
    ------
    ReleaseError
        If git is missing or fails.
    """
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise ReleaseError(f"git {arguments[0]} failed: {said.strip()}") from error
    return done.stdout.strip()


def freeze(order: Order, clone: Path) -> Path:
    """Put everything a release consists of into ``dist/VERSION``, and note it in ``releases/``.

    Parameters
    ----------
    order : Order
        What is released.
    clone : Path
        The clone in which every step has run.

    Returns
    -------
    Path
        The frozen folder.

    Raises
    ------
    ReleaseError
        If the folder exists, a product is missing, a number changed without a cause in the
        changelog, or an address of an earlier version is gone.
    """
    target = order.root / DIST / order.version
    if target.exists():
        raise ReleaseError(f"{target} exists, and a frozen version is never made again.")
    site, pdf = clone / SITE, clone / BUILT_PDF
    if not (site / "index.html").is_file():
        raise ReleaseError(f"there is no site in {SITE}. The step that builds it made none.")
    if not pdf.is_file() and "pdf" not in order.left_out:
        raise ReleaseError(f"there is no {BUILT_PDF}. The step that makes the PDF made none.")
    made = {
        "commit": git(clone, "rev-parse", "HEAD"),
        "python": platform.python_version(),
        "left_out": list(order.left_out),
    }
    taken = record.take(clone, order.version, site / "figures")
    taken = replace(taken, pages=pages_of(site), made=made)
    check_record(taken, order.root, site)
    with whole(target) as folder:
        shutil.copytree(site, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
        products = {
            SOURCES: archive(clone, tracked(clone)),
            BUNDLE: archive(clone, bundled(clone)),
            record.FILE: record.to_json(taken),
            sbom.FILE: sbom.bill(clone, taken),
        }
        for name in (*products, crate.FILE, checksums.FILE):
            if (folder / name).exists():
                raise ReleaseError(f"the site has a page or file '{name}' too. Rename it.")
        if pdf.is_file():
            products[PDF] = pdf.read_bytes()  # the same as the site's own, if it offers one
        for name, content in products.items():
            (folder / name).write_bytes(content)
        (folder / crate.FILE).write_bytes(crate.describe(clone, taken, folder))
        sums = checksums.take(folder)
        (folder / checksums.FILE).write_bytes(sums)
    catalog.write_whole(order.root / record.FOLDER / f"{order.version}.json", products[record.FILE])
    checksums.note(order.root / record.FOLDER, order.version, sums)
    return target


def pages_of(site: Path) -> tuple[str, ...]:
    """List the addresses of a site's pages."""
    return tuple(
        sorted(
            path.relative_to(site).as_posix()
            for path in site.rglob("*.html")
            if "_static" not in path.relative_to(site).parts
        )
    )


def check_record(taken: Record, root: Path, site: Path) -> None:
    """Refuse a release that breaks what earlier ones promised.

    Raises
    ------
    ReleaseError
        If a number changed without a stated cause, or a key that was ever published has no
        address any more.
    DataError
        If a correction doesn't say what the releases say.
    """
    before = record.earlier(root, taken.version)
    known = corrections.read(root)
    corrections.check(known, before, taken.numbers, taken.version, final=True)
    if before:
        silent = compare(before[-1], taken, known).without_cause
        if silent:
            raise ReleaseError(
                f"changed without a stated cause: {', '.join(silent)}. Name each key in "
                "CHANGELOG.md with its cause (`key`, or `begin.*` for several)."
            )
    text = (site / "book" / "ledger.html").read_text(encoding="utf-8")
    present = set(re.findall(r'\bid="((?:num|ledger-fig)-[^"]+)"', text))
    wanted = {address: key for r in (*before, taken) for address, key in r.addresses().items()}
    gone = sorted(key for address, key in wanted.items() if address not in present)
    if gone:
        raise ReleaseError(
            f"the ledger page has no address any more for {', '.join(gone)}. Keys are for ever: "
            "withdraw with 'make results REASON=...', which keeps them listed."
        )


@contextmanager
def whole(target: Path):
    """Give a folder to fill that appears under its name only when all has gone well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
        folder.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def tracked(root: Path) -> list[str]:
    """List what is under version control, without tables that may not be given out."""
    hidden = withheld(root)
    names = git(root, "ls-files", "-z").split("\0")
    return sorted(name for name in names if name and name not in hidden)


def bundled(root: Path) -> list[str]:
    """List data and ledger: what a reader needs to check a number without building anything."""
    return [
        name for name in tracked(root)
        if name.startswith(("data/", "results/")) or name in BUNDLED
    ]  # fmt: skip


def withheld(root: Path) -> set[str]:
    """Return the tables whose records say that they may not be given out."""
    records = [catalog.read_record(name, root) for name in catalog.datasets(root)]
    return {r.path.relative_to(root).as_posix() for r in records if r.withheld}


def archive(root: Path, names: Iterable[str]) -> bytes:
    """Return a zip archive of some files, the same bytes for the same files.

    Names are sorted and times fixed. Nothing is compressed: compressors differ between machines.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as out:
        for name in sorted(names):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.create_system = 3  # the same on every platform
            executable = (root / name).stat().st_mode & 0o100
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            out.writestr(entry, (root / name).read_bytes())
    return content.getvalue()


def summary(target: Path) -> dict[str, Any]:
    """Return what to say of a frozen release: files and size."""
    files = [path for path in target.rglob("*") if path.is_file()]
    return {"files": len(files), "megabytes": sum(p.stat().st_size for p in files) / 1e6}
