"""Verifying a frozen release: by its checksums, or by making all of it again.

Example: ``equalcities verify dist/2026.1``
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from equalcities import catalog, ledger
from equalcities.errors import UsageError
from equalcities.release import checksums, crate, freeze, record, sbom
from equalcities.release.freeze import Step

HELP = "verify a frozen release by its checksums, or by making it again"
EXAMPLE = "equalcities verify dist/2026.1"
SAME, DIFFERENT = 0, 1
# Made beside the site, or saying how long a run took: not what a rebuilt site is compared by.
NOT_COMPARED = {
    freeze.PDF: "a PDF carries the time it was made",
    "status.json": "run times",
}
PRODUCTS = {
    freeze.PDF, freeze.SOURCES, freeze.BUNDLE, record.FILE, sbom.FILE, crate.FILE, checksums.FILE,
}  # fmt: skip
PDF_OFFER = re.compile(rb'<p class="pdf-offer"[^>]*>.*?</p>')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line of ``equalcities verify``."""
    parser.add_argument("release", help="a folder of dist/ or of a public tree, or a version")
    parser.add_argument(
        "--rerun", action="store_true",
        help="build the release's own sources again and compare ledger and site",
    )  # fmt: skip
    parser.add_argument(
        "--environment", choices=("clean", "present"), default="clean",
        help="where --rerun runs: a new environment from the release's lock (needs a package "
        "index), or the present one",
    )  # fmt: skip
    parser.epilog += (
        "\n\nexit status: 0 all is as it was frozen; 1 something differs, and is printed; 2 it "
        "could\nnot be verified."
    )


def run(options: argparse.Namespace) -> int:
    """Verify, print what differs, and return 1 if anything does."""
    folder = Path(options.release)
    if not folder.is_dir():
        folder = catalog.project_root() / freeze.DIST / options.release
    if not folder.is_dir():
        raise UsageError(f"There is no release '{options.release}'. Give a folder of dist/.")
    faults = verify(folder)
    if options.rerun and not faults:
        faults = rerun(folder, options.environment == "clean", lambda s: print(s, flush=True))
    for line in faults:
        print(line)
    count = len(checksums.read(folder))
    if faults:
        print(f"{folder.name}: {len(faults)} differences.")
        return DIFFERENT
    again = ", and making it again gave the same ledger and site" if options.rerun else ""
    if noted(folder) is None:
        print(
            f"{folder.name}: {count} files agree with their own list{again}. Whether the list is "
            f"the published one isn't known: no {record.FOLDER}/ here notes this version."
        )
    else:
        print(f"{folder.name}: {count} files are as they were frozen{again}.")
    return SAME


def verify(folder: Path) -> list[str]:
    """Check every checksum of a frozen release; run nothing.

    Parameters
    ----------
    folder : Path
        The frozen folder.

    Returns
    -------
    list of str
        One line for each file that is missing, changed or not part of the release; if all are
        well, one if the list of checksums isn't the one under version control.
    """
    lines = checksums.faults(folder)
    if lines:
        return lines
    own = hashlib.sha256((folder / checksums.FILE).read_bytes()).hexdigest()
    if noted(folder) not in (None, own):
        lines.append(f"changed: {checksums.FILE} isn't the one noted in {record.FOLDER}/")
    return lines


def noted(folder: Path) -> str | None:
    """Return the checksum of a release's list that is under version control.

    None if the version isn't noted there, or if a reader hasn't the sources.
    """
    try:
        releases = catalog.project_root() / record.FOLDER
    except UsageError:
        return None
    return checksums.known(releases).get(record.read(folder).version)


def rerun(folder: Path, clean: bool, say: Callable[[str], None]) -> list[str]:
    """Build a release's own sources again, and compare ledger and site with the frozen ones.

    Parameters
    ----------
    folder : Path
        The frozen folder.
    clean : bool
        Whether to make a new environment from the release's lock.
    say : callable
        Told about progress, one line at a time.

    Returns
    -------
    list of str
        One line for each number or figure beyond its tolerance, and for each file that differs.
    """
    with tempfile.TemporaryDirectory(prefix="equalcities-verify-") as place:
        copy = Path(place) / "sources"
        with zipfile.ZipFile(io.BytesIO((folder / freeze.SOURCES).read_bytes())) as archive:
            archive.extractall(copy)
        python = sys.executable
        if clean:
            say("• install the release's environment from its lock …")
            python = install(copy, Path(place) / "environment")
        elif faults := freeze.environment_faults(copy, record.read(folder).version):
            raise freeze.ReleaseError(
                f"the present environment isn't the release's: {'; '.join(faults[:5])}. Leave "
                "out '--environment present'."
            )
        results, kept = copy / "results", Path(place) / "frozen" / "results"
        shutil.copytree(results, kept)
        say("• run every notebook …")
        freeze.run_step(
            Step("", "run the notebooks", ("-m", "equalcities.build", "results")), copy, python
        )
        accepted, fresh = ledger.read_results(kept.parent), ledger.read_results(copy)
        lines = [f"ledger: {line}" for line in ledger.compare(accepted, fresh)]
        say(f"  {len(accepted.numbers)} numbers and {len(accepted.figures)} figures compared")
        if not lines:
            # within tolerance: the frozen values are what the pages print
            shutil.rmtree(results)
            shutil.copytree(kept, results)
        say("• build the site …")
        freeze.run_step(
            Step("", "build the site", ("-m", "equalcities.build", "book")), copy, python
        )
        for name, why in NOT_COMPARED.items():
            say(f"  not compared: {name} ({why})")
        return lines + site_differences(folder, copy / freeze.SITE)


def install(copy: Path, target: Path) -> str:
    """Make a new environment from a lock, and return its Python."""
    python = target / "bin" / "python"
    commands = (
        [sys.executable, "-m", "venv", str(target)],
        [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r",
         "requirements.lock"],
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
         "-e", "."],
    )  # fmt: skip
    for command in commands:
        done = subprocess.run(
            command, cwd=copy, capture_output=True, text=True, check=False,
            env=freeze.environment(copy),
        )  # fmt: skip
        if done.returncode:
            raise freeze.ReleaseError(
                f"the environment of the lock can't be installed: {done.stderr[-1500:].strip()}"
            )
    return str(python)


def site_differences(frozen: Path, fresh: Path) -> list[str]:
    """Compare a frozen site with a rebuilt one, file by file."""
    listed = {
        name: value
        for name, value in checksums.read(frozen).items()
        if name not in PRODUCTS and name not in NOT_COMPARED
    }
    built = {
        path.relative_to(fresh).as_posix(): path
        for path in fresh.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(fresh).parts)
    }
    built = {name: path for name, path in built.items() if name not in NOT_COMPARED}
    lines = [f"site: {name} was not made again" for name in sorted(listed.keys() - built.keys())]
    lines += [f"site: {name} is new" for name in sorted(built.keys() - listed.keys())]
    return lines + [
        f"site: {name} differs"
        for name in sorted(listed.keys() & built.keys())
        if checksums.digest(built[name]) != listed[name]
        and without_offer(built[name]) != without_offer(frozen / name)
    ]


def without_offer(path: Path) -> bytes:
    """Return a file without the link to the PDF, which comes in only when a PDF is made."""
    content = path.read_bytes()
    return PDF_OFFER.sub(b"", content) if path.suffix == ".html" else content
