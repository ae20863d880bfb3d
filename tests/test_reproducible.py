"""A clean build somewhere else, without a network, gives the same bytes."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest
from conftest import copy_checkout, run_build


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
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


def test_two_clean_builds_without_network_give_the_same_bytes(tmp_path):
    built = []
    for name in ("one", "another-place"):
        copy = copy_checkout(tmp_path / name)
        done = run_build(copy, prefix=without_network())
        assert done.returncode == 0, done.stdout + done.stderr
        built.append(digests(copy / "_build" / "html"))
    here, there = built
    assert here.keys() == there.keys() and len(here) > 50
    assert [name for name in here if here[name] != there[name]] == []
    again = run_build(copy)
    assert again.returncode == 0 and "Nothing changed" in again.stdout


def test_no_machine_path_in_the_site(site, root):
    for path in site.rglob("*"):
        if path.suffix in (".html", ".js", ".json", ".csv", ".svg") and "mathjax" not in path.parts:
            assert str(root) not in path.read_text(encoding="utf-8", errors="replace"), path
