"""The workshop kit: sheets, slides, case-study template and survey, made from one file.

Texts quote the ledger as pages do, with ``{num}`key` `` or ``{numci}`key` ``. Every quoted number
carries its evidence class in words, because a sheet travels without the book.
"""

from __future__ import annotations

import base64
import html
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import docx
import yaml
from docx.shared import Cm, Pt

from equalcities import __version__
from equalcities.errors import DataError
from equalcities.ledger import Number, Published
from equalcities.survey.export import write_xlsform
from equalcities.survey.schema import RESPONDENT, Field, Questionnaire, load_questionnaire

FOLDER = Path("book") / "workshop"
KIT, SURVEY = FOLDER / "kit.yml", FOLDER / "survey.yml"
QUOTE = re.compile(r"\{(num|numci)\}`([^`]+)`")
SIMULATED_NOTE = "Numbers marked simulated show a method. They are no evidence about any place."
EPOCH = datetime(2026, 1, 1)
TICKS, LINES = "☐", 2


@dataclass(frozen=True)
class Item:
    """One item of the agenda, with its clock times."""

    begins: str
    ends: str
    minutes: int
    what: str
    how: str


@dataclass(frozen=True)
class Sheet:
    """One part of the book on one page.

    Attributes
    ----------
    id, part, question : str
        Its name, the part of the book, and what it answers.
    messages : tuple of str
        Sentences that quote the ledger.
    figure : str
        Key of a published figure.
    unknown : str
        What is not known.
    discuss : tuple of str
        Questions for a table.
    chapters : tuple of str
        Notebooks that it stands on.
    """

    id: str
    part: str
    question: str
    messages: tuple[str, ...]
    figure: str
    unknown: str
    discuss: tuple[str, ...]
    chapters: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all numbers that the sheet quotes."""
        return tuple(key for text in self.messages for _, key in QUOTE.findall(text))


@dataclass(frozen=True)
class Kit:
    """The whole kit; ``case_fields`` are heading and question of each field of the template."""

    title: str
    agenda: tuple[Item, ...]
    sheets: tuple[Sheet, ...]
    case_title: str
    case_intro: str
    case_fields: tuple[tuple[str, str], ...]


def read_kit(root: Path, ledger: Published) -> Kit:
    """Read the kit and hold it against the ledger.

    Parameters
    ----------
    root : Path
        The checkout.
    ledger : Published
        What is accepted.

    Returns
    -------
    Kit

    Raises
    ------
    DataError
        If the file isn't a kit, or quotes a number, figure or chapter that the book lacks.
    """
    path = root / KIT
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        case = raw["case_study"]
        kit = Kit(
            title=raw["title"],
            agenda=_agenda(raw["start"], raw["agenda"]),
            sheets=tuple(
                Sheet(**{k: tuple(v) if isinstance(v, list) else v for k, v in sheet.items()})
                for sheet in raw["sheets"]
            ),
            case_title=case["title"],
            case_intro=case["intro"],
            case_fields=tuple((field["name"], field["ask"]) for field in case["fields"]),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"this is not a workshop kit: {error!r}", cure="compare it with the book's", file=path
        ) from error
    faults = []
    for sheet in kit.sheets:
        faults += [f"no number '{key}'" for key in sheet.keys if key not in ledger.numbers]
        faults += [f"no figure '{sheet.figure}'"] if sheet.figure not in ledger.figures else []
        for name in sheet.chapters:
            there = (root / "notebooks" / f"{name}.md").is_file()
            faults += [] if there else [f"no chapter '{name}'"]
        faults += [] if sheet.keys else [f"no number on the sheet '{sheet.id}'"]
    if faults:
        raise DataError(f"the book has {'; '.join(faults)}", cure="correct the key", file=path)
    return kit


def _agenda(start: str, items: Sequence[dict]) -> tuple[Item, ...]:
    hours, minutes = start.split(":")
    clock, made = 60 * int(hours) + int(minutes), []
    for item in items:
        ends = clock + item["minutes"]
        made.append(Item(_clock(clock), _clock(ends), item["minutes"], item["what"], item["how"]))
        clock = ends
    return tuple(made)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def quoted(text: str, ledger: Published, form: Callable[[Number, str], str]) -> str:
    """Replace every quote of the ledger by what ``form`` makes of the number and its value."""

    def replace(match: re.Match[str]) -> str:
        number = ledger.numbers[match.group(2)]
        value = number.text
        if match.group(1) == "numci" and number.interval:
            value += f" ({number.interval_text})"
        return form(number, value)

    return QUOTE.sub(replace, text)


def has_simulated(sheet: Sheet, ledger: Published) -> bool:
    """Say whether any number or the figure of a sheet is simulated."""
    classes = {ledger.numbers[key].evidence_class for key in sheet.keys}
    return "simulated" in classes | {ledger.figures[sheet.figure].evidence_class}


# --- slides -------------------------------------------------------------------------------


def slides_markdown(kit: Kit, ledger: Published) -> str:
    """Return the slides as Markdown in the way of Marp: slides are separated by rules."""

    def form(number: Number, value: str) -> str:
        return f"**{value}** [{number.evidence_class}]"

    slides = [
        f"# {kit.title}\n\nWorkshop slides of Cities of Equality, version {__version__}",
        "## Three kinds of number\n\n" + "\n".join(f"- **{n}**: {m}" for n, m in _meanings()),
    ]
    for sheet in kit.sheets:
        figure = ledger.figures[sheet.figure]
        note = f"\n\n*{SIMULATED_NOTE}*" if has_simulated(sheet, ledger) else ""
        slides += [
            f"# {sheet.part}\n\n{sheet.question}",
            f"## {sheet.question}\n\n"
            # a bold number in a bold opening would end it
            + "\n".join(f"- {quoted(text, ledger, form)}" for text in sheet.messages)
            + note,
            f"## {sheet.part}: one figure\n\n![{figure.alt}](../../figures/{figure.key}.svg)\n\n"
            f"{figure.caption} [{figure.evidence_class}]",
            f"## To talk about\n\n*Not known:* {sheet.unknown}\n\n"
            + "\n".join(f"- {question}" for question in sheet.discuss),
        ]
    head = f"---\nmarp: true\npaginate: true\nfooter: Cities of Equality {__version__}\n---\n\n"
    return head + "\n\n---\n\n".join(slides) + "\n"


def slides_page(kit: Kit, ledger: Published, figures: Path) -> str:
    """Return the slides as one page that needs no script, no network and no other file.

    Parameters
    ----------
    kit : Kit
        The kit.
    ledger : Published
        What is accepted.
    figures : Path
        Folder of the figures' SVG files, which are put into the page.

    Returns
    -------
    str
        HTML: one slide a screen, and one a sheet of paper when printed.
    """
    slides = [
        f"<h1>{_inline(kit.title, ledger)}</h1><p>An evidence and guidance book on cities. "
        "Independent of the Partnership, the OECD and the European Union.</p>",
        "<h2>Three kinds of number</h2><ul>"
        + "".join(f"<li>{_badge(name)} {html.escape(text)}</li>" for name, text in _meanings())
        + "</ul><p>A result takes the weakest class of what it stands on.</p>",
    ]
    for sheet in kit.sheets:
        figure = ledger.figures[sheet.figure]
        picture = base64.b64encode((figures / f"{figure.key}.svg").read_bytes()).decode()
        note = f'<p class="note">{SIMULATED_NOTE}</p>' if has_simulated(sheet, ledger) else ""
        slides += [
            f"<h1>{_inline(sheet.part, ledger)}</h1><p>{_inline(sheet.question, ledger)}</p>",
            f"<h2>{_inline(sheet.question, ledger)}</h2>{_list(sheet.messages, ledger)}{note}",
            f"<h2>{_inline(sheet.part, ledger)}</h2>"
            f'<img alt="{html.escape(figure.alt)}" src="data:image/svg+xml;base64,{picture}">'
            f'<p class="caption">{html.escape(figure.caption)} {_badge(figure.evidence_class)}</p>',
            f"<h2>To talk about</h2><p><strong>Not known:</strong> "
            f"{_inline(sheet.unknown, ledger)}</p>{_list(sheet.discuss, ledger)}",
        ]
    slides.append(
        "<h2>Now the ballot</h2><p>Which domains first? One ballot per city, in silence, before "
        "the count is shown. The result speaks for those in the room.</p>"
    )
    count = len(slides)
    body = "\n".join(
        f'<section class="slide" aria-label="Slide {place} of {count}">{slide}'
        f'<p class="foot">Cities of Equality, version {__version__} · {place} / {count}</p>'
        "</section>"
        for place, slide in enumerate(slides, start=1)
    )
    return _page(f"Slides: {kit.title}", SLIDES_STYLE, body)


def _meanings() -> list[tuple[str, str]]:
    from equalcities.catalog import CLASS_MEANING

    return list(CLASS_MEANING.items())


def _badge(evidence_class: str) -> str:
    return f'<span class="badge {evidence_class}">{evidence_class}</span>'


def _inline(text: str, ledger: Published) -> str:
    """Turn a text with quotes and bold words into HTML."""

    def form(number: Number, value: str) -> str:
        return (
            f'<span class="num" title="{html.escape(number.about)}; {number.key}">'
            f"{html.escape(value)}</span>&nbsp;{_badge(number.evidence_class)}"
        )

    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
    return quoted(bold, ledger, form)


def _list(texts: Sequence[str], ledger: Published) -> str:
    return "<ul>" + "".join(f"<li>{_inline(text, ledger)}</li>" for text in texts) + "</ul>"


def _page(title: str, style: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="../../_static/favicon.svg" type="image/svg+xml">\n'
        f"<title>{html.escape(title)}</title>\n<style>{COMMON_STYLE}{style}</style>\n</head>\n"
        f'<body>\n<main>\n{body}\n</main>\n<footer class="bd-footer-content">Version {__version__} '
        "of Cities of Equality. Text and figures: CC BY 4.0. Not an OECD or European Union "
        "publication.</footer>\n</body>\n</html>\n"
    )


COMMON_STYLE = """
html { color: #1a1a1a; font-family: system-ui, "DejaVu Sans", sans-serif; line-height: 1.4; }
body { background: #fff; margin: 0; }
.badge { border: 1.5px solid #0b5c8a; border-radius: 1em; color: #0b5c8a; font-size: 0.7em;
  font-weight: 600; padding: 0 0.5em; white-space: nowrap; }
.badge.compiled { border-color: #8a4b00; color: #8a4b00; }
.badge.simulated { border-color: #8d1d6b; color: #8d1d6b; }
.num { font-weight: 700; }
footer { color: #555; font-size: 0.8rem; padding: 0.5rem 1rem; }
"""
SLIDES_STYLE = """
html { scroll-snap-type: y proximity; }
.slide { box-sizing: border-box; display: flex; flex-direction: column;
  font-size: clamp(1rem, 2.1vw, 1.7rem);
  justify-content: center; min-height: 100vh; padding: 3vmin 7vmin 8vmin; position: relative;
  scroll-snap-align: start; border-bottom: 1px solid #d5dbdf; }
.slide h1 { color: #0b5c8a; font-size: 2em; line-height: 1.15; margin: 0 0 0.5em; }
.slide h2 { color: #0b5c8a; font-size: 1.25em; line-height: 1.2; margin: 0 0 0.6em; }
.slide li { margin-bottom: 0.5em; }
.slide img { align-self: center; max-height: 62vh; max-width: 100%; }
.slide .caption, .slide .note { font-size: 0.72em; margin: 0.6em 0 0; }
.slide .foot { bottom: 1vmin; color: #555; font-size: 0.75rem; position: absolute; right: 3vmin; }
@page { margin: 0; size: 297mm 167mm; }
@media print {
  .slide { border: 0; break-after: page; break-inside: avoid; font-size: 15pt;
    height: 167mm; min-height: 0; overflow: hidden; padding: 8mm 16mm 12mm; }
  .slide:last-child { break-after: auto; }
  .slide img { max-height: 105mm; }
  footer { display: none; }
}
"""


# --- case study ---------------------------------------------------------------------------


def case_markdown(kit: Kit) -> str:
    """Return the case-study template as Markdown."""
    parts = [f"# {kit.case_title}: …", kit.case_intro]
    parts += [f"## {name}\n\n*{ask}*\n\n…" for name, ask in kit.case_fields]
    parts.append(f"Template of Cities of Equality, version {__version__}, CC BY 4.0.")
    return "\n\n".join(parts) + "\n"


def case_document(kit: Kit) -> bytes:
    """Return the case-study template as an office document, the same bytes each time."""
    document = docx.Document()
    document.styles["Normal"].font.size = Pt(10)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2)
    about = document.core_properties
    about.title, about.language = kit.case_title, "en"
    about.author = about.last_modified_by = about.comments = ""
    about.created = about.modified = EPOCH
    document.add_heading(f"{kit.case_title}: …", level=0)
    document.add_paragraph(kit.case_intro)
    for name, ask in kit.case_fields:
        document.add_heading(name, level=1)
        document.add_paragraph().add_run(ask).italic = True
        document.add_paragraph("…")
    document.add_paragraph(f"Template of Cities of Equality, version {__version__}, CC BY 4.0.")
    raw = io.BytesIO()
    document.save(raw)
    return _undated(raw.getvalue())


def _undated(content: bytes) -> bytes:
    """Write a zip file again with one date for all its parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, date_time=EPOCH.timetuple()[:6])
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(part, old.read(name))
    return out.getvalue()


# --- survey -------------------------------------------------------------------------------


def survey(root: Path) -> Questionnaire:
    """Return the workshop's survey, read and checked as the survey room reads any."""
    return load_questionnaire(root / SURVEY)


def survey_header(form: Questionnaire) -> str:
    """Return the one line of the CSV file that answers are typed into."""
    return ",".join([RESPONDENT, *form.fields]) + "\n"


def survey_page(form: Questionnaire) -> str:
    """Return the survey as a page to print and fill in with a pen."""
    parts = [
        f"<h1>{html.escape(form.title)}</h1>",
        f"<p>{html.escape(form.note)}</p>",
    ]
    for place, question in enumerate(form.questions, start=1):
        parts.append(f'<div class="question"><h2>{place}. {html.escape(question.text)}</h2>')
        first = question.fields[0]
        if len(question.fields) > 1:
            parts.append(_grid(question.fields))
        elif first.type == "text":
            parts.append('<p class="line"></p>' * LINES)
        else:
            parts.append(
                "<ul>"
                + "".join(
                    f"<li>{TICKS} {html.escape(text)}</li>" for text in first.choices.values()
                )
                + "</ul>"
            )
        parts.append("</div>")
    return _page(form.title, FORM_STYLE, "\n".join(parts))


def _grid(fields: Sequence[Field]) -> str:
    labels = list(fields[0].choices.values())
    head = "".join(f"<th>{html.escape(label)}</th>" for label in labels)
    rows = "".join(
        f"<tr><th>{html.escape(field.label)}</th>" + f"<td>{TICKS}</td>" * len(labels) + "</tr>"
        for field in fields
    )
    return f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"


FORM_STYLE = """
main { font-size: 0.95rem; margin: 0 auto; max-width: 46rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 0.3rem; }
h2 { font-size: 1rem; margin: 0.9rem 0 0.2rem; }
.question { break-inside: avoid; }
ul { columns: 2; list-style: none; margin: 0; padding: 0; }
table { border-collapse: collapse; width: 100%; }
th { font-weight: 400; padding: 0.1rem 0.3rem; text-align: center; vertical-align: bottom; }
tbody th { text-align: left; }
td { border-bottom: 1px solid #ccc; text-align: center; }
.line { border-bottom: 1px solid #777; height: 1.5rem; margin: 0; }
@page { margin: 15mm 18mm; size: A4; }
@media print { html { font-size: 10.5pt; } main { max-width: none; padding: 0; } }
@media (max-width: 600px) { ul { columns: 1; } table { font-size: 0.8rem; } }
"""


def write_files(root: Path, folder: Path, ledger: Published) -> list[Path]:
    """Write everything of the kit that is a file of its own.

    Parameters
    ----------
    root : Path
        The checkout, with the figures' files in ``_build/figures``.
    folder : Path
        Where the files go.
    ledger : Published
        What is accepted.

    Returns
    -------
    list of Path
    """
    kit, form = read_kit(root, ledger), survey(root)
    texts = {
        "slides.html": slides_page(kit, ledger, root / "_build" / "figures"),
        "slides.md": slides_markdown(kit, ledger),
        "case_study.md": case_markdown(kit),
        "survey_form.html": survey_page(form),
        "survey.csv": survey_header(form),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "case_study.docx").write_bytes(case_document(kit))
    write_xlsform(folder / "survey.xlsx", form=form)
    return sorted(folder / name for name in (*texts, "case_study.docx", "survey.xlsx"))
