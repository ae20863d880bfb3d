"""One version number: pyproject.toml's, handed to the engine and printed on every page."""

from pathlib import Path

import yaml

from equalcities import __version__


def set_version(app, config):
    config.version = config.release = __version__
    citation = yaml.safe_load((Path(app.srcdir) / "CITATION.cff").read_text(encoding="utf-8"))
    config.myst_substitutions = {
        **config.myst_substitutions,
        "book_version": __version__,
        "bibtex": f"```bibtex\n{bibtex(citation['preferred-citation'])}\n```",
    }


def bibtex(book):
    """Return the BibTeX entry of the book from CITATION.cff's preferred citation."""
    authors = " and ".join(f"{{{author['name']}}}" for author in book["authors"])
    return (
        f"@book{{citiesofequality{book['year']},\n"
        f"  author  = {{{authors}}},\n"
        f"  title   = {{{book['title']}}},\n"
        f"  year    = {{{book['year']}}},\n"
        f"  version = {{{book['version']}}}\n"
        "}"
    )


def print_version(app, pagename, templatename, context, doctree):
    context["book_version"] = __version__


def setup(app):
    # Before the theme and the Markdown parser read the configuration.
    app.connect("config-inited", set_version, priority=100)
    app.connect("html-page-context", print_version)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
