"""The French edition: Sphinx's message catalogues, held against the English pages.

The pages are those of ``locale/fr/toc.yml``, their translation stands in
``locale/fr/LC_MESSAGES``, a catalogue for each page. A sentence that was changed, added or taken
away in English fails the build until its translation has been looked at.
"""

from __future__ import annotations

import difflib
import io
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from equalcities.build import standing
from equalcities.errors import EqualCitiesError

LANGUAGE = "fr"
LOCALE = Path("locale") / LANGUAGE
TOC = LOCALE / "toc.yml"
CATALOGUES = LOCALE / "LC_MESSAGES"
WORK = Path("_build") / LANGUAGE
SITE = Path("_build") / "html" / LANGUAGE
KEY = WORK / "inputs.key"
INPUTS = (
    "locale", "book", "notebooks", "results", "src/equalcities", "_config.yml", "CITATION.cff",
    "CHANGELOG.md", "requirements.lock",
)  # fmt: skip
# What is cited is the English page, which prevails.
LEFT_OUT = ("citemeta",)
NOT_COPIED = (".doctrees", ".buildinfo*", "objects.inv", "figures")  # figures: the English ones
HEADER = 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
CONF = """from equalcities.build.translation import settings

globals().update(settings({root!r}, {language!r}))
"""
FOOTER = (
    "<p>Texte et figures\u00a0: CC BY 4.0. Code\u00a0: MIT. Données\u00a0: voir la page de chaque "
    "jeu de données. Ceci n'est pas une publication de l'OCDE ni de l'Union européenne.</p>"
)
ROLE = re.compile(r"(\{[\w:-]+\})`(?:[^`<]*<([^>`]*)>|([^`]*))`")
CODE = re.compile(r"(?<!\})`([^`]*)`")
SUBSTITUTION = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ADDRESS = re.compile(r"\]\(([^)]*)\)")
Runner = Callable[[list[str], Path, Path], None]
"""Runs a program strictly: command, folder, log."""


class TranslationError(EqualCitiesError):
    """The translation doesn't stand for the English text as it is."""


def pages(root: Path) -> list[str]:
    """List the translated pages, the front page first."""
    toc = yaml.safe_load((root / TOC).read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for chapter in toc["chapters"])]


def settings(root: str, language: str) -> dict[str, Any]:
    """Return the settings of a Sphinx run over the translated pages alone.

    Parameters
    ----------
    root : str
        The checkout.
    language : str
        ``fr`` for the translated site, ``en`` to extract the messages.
    """
    from jupyter_book.config import get_final_config

    folder = Path(root)
    config, _ = get_final_config(
        user_yaml=folder / "_config.yml", sourcedir=folder,
        cli_config={"latex_individualpages": False},  # asked for, though nothing here is LaTeX
    )  # fmt: skip
    config |= {
        "extensions": [name for name in config["extensions"] if name not in LEFT_OUT],
        "language": language,
        "translated_pages_only": True,
        "html_favicon": str(folder / config["html_favicon"]),
        "bibtex_bibfiles": [str(folder / file) for file in config["bibtex_bibfiles"]],
        "external_toc_path": str(folder / TOC),
        "external_toc_exclude_missing": True,
        "locale_dirs": [str(folder / WORK / "locale")],
        "gettext_compact": False,  # a catalogue for each page
        "nb_execution_mode": "off",  # none of these pages holds code
        "html_static_path": ["static"],  # beside the settings
        "html_title": "Cities of Equality, édition française",
        "html_copy_source": False,
        "html_show_sourcelink": False,
    }
    options = {"use_download_button": False, "extra_footer": FOOTER}
    config["html_theme_options"] = config["html_theme_options"] | options
    return config


def build(root: Path, run: Runner) -> bool:
    """Check the translation and build its pages; say whether anything had to be built.

    Raises
    ------
    TranslationError
        Naming every message that isn't translated as it stands.
    """
    key = standing.digest(standing.files_below(root, *INPUTS), root)
    note = root / KEY
    if (root / SITE).is_dir() and note.is_file() and note.read_text() == key:
        return False
    note.unlink(missing_ok=True)
    check(root, run)
    compile_catalogues(root)
    out = run_sphinx(root, run, "html", LANGUAGE)
    if (root / SITE).is_dir():
        shutil.rmtree(root / SITE)
    shutil.copytree(out, root / SITE, ignore=shutil.ignore_patterns(*NOT_COPIED))
    note.write_text(key)
    return True


def check(root: Path, run: Runner) -> None:
    """Hold every catalogue against the messages of its page.

    Raises
    ------
    TranslationError
        With each fault and how to mend it.
    """
    found = []
    for page, messages in extract(root, run).items():
        found += [f"{page}: {fault}" for fault in faults(messages, read_catalogue(root, page))]
    if found:
        raise TranslationError(
            "The French edition isn't a translation of the present English text:\n  "
            + "\n  ".join(found)
            + "\nRun 'make translate', then translate what is empty, and look again at what is "
            f"marked fuzzy, in {CATALOGUES}."
        )


def refresh(root: Path, run: Runner) -> dict[str, list[str]]:
    """Bring the catalogues into step with the pages; return what is left to do, by page."""
    left = {}
    for page, messages in extract(root, run).items():
        catalogue = merged(messages, read_catalogue(root, page))
        path = root / CATALOGUES / f"{page}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(catalogue), encoding="utf-8")
        left[page] = faults(messages, catalogue)
    return left


def extract(root: Path, run: Runner) -> dict[str, list[str]]:
    """Return the messages of each page, in their order, as Sphinx's gettext builder finds them."""
    out = run_sphinx(root, run, "gettext", "en")
    found = {}
    for page in pages(root):
        template = read_po(io.BytesIO((out / f"{page}.pot").read_bytes()))
        found[page] = [message.id for message in template if has_words(message.id)]
    return found


def has_words(text: str) -> bool:
    """Say whether there is anything to translate: a row of links is the same in every language."""
    return bool(re.search(r"[^\W\d_]{2}", without_markup(text)))


def run_sphinx(root: Path, run: Runner, builder: str, language: str) -> Path:
    """Run Sphinx afresh over the translated pages and return the folder with what it made."""
    folder = fresh(root / WORK / builder)
    no_formulas = shutil.ignore_patterns("mathjax")  # these pages have none
    shutil.copytree(root / "book" / "_static", folder / "static", ignore=no_formulas)
    (folder / "conf.py").write_text(CONF.format(root=str(root), language=language))
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-c", str(folder)]
    command += ["-b", builder, "-d", str(folder / "doctrees"), ".", str(folder / "out")]
    run(command, root, root / "_build" / f"{LANGUAGE}-{builder}.log")
    return folder / "out"


def fresh(folder: Path) -> Path:
    """Return an empty folder."""
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def read_catalogue(root: Path, page: str) -> Catalog:
    """Read the catalogue of a page; an empty one if there is none yet."""
    path = root / CATALOGUES / f"{page}.po"
    if not path.is_file():
        return Catalog(locale=LANGUAGE)
    return read_po(io.BytesIO(path.read_bytes()), locale=LANGUAGE)


def compile_catalogues(root: Path) -> None:
    """Write the catalogues in the form that Sphinx reads."""
    target = fresh(root / WORK / "locale")
    for page in pages(root):
        path = target / LANGUAGE / "LC_MESSAGES" / f"{page}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            write_mo(out, read_catalogue(root, page))


def faults(messages: list[str], catalogue: Catalog) -> list[str]:
    """Say what keeps a catalogue from being a translation of a page as it stands.

    Parameters
    ----------
    messages : list of str
        The messages of the English page.
    catalogue : Catalog
        Its translation.

    Returns
    -------
    list of str
        A line for each message that is new, changed, not translated, marked for another look,
        not as the English in its numbers and links, or no longer on the page.
    """
    found = []
    gone = [m.id for m in catalogue if m.id and m.id not in messages]
    for text in messages:
        message = catalogue.get(text)
        if message is None:
            old = nearest(text, gone)
            if old is not None:
                gone.remove(old)
                found.append(f"changed: {quoted(text)}, which was {quoted(old)}")
            else:
                found.append(f"new, not translated: {quoted(text)}")
        elif not message.string:
            found.append(f"not translated: {quoted(text)}")
        elif message.fuzzy:
            found.append(f"marked fuzzy, look again: {quoted(text)}")
        else:
            found += [f"{what}: {quoted(text)}" for what in differences(text, message.string)]
    return found + [f"no longer on the page: {quoted(text)}" for text in gone]


def differences(text: str, translation: str) -> list[str]:
    """Say in what a translation departs from its message where it must not.

    Number and page roles, code, substitutions, addresses of links, and digits in the text have
    to be the same, in any order.
    """
    pairs = zip(fixed_parts(text), fixed_parts(translation), strict=True)
    return [
        f"{what} differ ({', '.join(map(str, ((a - b) + (b - a)).elements()))})"
        for what, (a, b) in zip(("roles, code or links", "digits"), pairs, strict=True)
        if a != b
    ]


def fixed_parts(text: str) -> tuple[Counter[str], Counter[str]]:
    """Return what a translation takes over as it is: markup with its targets, and digits."""
    kept = [f"{role}`{target or plain}`" for role, target, plain in ROLE.findall(text)]
    rest = ROLE.sub(" ", text)
    kept += [part for pattern in (SUBSTITUTION, CODE, ADDRESS) for part in pattern.findall(rest)]
    return Counter(kept), Counter(re.findall(r"\d+", without_markup(text)))


def without_markup(text: str) -> str:
    """Return a message without roles, code, substitutions and addresses."""
    for pattern in (ROLE, SUBSTITUTION, CODE, ADDRESS):
        text = pattern.sub(" ", text)
    return text


def merged(messages: list[str], old: Catalog) -> Catalog:
    """Return a catalogue of a page's messages with the translations that there are.

    The translation of a message that was changed is kept, marked fuzzy, beside what it was of.
    """
    gone = [m.id for m in old if m.id and m.id not in messages and m.string]
    new = Catalog(locale=LANGUAGE)
    for text in messages:
        known = old.get(text)
        before = nearest(text, gone) if known is None or not known.string else None
        if before is not None:
            gone.remove(before)
            new.add(text, old.get(before).string, flags=["fuzzy"], previous_id=before)
        elif known is not None:
            was = known.previous_id if known.fuzzy else ()
            new.add(text, known.string, flags=known.flags, previous_id=was)
        else:
            new.add(text, "")
        new[text].flags -= {"python-format", "python-brace-format"}  # guessed from roles
    return new


def nearest(text: str, others: list[str]) -> str | None:
    """Return the most similar of other texts, if one is similar."""
    return next(iter(difflib.get_close_matches(text, others, n=1, cutoff=0.6)), None)


def written(catalogue: Catalog) -> str:
    """Return a catalogue as text, without dates, so that equal content gives equal bytes."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, omit_header=True, include_previous=True)
    return HEADER + out.getvalue().decode().strip() + "\n"


def quoted(text: str, longest: int = 90) -> str:
    """Return a message for a line of an error, shortened."""
    return f"“{text if len(text) <= longest else text[: longest - 1] + '…'}”"
