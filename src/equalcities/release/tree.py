"""The public tree: every frozen version as it is, and at its root what all of them read.

``v/VERSION/`` is a frozen release byte for byte. ``latest/`` leads every page that any version
ever had to the newest version that has it. The files at the root are made anew each time:
``switcher.json``, the corrections as page and feeds, a list of versions, ``robots.txt``.
"""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from equalcities import __version__, catalog, ledger
from equalcities.release import checksums, corrections, freeze, record, versions
from equalcities.release.corrections import Correction
from equalcities.release.record import Record
from equalcities.release.versions import ReleaseError

PUBLIC = Path("_build") / "public"
SWITCHER = "switcher.json"
LATEST = "latest"
TITLE = "Cities of Equality"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{head}<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: break-word; }}
h2 {{ margin-top: 2.2rem; font-size: 1.2rem; }}
h2:target {{ outline: 3px solid; outline-offset: 6px; }}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
# A script takes fragment and query along, which the refresh alone would lose.
REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="canonical" href="{canonical}">
<script>location.replace("{address}" + location.search + location.hash);</script>
<noscript><meta http-equiv="refresh" content="0; url={address}"></noscript>
</head>
<body><p><a href="{address}">{title}, version {version}</a></p></body>
</html>
"""


def assemble(root: Path) -> Path:
    """Make the public tree in ``_build/public``, whole or not at all.

    Parameters
    ----------
    root : Path
        The checkout, with the frozen releases in ``dist/``.

    Returns
    -------
    Path
        The tree.

    Raises
    ------
    ReleaseError
        If a release is missing or not as it was frozen, or an earlier address would be gone.
    DataError
        If CORRECTIONS.md says what no release says.
    """
    releases = frozen(root)
    known = corrections.read(root)
    now = ledger.read_results(root).numbers
    corrections.check(known, releases, now, __version__)
    target = root / PUBLIC
    fresh = target.with_name(".public")
    old = target.with_name(".public-before")
    for folder in (fresh, old):
        if folder.is_dir():
            shutil.rmtree(folder)
    for release in releases:
        shutil.copytree(root / freeze.DIST / release.version, fresh / "v" / release.version)
    for name, content in root_files(releases, known, public_address(root)).items():
        catalog.write_whole(fresh / name, content)
    gone = missing_addresses(fresh, releases)
    if gone:
        raise ReleaseError(f"addresses of earlier versions would be gone: {', '.join(gone[:10])}.")
    if target.is_dir():
        target.rename(old)
    fresh.rename(target)
    if old.is_dir():
        shutil.rmtree(old)
    return target


def frozen(root: Path) -> list[Record]:
    """Read all frozen releases, oldest first, each as it was frozen.

    Raises
    ------
    ReleaseError
        If there is none, one is missing, or one isn't as it was frozen.
    """
    noted = checksums.known(root / record.FOLDER)
    if not noted:
        raise ReleaseError("nothing was released so far. Run 'make release VERSION=...' first.")
    for version, expected in noted.items():
        folder = root / freeze.DIST / version
        if not folder.is_dir():
            raise ReleaseError(
                f"version {version} was released, but {freeze.DIST}/{version} isn't here. Put it "
                "back from where the releases are kept: a frozen version is never made again."
            )
        if checksums.digest(folder / checksums.FILE) != expected:
            raise ReleaseError(
                f"{freeze.DIST}/{version} has another {checksums.FILE} than the one noted in "
                f"{record.FOLDER}/. Restore the folder from where the releases are kept."
            )
        faults = checksums.faults(folder)
        if faults:
            raise ReleaseError(
                f"{freeze.DIST}/{version} isn't as it was frozen: {'; '.join(faults[:5])}. "
                "Restore the folder from where the releases are kept."
            )
    found = [record.read(root / freeze.DIST / version) for version in noted]
    return sorted(found, key=lambda r: versions.order(r.version))


def public_address(root: Path) -> str:
    """Return where the tree is served, from ``address`` in book/metadata.yml, or nothing."""
    path = root / "book" / "metadata.yml"
    if not path.is_file():
        return ""
    address = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("address") or ""
    return f"{address.rstrip('/')}/" if address else ""


def root_files(
    releases: Sequence[Record], known: Sequence[Correction], base: str
) -> dict[str, bytes]:
    """Return every file of the tree that belongs to no single version, by name.

    Parameters
    ----------
    releases : sequence of Record
        Oldest first.
    known : sequence of Correction
        Newest first.
    base : str
        Public address, ending in a slash; empty if it isn't known.
    """
    newest = releases[-1].version
    files = {
        SWITCHER: switcher(releases, base),
        corrections.JSON_FEED: corrections.json_feed(known, releases, base),
        corrections.ATOM_FEED: corrections.atom_feed(known, releases),
        corrections.PAGE: corrections_page(known).encode(),
        "versions.html": versions_page(releases).encode(),
        "index.html": redirect(f"v/{newest}/book/intro.html", newest, "", base),
        "robots.txt": robots(base),
    }
    for page, version in newest_with(releases).items():
        up = "../" * (page.count("/") + 1)
        files[f"{LATEST}/{page}"] = redirect(f"v/{version}/{page}", version, up, base)
    if base:
        files["sitemap.xml"] = sitemap(releases, base)
    return files


def newest_with(releases: Sequence[Record]) -> dict[str, str]:
    """Return each page that any version has, with the newest version that has it."""
    return {page: release.version for release in releases for page in release.pages}


def redirect(path: str, version: str, up: str, base: str) -> bytes:
    """Return a page that leads to an address below the root and keeps the fragment."""
    address = html.escape(up + path)
    canonical = html.escape((base or up) + path)
    return REDIRECT.format(
        title=TITLE, version=version, address=address, canonical=canonical
    ).encode()


def switcher(releases: Sequence[Record], base: str) -> bytes:
    """Return the list of versions in the form of the pydata theme, newest first.

    Without a known public address, ``url`` is relative to this file.
    """
    newest = releases[-1]
    entries = [
        {
            "name": f"{r.version} ({r.date})" + (", newest" if r is newest else ""),
            "version": r.version,
            "url": f"{base}v/{r.version}/",
            "preferred": r is newest,
        }
        for r in reversed(releases)
    ]
    return (json.dumps(entries, indent=1) + "\n").encode()


def versions_page(releases: Sequence[Record]) -> str:
    """List the versions with what each offers."""
    parts = [f"<h1>{TITLE}: versions</h1>"]
    parts.append(
        "<p>Each version stays readable at its own address and is never edited. "
        f'<a href="{corrections.PAGE}">Corrections</a> say what was found wrong since.</p>'
    )
    for release in reversed(releases):
        at = f"v/{release.version}"
        offers = [
            ("Read", f"{at}/book/intro.html"),
            ("What changed", f"{at}/book/whats_changed.html"),
            ("PDF", f"{at}/{freeze.PDF}"),
            ("Data and ledger", f"{at}/{freeze.BUNDLE}"),
            ("Sources", f"{at}/{freeze.SOURCES}"),
            ("Checksums", f"{at}/{checksums.FILE}"),
        ]
        left_out = release.made["left_out"]
        offers = [o for o in offers if o[0] != "PDF" or "pdf" not in left_out]
        links = " · ".join(f'<a href="{address}">{name}</a>' for name, address in offers)
        trial = f" (a trial, made without {' and '.join(left_out)})" if left_out else ""
        parts.append(f"<h2>{release.version}</h2>\n<p>{release.date}{trial}</p>\n<p>{links}</p>")
    return PAGE.format(title=f"{TITLE}: versions", head="", body="\n".join(parts))


def corrections_page(known: Sequence[Correction]) -> str:
    """Return all corrections as one plain page at the root."""
    head = (
        f'<link rel="alternate" type="application/atom+xml" href="{corrections.ATOM_FEED}">\n'
        f'<link rel="alternate" type="application/feed+json" href="{corrections.JSON_FEED}">\n'
    )
    parts = [
        f"<h1>{corrections.TITLE}</h1>",
        f'<p>As a feed: <a href="{corrections.ATOM_FEED}">Atom</a>, '
        f'<a href="{corrections.JSON_FEED}">JSON</a>. '
        '<a href="versions.html">All versions</a>.</p>',
    ]
    if not known:
        parts.append("<p>No released version has been corrected.</p>")
    for c in known:
        numbers = "".join(
            f"<li><code>{html.escape(key)}</code>: {html.escape(old)} should read "
            f"<strong>{html.escape(new)}</strong></li>"
            for key, (old, new) in c.numbers.items()
        )
        touched = ", ".join(f"<code>{html.escape(n)}</code>" for n in (*c.figures, *c.pages))
        parts += [
            f'<h2 id="{corrections.address(c)}">{c.id}: {html.escape(c.title)}</h2>',
            f"<p>{c.date}. {corrections.span(c)}</p>",
            f"<p>{html.escape(c.what)}</p>",
            f"<ul>{numbers}</ul>" if numbers else "",
            f"<p>Touched: {touched}.</p>" if touched else "",
            f"<p>Might have relied on it: {html.escape(c.who)}</p>",
        ]
    return PAGE.format(title=corrections.TITLE, head=head, body="\n".join(filter(None, parts)))


def robots(base: str) -> bytes:
    """Let every robot read everything; name the sitemap if the public address is known."""
    lines = ["User-agent: *", "Allow: /"] + ([f"Sitemap: {base}sitemap.xml"] if base else [])
    return ("\n".join(lines) + "\n").encode()


def sitemap(releases: Sequence[Record], base: str) -> bytes:
    """List the pages of the newest version, whose addresses are to be found first."""
    newest = releases[-1]
    entries = "".join(
        f" <url><loc>{html.escape(f'{base}v/{newest.version}/{page}')}</loc>"
        f"<lastmod>{newest.date}</lastmod></url>\n"
        for page in newest.pages
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    ).encode()


def missing_addresses(tree: Path, releases: Sequence[Record]) -> list[str]:
    """List the pages that earlier versions promised and the tree doesn't have."""
    promised = [
        name
        for release in releases
        for page in release.pages
        for name in (f"v/{release.version}/{page}", f"{LATEST}/{page}")
    ]
    return [name for name in promised if not (tree / name).is_file()]
