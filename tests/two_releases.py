"""Two releases for tests: the built site, and the same with one number changed by a correction.

The change goes through the files a real change goes through: ledger, changelog, corrections.
"""

import json
import re
import shutil
import subprocess

import pytest
from conftest import copy_checkout

from equalcities.release import ReleaseError, freeze
from equalcities.release.freeze import Order

OLD, NEW = "2026.1", "2026.2"
KEY = "panel72.gdp.areas"
ADDRESS = "num-panel72-gdp-areas"
ENTRY = """
- id: 2026-1
  date: 2026-12-02
  class: substantial
  title: One area was counted twice
  what: The list of areas held one twice.
  who: Readers who quoted the number of areas.
  since: "2026.1"
  fixed_in: "2026.2"
  numbers:
    panel72.gdp.areas: {{old: "{old}", new: "{new}"}}
"""


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def replace_in(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} doesn't hold {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def set_version(root, version, date):
    """Do what the message of a refused release asks for."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^version = ".*"', f'version = "{version}"', text))
    path = root / "CITATION.cff"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^( *)version: .*$", rf'\1version: "{version}"', text))
    path = root / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    first = re.search(r"(?m)^## .*$", text)
    head = f"## {version} ({date})"
    text = text.replace(first[0], f"{head}\n\n{first[0]}" if version != OLD else head, 1)
    path.write_text(text, encoding="utf-8")


def commit(root):
    git(root, "add", "-A")
    git(root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "state")


def add_correction(root, text):
    replace_in(root / "CORRECTIONS.md", "```yaml\n[]\n", f"```yaml\n{text.strip()}\n")


def with_another_number(checkout, site):
    """Change one published number in ledger and pages, as a new run and build would."""
    path = next(p for p in (checkout / "results").glob("*.json") if f'"{KEY}"' in p.read_text())
    raw = json.loads(path.read_text(encoding="utf-8"))
    number = raw["numbers"][KEY]
    old = number["value"]
    number["value"] = old - 1
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = site / "book" / "ledger.html"
    text = page.read_text(encoding="utf-8")
    begin = text.index(f'id="{ADDRESS}"')
    text = text[:begin] + text[begin:].replace(f"<strong>{old}<", f"<strong>{old - 1}<", 1)
    page.write_text(text, encoding="utf-8")
    return str(old), str(old - 1)


def two_releases(root, site):
    """Make a checkout under version control, and freeze two releases in it."""
    copy_checkout(root)
    shutil.copytree(site, root / "_build" / "html")
    git(root, "init", "-q")
    set_version(root, OLD, "2026-11-30")
    commit(root)
    first = freeze.freeze(Order(root, OLD, ("tests", "pdf")), root)
    kept = {p: p.read_bytes() for p in first.rglob("*") if p.is_file()}
    set_version(root, NEW, "2026-12-02")
    old, new = with_another_number(root, root / "_build" / "html")
    commit(root)
    with pytest.raises(ReleaseError, match=f"without a stated cause: {KEY}"):
        freeze.freeze(Order(root, NEW, ("tests", "pdf")), root)
    assert not (root / "dist" / NEW).exists()
    add_correction(root, ENTRY.format(old=old, new=new))
    commit(root)
    freeze.freeze(Order(root, NEW, ("tests", "pdf")), root)
    assert kept == {p: p.read_bytes() for p in first.rglob("*") if p.is_file()}
    return root
