"""Steps of the build, as ``make`` calls them.

Example: ``python -m equalcities.build book``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equalcities import __version__, ledger
from equalcities.build import execute, pairs, pdf, prose, reading, standing, translation
from equalcities.catalog import Dataset, datasets, load, project_root, write_whole
from equalcities.errors import EqualCitiesError, LedgerError

SITE = Path("_build") / "html"
STATE = Path("_build") / "state.json"
# Not the jupyter-book script: an environment that was moved still has its Python.
ENGINE = "from jupyter_book.cli.main import main; main()"
PAGES_KEY = Path("_build") / "pages.key"
PAGE_MAKERS = (
    "_config.yml", "book/_ext", "book/_static", "src", "requirements.lock",
    "book/metadata.yml",
)  # fmt: skip
LOG = Path("_build") / "sphinx.log"
SINGLE_LOG = Path("_build") / "sphinx-single.log"
SOURCES = (
    "src", "data", "notebooks", "book", "locale", "benchmarks", "results", "releases",
    "_config.yml", "_toc.yml", "pyproject.toml", "requirements.lock", "CHANGELOG.md",
    "CORRECTIONS.md", "CITATION.cff", "LICENSE", "LICENSE-content",
)  # fmt: skip
GENERATED = (
    "book/cities", "book/data/", "book/ledger.md", "book/practices", "book/recommendations",
    "book/status.md",
    "book/corrections.md", "book/whats_changed.md",
)  # fmt: skip


class BuildError(EqualCitiesError):
    """The book engine reported a warning or an error."""


def main(arguments: list[str] | None = None) -> int:
    """Run one step and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m equalcities.build",
        description="Build the book.",
        epilog="Example: python -m equalcities.build book",
    )
    steps = {
        "book": book, "results": results, "survey": survey, "pair": pair, "check": check,
        "exit": exit_check, "french": french, "metadata": metadata, "pdf": print_pdf,
        "translate": translate,
    }  # fmt: skip
    choices = parser.add_subparsers(dest="step", required=True)
    for name, step in steps.items():
        choices.add_parser(name, help=step.__doc__.splitlines()[0], description=step.__doc__)
    root = project_root()
    step = steps[parser.parse_args(arguments).step]
    try:
        step(root)
    except EqualCitiesError as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    return 0


def book(root: Path) -> None:
    """Check, execute what changed, and build the site strictly into _build/html."""
    start = time.perf_counter()
    inputs = input_digest(root)
    if is_current(root, inputs):
        say(f"Nothing changed since the last build ({time.perf_counter() - start:.1f} s).")
    else:
        build(root)
        state = {"inputs": input_digest(root), "site": site_digest(root)}
        (root / STATE).write_text(json.dumps(state))
        say(f"Built in {time.perf_counter() - start:.1f} s.")
    say(f"Open {SITE}/index.html, or run 'make serve'.")


def build(root: Path) -> None:
    """Run every step of a build."""
    if not (root / STATE).is_file():
        forget_unfinished_site(root)
    (root / STATE).unlink(missing_ok=True)
    loaded = check(root)
    with timed("execute notebooks", lines=True):
        executed = execute.execute_all(root, say)
    with timed("compare with the ledger"):
        compare(root, executed)
    with timed("write generated pages"):
        write_generated(root, executed, loaded)
    with timed("build the site"):
        before = execute.remembered(root)
        sphinx(root)
        if execute.remembered(root) != before:
            forget_pages(root)
            raise BuildError(
                "the book engine executed a notebook again instead of taking the result that was "
                "compared with the ledger. Read both in execute.read_source() alike."
            )
        write_status(root, executed)
    french(root)


def check(root: Path) -> list[Dataset]:
    """Check pairs, data and prose without executing anything; return the checked data."""
    with timed("check notebook pairs"):
        pairs.check_pairs(root)
    with timed("check data against their records"):
        loaded = [load(name, root) for name in datasets(root)]
    with timed("check prose for hand-typed numbers"):
        prose.check_prose(root)
    with timed("check that guidance reads easily"):
        reading.check_reading(root)
    return loaded


def metadata(root: Path) -> None:
    """Write CITATION.cff and .zenodo.json from book/metadata.yml, version and changelog."""
    from equalcities.citation import deposits, read_book

    source = read_book(root, project_version(root))
    for name, write in deposits.DEPOSITS.items():
        write_whole(root / name, write(source).encode())
        say(f"wrote {name}")


def project_version(root: Path) -> str:
    """Return the version in pyproject.toml; the installed package may be behind it."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["version"]


def pair(root: Path) -> None:
    """Generate notebooks/NAME.ipynb from notebooks/NAME.md."""
    written = pairs.write_pairs(root)
    for path in written:
        say(f"wrote notebooks/{path.name}")
    say("Pairs are in step." if not written else f"{len(written)} pairs brought into step.")


def results(root: Path) -> None:
    """Accept what the notebooks now publish, and print every change, old → new.

    Set REASON to say why a key was withdrawn: make results REASON="..."
    """
    os.environ[ledger.ACCEPT_VARIABLE] = "accept"
    with timed("check notebook pairs"):
        pairs.check_pairs(root)
    with timed("execute notebooks", lines=True):
        executed = execute.execute_all(root, say)
    reason = os.environ.get("REASON", "")
    changed = 0
    for run in executed:
        fresh = ledger.from_outputs(execute.outputs(run.notebook))
        gone = withdrawn_now(root, run.name, fresh)
        if gone and not reason:
            raise LedgerError(
                f"{run.name} no longer publishes {', '.join(gone)}. Say why, and they stay listed "
                "as withdrawn: make results REASON='...'"
            )
        lines = ledger.accept(root, run.name, fresh, __version__, reason)
        changed += len(lines)
        for line in lines:
            say(f"  {run.name}: {line}")
    say(f"{changed} changes accepted. Say why in CHANGELOG.md." if changed else "Nothing moved.")


def withdrawn_now(root: Path, notebook: str, fresh: ledger.Published) -> list[str]:
    """List the keys that a run no longer publishes."""
    accepted = ledger.read_results(root, notebook)
    return [k for k in accepted.numbers if k not in fresh.numbers] + [
        k for k in accepted.figures if k not in fresh.figures
    ]


def survey(root: Path) -> None:
    """Put a response file in place of the survey's responses, accept what moves, and rebuild.

    Set RESPONSES to the file, and ENCODING if it is a CSV in neither UTF-8 nor UTF-16; without
    RESPONSES the simulated responses return. If anything fails, all is left as it was.
    """
    command = [sys.executable, str(root / "data" / "survey_responses" / "compile.py")]
    for option in ("RESPONSES", "ENCODING"):
        value = os.environ.get(option)
        command += [f"--{option.lower()}", value] if value else []
    with undone_on_failure(root, "data/survey_responses", "results"):
        with timed("check the responses and put them in place", lines=True):
            done = subprocess.run(
                command, env=execute.kernel_environment(root), capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            if done.returncode:
                raise BuildError(f"{done.stderr.strip()}\nNothing was changed.")
            say(f"  {done.stdout.strip()}")
        results(root)
        del os.environ[ledger.ACCEPT_VARIABLE]
        book(root)


@contextmanager
def undone_on_failure(root: Path, *names: str) -> Iterator[None]:
    """Put the files below some folders back as they were if anything fails."""
    before = {path: path.read_bytes() for path in standing.files_below(root, *names)}
    try:
        yield
    except BaseException:
        for path in standing.files_below(root, *names):
            if path not in before:
                path.unlink()
        for path, content in before.items():
            if not path.is_file() or path.read_bytes() != content:
                write_whole(path, content)
        raise


def compare(root: Path, executed: list[execute.Executed]) -> None:
    """Hold every executed notebook against its accepted results.

    Raises
    ------
    LedgerError
        With every difference, and how to accept it.
    """
    lines = []
    for run in executed:
        fresh = ledger.from_outputs(execute.outputs(run.notebook))
        differences = ledger.compare(ledger.read_results(root, run.name), fresh)
        lines += [f"results/{run.name}.json, {line}" for line in differences]
    names = {run.name for run in executed}
    for path in sorted((root / "results").glob("*.json")):
        if path.stem not in names:
            lines.append(f"results/{path.name} belongs to no notebook")
    ledger.read_results(root)  # refuses two notebooks that share an address
    if lines:
        raise LedgerError("\n  ".join(["Results moved:", *lines]) + f"\n{ledger.ACCEPT_ADVICE}.")


def write_generated(root: Path, executed: list[execute.Executed], loaded: list[Dataset]) -> None:
    """Write the pages and figure files that are made from data."""
    from equalcities.release import pages as release_pages
    from equalcities.site import pages, render

    ran = [pages.Ran(run.name, title(root, run.name), count_code(run.notebook)) for run in executed]
    accepted = ledger.read_results(root)
    pages.write_pages(root, accepted, ran, loaded)
    bundles = [bundle for run in executed for bundle in execute.outputs(run.notebook)]
    render.write_figure_files(bundles, accepted.figures, root / "_build" / "figures")
    for name, text in release_pages.generated_pages(root, root / "_build" / "figures").items():
        pages.write_page(root / "book" / name, text)


def title(root: Path, notebook: str) -> str:
    """Return a notebook's first heading."""
    text = (root / "notebooks" / f"{notebook}.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    raise BuildError(f"notebooks/{notebook}.md has no heading. Begin its text with '# Title'.")


def count_code(notebook: object) -> int:
    """Count the code cells of a notebook."""
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def sphinx(root: Path) -> None:
    """Build the site with warnings as errors.

    Raises
    ------
    BuildError
        With the warnings. The page cache is removed then: the engine would not warn again
        about a page that it has already read.
    """
    command = [sys.executable, "-c", ENGINE, "build", ".", "-W", "-n", "--keep-going"]
    forget_pages_made_otherwise(root)
    try:
        run_strictly(command, root, root / LOG)
    except BuildError:
        forget_pages(root)
        raise


def run_strictly(command: list[str], folder: Path, log: Path) -> None:
    """Run a program of the engine, and fail on its exit status or on any warning.

    Raises
    ------
    BuildError
        With the warnings, or the end of the log if there are none.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = execute.kernel_environment(folder)
    with log.open("w", encoding="utf-8") as out:
        status = subprocess.run(
            command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False
        ).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    warnings = [line for line in text.splitlines() if "WARNING:" in line or "ERROR:" in line]
    if status or warnings:
        plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in warnings[:40]]
        shown = "\n  ".join(line.replace(f"{folder}/", "") for line in plain)
        tail = text[-3000:] if not warnings else f"{len(warnings)} warnings:\n  {shown}"
        raise BuildError(f"the site has faults (whole log: {LOG.parent}/{log.name}).\n{tail}")


def french(root: Path) -> None:
    """Check the French translation against the English text, and build it into _build/html/fr."""
    with timed("build the French pages"):
        translation.build(root, run_strictly)


def translate(root: Path) -> None:
    """Bring the French catalogues into step with the English pages; list what is left to do."""
    for page, left in translation.refresh(root, run_strictly).items():
        say(f"{translation.CATALOGUES}/{page}.po: {len(left) or 'nothing'} left to translate")
        for fault in left:
            say(f"  {fault}")


def print_pdf(root: Path) -> None:
    """Build, then print the whole book into _build/pdf/cities_of_equality.pdf (needs Chromium)."""
    pdf.find_browser()  # before a build that may take minutes
    book(root)
    path = make_pdf(root, root / pdf.PDF)
    pdf.offer(root / SITE, path)
    # The site is still what was built; only the link came.
    state = json.loads((root / STATE).read_text())
    (root / STATE).write_text(json.dumps({**state, "site": site_digest(root)}))
    say(f"Open {pdf.PDF} ({path.stat().st_size / 1e6:.1f} MB).")


def make_pdf(root: Path, target: Path) -> Path:
    """Print a site that was built; return where the PDF is.

    Raises
    ------
    BuildError
        If there is no site, or the engine warns.
    """
    if not (root / SITE / "index.html").is_file():
        raise BuildError(f"there is no site in {SITE}. Run 'make book' first.")
    if not is_current(root, input_digest(root)):
        # Else the engine would execute what changed, and nothing would hold it to the ledger.
        with timed("execute notebooks", lines=True):
            compare(root, execute.execute_all(root, say))
    command = [sys.executable, "-c", ENGINE, "build", ".", "--builder", "singlehtml"]
    with timed("put the book on one page"):
        run_strictly([*command, "-W", "-n", "--keep-going"], root, root / SINGLE_LOG)
    with timed("print it"):
        return pdf.print_book(root, target)


def exit_check(root: Path) -> None:
    """Build the same book with plain, current Sphinx, without the engine.

    Converts the settings in a copy, takes the engine out of them, and builds strictly in
    .venv-exit. Nothing of the book itself is changed.
    """
    python = root / ".venv-exit" / "bin" / "python"
    if not python.is_file():
        raise BuildError("there is no .venv-exit. Run 'make exit-check', which installs it.")
    copy = root / "_build" / "exit" / "source"
    if copy.parent.is_dir():
        shutil.rmtree(copy.parent)
    with timed("copy the sources and what was executed"):
        for path in standing.files_below(root, *SOURCES, "_build/figures", "_build/cache"):
            target = copy / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    with timed("convert the settings"):
        convert = [sys.executable, "-c", ENGINE, "config", "sphinx", "."]
        run_strictly(convert, copy, root / "_build" / "exit-config.log")
        settings = (copy / "conf.py").read_text(encoding="utf-8")
        if settings.count("'jupyter_book', ") != 1:
            raise BuildError("the converted conf.py doesn't list 'jupyter_book' once; look at it.")
        settings = settings.replace("'jupyter_book', ", "")
        path = "import sys\n\nsys.path.insert(0, 'book/_ext')\n"
        (copy / "conf.py").write_text(path + settings, encoding="utf-8")
    with timed("build with plain Sphinx"):
        plain = [str(python), "-m", "sphinx", "-W", "-n", "--keep-going", "-b", "html"]
        run_strictly([*plain, ".", "../html"], copy, root / "_build" / "exit-sphinx.log")
    here, there = (
        {path.relative_to(site) for path in site.rglob("*.html") if "_static" not in path.parts}
        for site in (root / SITE, root / "_build" / "exit" / "html")
    )
    # The French edition is a run of its own, and the front door the engine's.
    ours = {path for path in here if path.parts[0] != translation.LANGUAGE} - {Path("index.html")}
    missing = sorted(str(path) for path in ours - there)
    if missing:
        raise BuildError(f"plain Sphinx made no {', '.join(missing)}.")
    say(f"The way out works: {len(there)} pages at the same addresses in _build/exit/html.")


def forget_pages_made_otherwise(root: Path) -> None:
    """Forget pages that other extensions, settings or packages have made.

    The engine looks at the sources of pages alone, so it would leave them as they were.
    """
    key = standing.digest(standing.files_below(root, *PAGE_MAKERS), root)
    note = root / PAGES_KEY
    if not note.is_file() or note.read_text(encoding="utf-8") != key:
        forget_pages(root)
        note.write_text(key, encoding="utf-8")


def forget_unfinished_site(root: Path) -> None:
    """Start afresh after a build that failed or was stopped: it may have left half a file."""
    forget_pages(root)
    if (root / SITE).is_dir():
        shutil.rmtree(root / SITE)


def forget_pages(root: Path) -> None:
    """Remove what the engine remembers of pages, so that the next build reads all of them."""
    for folder in (root / "_build" / ".doctrees", root / SITE / ".doctrees"):
        if folder.is_dir():
            shutil.rmtree(folder)


def write_status(root: Path, executed: list[execute.Executed]) -> None:
    """Write how long each notebook took beside the site, where the status page looks."""
    seconds = {run.name: round(run.seconds, 1) for run in executed}
    content = {"version": __version__, "notebook_seconds": seconds}
    (root / SITE / "status.json").write_text(json.dumps(content, indent=1) + "\n")


def input_digest(root: Path) -> str:
    """Return a digest of everything the site is made from."""
    files = (
        path
        for path in standing.files_below(root, *SOURCES)
        if not path.relative_to(root).as_posix().startswith(GENERATED)
    )
    environment = f"{sys.version_info[:3]} {__version__}"
    return hashlib.sha256(f"{standing.digest(files, root)} {environment}".encode()).hexdigest()


def site_digest(root: Path) -> str:
    """Return a digest of names, sizes and times of the built files."""
    total = hashlib.sha256()
    for path in sorted((root / SITE).rglob("*")):
        status = path.stat()
        total.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return total.hexdigest()


def is_current(root: Path, inputs: str) -> bool:
    """Say whether the last build used the same inputs and its files are untouched."""
    try:
        state = json.loads((root / STATE).read_text())
    except (OSError, ValueError):
        return False
    return state == {"inputs": inputs, "site": site_digest(root)}


def say(line: str) -> None:
    """Print a line at once, also through a pipe."""
    print(line, flush=True)


@contextmanager
def timed(what: str, lines: bool = False) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    ending = "\n" if lines else " "
    print(f"• {what} …", end=ending, flush=True)
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    say(f"  done in {seconds:.1f} s" if lines else f"{seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
