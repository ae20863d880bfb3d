"""One truth about versions and dependencies, however they are written down."""

import re
import tomllib
from itertools import chain

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import equalcities


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wanted(project):
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *chain.from_iterable(extras[name] for name in ("book", "evaluation", "test")),
    ]
    requirements = map(Requirement, lines)
    return {canonicalize_name(r.name): r.specifier for r in requirements}


@pytest.fixture(scope="module")
def locked(root):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", text, flags=re.M)
    }


def test_environment_yml_is_in_step_with_pyproject(root, project, wanted):
    conda = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    entries = [e for e in conda["dependencies"] if isinstance(e, str)]
    piped = next(e["pip"] for e in conda["dependencies"] if isinstance(e, dict))
    assert piped[-1] == "-e ."
    found = {}
    for entry in [*entries, *piped[:-1]]:
        name, _, specifier = entry.replace(" ", "").partition(">")
        found[canonicalize_name(name)] = SpecifierSet(f">{specifier}" if specifier else "")
    assert found.pop("python") == SpecifierSet(project["requires-python"])
    found.pop("pip")
    assert found == wanted


def test_the_lock_holds_every_direct_dependency(wanted, locked):
    for name, specifier in wanted.items():
        assert locked[name] in specifier, name


def test_the_lock_is_hashed_and_names_no_index(root, locked):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"index-url|find-links|https?://", text)
    blocks = re.split(r"^(?=[A-Za-z0-9_.-]+==)", text, flags=re.M)[1:]
    assert len(blocks) >= len(locked)
    assert all("--hash=sha256:" in block for block in blocks)


def test_every_dependency_says_why_it_is_there(root):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.findall(r'^    "[^"]+",.*$', text, flags=re.M)
    assert len(lines) > 20
    assert [line for line in lines if "#" not in line] == []


def test_one_version_everywhere(root, project):
    version = project["version"]
    assert equalcities.__version__ == version
    cff = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["version"] == cff["preferred-citation"]["version"] == version
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)}\b", changelog, flags=re.M)


def test_supported_pythons_agree(root, project):
    assert project["requires-python"] == ">=3.11,<3.14"
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert "(3, 11) <= v <= (3, 13)" in makefile
    assert "Python 3.11 to 3.13" in (root / "README.md").read_text(encoding="utf-8")


def test_ci_runs_exactly_the_readme_s_test_command(root):
    script = (root / ".ci" / "run").read_text(encoding="utf-8").rstrip().splitlines()
    assert script[-1] == "make test"
    assert "make test " in (root / "README.md").read_text(encoding="utf-8")


def test_no_tracked_file_is_large_or_names_a_machine(root):
    for path in [*root.glob("src/**/*.py"), *root.glob("notebooks/*"), *root.glob("book/**/*.md")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users)/\w", text), path
    for path in root.glob("data/**/*"):
        assert path.is_dir() or path.stat().st_size < 3_000_000, path
