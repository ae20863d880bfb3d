"""The list of components of a release: CycloneDX 1.5, from the lock."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from equalcities.release import lock
from equalcities.release.record import Record

FILE = "sbom.cdx.json"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:equalcities:sbom")


def bill(root: Path, taken: Record) -> bytes:
    """Return the list of components as JSON, the same bytes for the same lock and version.

    Parameters
    ----------
    root : Path
        The checkout with ``requirements.lock``.
    taken : Record
        The release.

    Returns
    -------
    bytes
        Each locked package with its version, package URL, the SHA-256 of each of its files, and
        the platforms that need it.
    """
    packages = lock.read(root)
    book = {
        "type": "application",
        "bom-ref": f"pkg:generic/equalcities@{taken.version}",
        "name": "equalcities",
        "version": taken.version,
        "purl": f"pkg:generic/equalcities@{taken.version}",
        "licenses": [{"license": {"id": "MIT"}}],
    }
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        # the same release has the same number: nothing here depends on chance or on the clock
        "serialNumber": uuid.uuid5(NAMESPACE, f"{taken.version} {taken.made['commit']}").urn,
        "version": 1,
        "metadata": {"timestamp": f"{taken.date}T00:00:00Z", "component": book},
        "components": [*map(_component, packages), _python(taken), *_vendored()],
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def _component(package: lock.Package) -> dict[str, Any]:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": value} for value in package.hashes],
    }
    if package.marker:
        component["properties"] = [{"name": "equalcities:marker", "value": package.marker}]
    return component


def _python(taken: Record) -> dict[str, Any]:
    version = taken.made["python"]
    return {
        "type": "platform",
        "bom-ref": f"pkg:generic/python@{version}",
        "name": "python",
        "version": version,
        "purl": f"pkg:generic/python@{version}",
    }


def _vendored() -> list[dict[str, Any]]:
    """List what stands in the sources themselves."""
    return [
        {
            "type": "library",
            "bom-ref": "pkg:npm/mathjax@3.2.2",
            "name": "mathjax",
            "version": "3.2.2",
            "purl": "pkg:npm/mathjax@3.2.2",
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        }
    ]
