"""A clean build somewhere else, without a network, gives the same bytes."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import copy_checkout, run_build

OFFER = re.compile(rb'<p class="pdf-offer"[^>]*>.*?</p>')
"""Printing the book into a PDF puts a link on two pages of a site that is already built."""


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            OFFER.sub(b"", path.read_bytes())
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".html", ".svg", ".csv", ".png", ".js", ".css")
    }


def without_network():
    """Return the command that cuts the network off, if the platform has it."""
    command = ("unshare", "-rn")
    able = (
        shutil.which("unshare")
        and not subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    )
    if not able and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail("CI can't cut off the network: 'unshare -rn true' failed.")
    return command if able else ()


def test_a_clean_build_elsewhere_without_network_gives_the_same_bytes(site, tmp_path):
    """As the site that 'make test' has just built, perhaps from what was there before."""
    copy = copy_checkout(tmp_path / "another-place")
    done = run_build(copy, prefix=without_network())
    assert done.returncode == 0, done.stdout + done.stderr
    here, there = digests(site), digests(copy / "_build" / "html")
    assert here.keys() == there.keys() and len(here) > 50
    assert [name for name in here if here[name] != there[name]] == []
    again = run_build(copy)
    assert again.returncode == 0 and "Nothing changed" in again.stdout


def test_no_machine_path_in_the_site(site, root):
    for path in site.rglob("*"):
        if path.suffix in (".html", ".js", ".json", ".csv", ".svg") and "mathjax" not in path.parts:
            assert str(root) not in path.read_text(encoding="utf-8", errors="replace"), path
