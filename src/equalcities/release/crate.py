"""The description of a release for machines: an RO-Crate (1.1), from records and ledger.

The crate's root is the frozen folder itself, so that its references hold on disk and on a server.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from equalcities import catalog
from equalcities.release import checksums
from equalcities.release.record import Record

FILE = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
LICENCES = {
    "https://creativecommons.org/licenses/by/4.0/": "Creative Commons Attribution 4.0",
    "https://opensource.org/license/mit": "MIT licence",
}
TEXT, CODE = LICENCES
PARTS = {
    "index.html": ("The site", "text/html", TEXT),
    "cities_of_equality.pdf": ("The book as one PDF", "application/pdf", TEXT),
    "source.zip": ("Sources: text, notebooks, package, data, lock", "application/zip", CODE),
    "data_and_ledger.zip": ("Data with their records, and the ledger", "application/zip", TEXT),
    "release.json": ("Record of what was published", "application/json", TEXT),
    "sbom.cdx.json": (
        "Components (CycloneDX)", "application/vnd.cyclonedx+json", CODE,
    ),
}  # fmt: skip
MEANINGS = {
    kind: f"Evidence class {kind}: {meaning}" for kind, meaning in catalog.CLASS_MEANING.items()
}


def describe(root: Path, taken: Record, folder: Path) -> bytes:
    """Describe a frozen folder.

    Parameters
    ----------
    root : Path
        The checkout it was made from.
    taken : Record
        What it publishes.
    folder : Path
        The folder, complete but for this description and the checksums.

    Returns
    -------
    bytes
        The JSON-LD, the same bytes for the same release.
    """
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    files = [_file(folder, name) for name in PARTS if (folder / name).is_file()]
    figures = [entity for key in sorted(taken.figures) for entity in _figure(key, taken, folder)]
    data = [_dataset(record) for record in _records(root)]
    authors = [
        {"@id": f"#author-{place}", "@type": "Organization" if "name" in author else "Person"}
        | _name(author)
        for place, author in enumerate(citation["authors"], start=1)
    ]
    made = {
        "@id": "#made",
        "@type": "CreateAction",
        "name": "Build, tests and freezing of the release",
        "description": _how(taken),
        "object": {"@id": "source.zip"},
        "result": [_to(entity) for entity in (*files, *figures) if entity["@id"] != "source.zip"],
        "instrument": [{"@id": "#equalcities"}, {"@id": "#python"}],
        "endTime": taken.date,
    }
    software = [
        {
            "@id": "#equalcities", "@type": "SoftwareApplication", "name": "equalcities",
            "version": taken.version, "softwareVersion": taken.version,
        },
        {
            "@id": "#python", "@type": "SoftwareApplication", "name": "Python",
            "version": taken.made["python"], "softwareVersion": taken.made["python"],
            "url": "https://www.python.org/",
        },
    ]  # fmt: skip
    whole = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{citation['title']}, version {taken.version}",
        "description": (
            "A frozen version of the book: the site, the PDF, sources, data, the ledger of every "
            "published number and figure, and checksums. Simulated results show methods and are "
            "no evidence about any place."
        ),
        "version": taken.version,
        "datePublished": taken.date,
        "license": {"@id": TEXT},
        # one value stands alone, as the specification recommends
        "author": [_to(a) for a in authors] if len(authors) > 1 else _to(authors[0]),
        "hasPart": [_to(entity) for entity in (*files, *figures)],
        "isBasedOn": [_to(entity) for entity in data],
        "mentions": {"@id": "#made"},
    }
    descriptor = {
        "@id": FILE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }
    licences = [{"@id": k, "@type": "CreativeWork", "name": v} for k, v in LICENCES.items()]
    others = [made, *software, *authors, *licences]
    graph = [descriptor, whole, *files, *figures, *data, *others]
    # the context of 1.1 lacks the property for checksums, which schema.org has
    context = [f"{SPECIFICATION}/context", {"sha256": "https://schema.org/sha256"}]
    text = json.dumps({"@context": context, "@graph": graph}, indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def _to(entity: dict[str, Any]) -> dict[str, str]:
    return {"@id": entity["@id"]}


def _name(author: dict[str, str]) -> dict[str, str]:
    if "name" in author:
        return {"name": author["name"]}
    given, family = author.get("given-names", ""), author.get("family-names", "")
    return {"name": f"{given} {family}".strip(), "givenName": given, "familyName": family}


def _how(taken: Record) -> str:
    left_out = ", ".join(taken.made["left_out"])
    trial = f" A trial, made without: {left_out}." if left_out else ""
    return (
        f"Made from commit {taken.made['commit']} in a clean clone without a cache, with the "
        f"packages of requirements.lock.{trial}"
    )


def _file(folder: Path, name: str) -> dict[str, Any]:
    title, form, licence = PARTS[name]
    return {
        "@id": name,
        "@type": ["File", "SoftwareSourceCode"] if name == "source.zip" else "File",
        "name": title,
        "encodingFormat": form,
        "license": {"@id": licence},
        **_bytes(folder / name),
    }


def _bytes(path: Path) -> dict[str, str]:
    return {"contentSize": str(path.stat().st_size), "sha256": checksums.digest(path)}


def _figure(key: str, taken: Record, folder: Path) -> list[dict[str, Any]]:
    """Describe a figure's drawing and the data behind it."""
    figure = taken.figures[key]
    drawing, table = f"figures/{key}.svg", f"figures/{key}.csv"
    meaning = MEANINGS[figure.evidence_class]
    return [
        {
            "@id": drawing, "@type": ["File", "ImageObject"], "name": figure.caption,
            "encodingFormat": "image/svg+xml", "identifier": key, "description": meaning,
            "isBasedOn": {"@id": table}, "license": {"@id": TEXT}, **_bytes(folder / drawing),
        },
        {
            "@id": table, "@type": "File", "name": f"Data behind the figure '{key}'",
            "encodingFormat": "text/csv", "identifier": key, "description": meaning,
            "license": {"@id": TEXT}, **_bytes(folder / table),
        },
    ]  # fmt: skip


def _records(root: Path) -> list[catalog.Record]:
    return [catalog.read_record(name, root) for name in catalog.datasets(root)]


def _dataset(record: catalog.Record) -> dict[str, Any]:
    """Describe a dataset as what its producers gave; the table itself lies in the bundle."""
    return {
        "@id": f"#data-{record.id}",
        "@type": "CreativeWork",
        "identifier": record.id,
        "name": record.title,
        "description": (
            f"{' '.join(record.summary.split())} {MEANINGS[record.evidence_class]}. "
            f"Attribution: {' '.join(record.attribution.split())}"
        ),
        "license": record.licence["url"],
        "url": f"book/data/{record.id}.html",
    }
