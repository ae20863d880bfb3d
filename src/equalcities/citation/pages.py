"""Pages of references: one for everything that can be cited, plain HTML that needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from equalcities.catalog import write_whole
from equalcities.citation.formats import ENDINGS, FORMATS
from equalcities.citation.reference import Reference

TABLE_LIST = "cite/tables.json"
"""Within the site: which pages hold which tables."""
NAMES = {"bibtex": "BibTeX", "ris": "RIS", "csl": "CSL-JSON"}
MEDIA = {
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl": "application/vnd.citationstyles.csl+json",
}
THINGS = {
    "book": "the book", "chapter": "this chapter", "page": "this page", "data": "this data set",
    "fig": "this figure", "num": "this number", "table": "this table",
}  # fmt: skip
TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Cite: {title} - {book}</title>
<link rel="icon" href="{up}_static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{up}_static/cite.css">
{alternates}
</head>
<body>
<main>
<p class="back"><a href="{up}{path}">{back}</a></p>
<h1>Cite {thing}</h1>
<blockquote>{text}</blockquote>
{evidence}<dl>
<dt>Version</dt><dd>{edition}</dd>
<dt>Address</dt><dd><code>{stable}</code></dd>
</dl>
{blocks}
<p class="back"><a href="{up}book/how_to_cite.html">How to cite</a></p>
</main>
</body>
</html>
"""


def reference_page(reference: Reference) -> str:
    """Return the page of references to something, with links to files of the same content."""
    up = "../" * reference.place.count("/")
    name = reference.place.rpartition("/")[2]
    evidence = ""
    if reference.evidence_class:
        word = reference.evidence_class
        evidence = (
            f'<p class="evidence class-{word}"><strong>{word}</strong>: '
            f"{escape(reference.meaning)}</p>\n"
        )
    blocks = [
        f"<h2>{NAMES[form]}</h2>\n<pre>{escape(FORMATS[form](reference), quote=False)}</pre>\n"
        f'<p><a href="{name}.{ending}" download>Download .{ending}</a></p>'
        for form, ending in ENDINGS.items()
    ]
    alternates = [
        f'<link rel="alternate" type="{MEDIA[form]}" href="{name}.{ending}">'
        for form, ending in ENDINGS.items()
    ]
    return TEMPLATE.format(
        title=escape(reference.title),
        book=escape(reference.book.short_title),
        up=up,
        path=escape(reference.path),
        back="Its entry in the ledger" if reference.kind == "num" else "Back to where it stands",
        thing=THINGS[reference.kind],
        text=escape(FORMATS["text"](reference).strip(), quote=False),
        evidence=evidence,
        edition=escape(reference.book.edition),
        stable=escape(reference.stable),
        blocks="\n".join(blocks),
        alternates="\n".join(alternates),
    )


def write_reference_pages(references: Mapping[str, Reference], site: Path) -> None:
    """Write pages of references and the files beside them; remove those of things gone.

    Parameters
    ----------
    references : mapping of str to Reference
        By place within the site, without an ending.
    site : Path
        The root of the built site.
    """
    wanted: dict[Path, str] = {}
    for place, reference in references.items():
        wanted[site / f"{place}.html"] = reference_page(reference)
        for form, ending in ENDINGS.items():
            wanted[site / f"{place}.{ending}"] = FORMATS[form](reference)
    for path in sorted((site / "cite").glob("*/**/*")):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        content = text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
