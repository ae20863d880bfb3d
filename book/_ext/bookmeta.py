"""One version number: pyproject.toml's, handed to the engine and printed on every page."""

import html
from pathlib import Path

from equalcities import __version__
from equalcities.citation import bibtex, read_book, text
from equalcities.citation.reference import book_reference


def set_version(app, config):
    config.version = config.release = __version__
    options = dict(config.html_theme_options)
    options["extra_footer"] = f"<p>Version {__version__}</p>{options.get('extra_footer', '')}"
    config.html_theme_options = options
    reference = book_reference(read_book(Path(app.srcdir), __version__))
    config.myst_substitutions = {
        **config.myst_substitutions,
        "book_version": __version__,
        "book_reference": text(reference),
        "bibtex": f"```bibtex\n{bibtex(reference)}```",
    }


def remove_late_stylesheet(app):
    """Make a repeated build link the notebook stylesheet just as a first build does.

    MyST-NB copies it when a build ends. The engine adds a checksum to the link only if the file
    is there when a page is written, so a second build would differ from a clean one.
    """
    for path in (Path(app.outdir) / "_static").glob("mystnb.*.css"):
        path.unlink()


def remove_live_code(app, pagename, templatename, context, doctree):
    """Take out the scripts for running code in the page, which the engine always adds.

    The book offers no kernel to run it; they would name another host in every page and declare
    one constant twice.
    """
    for group in ("script_files", "css_files"):
        context[group] = [
            file
            for file in context.get(group, [])
            if "thebe" not in f"{file} {getattr(file, 'attributes', {}).get('body', '')}".lower()
        ]


FRONT_DOOR = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={page}">
<link rel="canonical" href="{page}">
<link rel="icon" href="_static/{icon}" type="image/svg+xml">
<title>{title}</title>
</head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""


def write_front_door(app, exception):
    """Write the page at the root that leads to the first page.

    The engine's own names no icon, so browsers would ask for one that isn't there, and has
    neither a title nor a link for readers whose browser doesn't forward.
    """
    if exception is None and app.builder.format == "html":
        text = FRONT_DOOR.format(
            page=app.builder.get_target_uri(app.config.master_doc),
            icon=Path(app.config.html_favicon).name,
            title=html.escape(app.config.html_title),
        )
        (Path(app.outdir) / "index.html").write_text(text, encoding="utf-8")


def setup(app):
    # Before the theme and the Markdown parser read the configuration.
    app.connect("config-inited", set_version, priority=100)
    # After the extensions that add scripts and styles to a page.
    app.connect("html-page-context", remove_live_code, priority=900)
    # Before the table of contents would write its own.
    app.connect("build-finished", write_front_door, priority=100)
    app.connect("builder-inited", remove_late_stylesheet)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
