"""A notebook runs again when something that it stands on changed, and only then."""

import json

import pytest
from conftest import run_build

from equalcities.build import pairs, standing
from equalcities.build.execute import read_source
from equalcities.errors import UsageError


@pytest.fixture
def package(tmp_path):
    """A package whose room ``a`` reaches ``b`` from inside a function, and never ``c``."""
    files = {
        "src/equalcities/__init__.py": "",
        "src/equalcities/a.py": "def f():\n    from equalcities.b import inner\n    return inner\n",
        "src/equalcities/b/__init__.py": "",
        "src/equalcities/b/inner.py": "",
        "src/equalcities/b/schema.yml": "x: 1",
        "src/equalcities/c.py": "",
        "data/d/d.csv": "x\n1\n",
        "requirements.lock": "",
        "pyproject.toml": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


CODE = ["from equalcities import a", "x = a.f()"]


@pytest.mark.parametrize(
    "name",
    [
        "src/equalcities/__init__.py", "src/equalcities/a.py", "src/equalcities/b/__init__.py",
        "src/equalcities/b/inner.py", "src/equalcities/b/schema.yml", "data/d/d.csv",
        "requirements.lock", "pyproject.toml",
    ],
)  # fmt: skip
def test_key_follows_what_is_reached(package, name):
    before = standing.key(package, CODE)
    path = package / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert standing.key(package, CODE) != before


def test_key_leaves_out_what_is_not_reached(package):
    before = standing.key(package, CODE)
    (package / "src/equalcities/c.py").write_text("x = 1", encoding="utf-8")
    assert standing.key(package, CODE) == before


def test_a_relative_import_is_refused_by_name(package):
    (package / "src/equalcities/a.py").write_text("from .b import inner\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"src/equalcities/a\.py imports by a relative name"):
        standing.key(package, CODE)


def test_nothing_reached_imports_by_a_made_up_name(root):
    """The commands do, and no notebook may reach them; the one exception loads other libraries."""
    for path in pairs.sources(root):
        cells = [c.source for c in read_source(path).cells if c.cell_type == "code"]
        for reached in standing.package_files(root, cells):
            if reached.suffix == ".py" and "import_module(" in reached.read_text(encoding="utf-8"):
                assert reached.name == "designs.py", (path.name, reached)


def test_a_page_maker_changes_without_a_notebook_running(checkout, edit):
    edit("src/equalcities/site/pages.py", '"""', '"""\n# changed')
    done = run_build(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    total = len(pairs.sources(checkout))
    assert f"{total} of {total} notebooks unchanged" in done.stdout
    assert json.loads((checkout / "_build" / "state.json").read_text())["site"]
