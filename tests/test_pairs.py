"""Pairs: the .md is the source, the .ipynb its generated twin without outputs."""

import copy
import shutil

import jupytext
import pytest

from equalcities.build import pairs


def test_the_book_s_pairs_are_in_step(root):
    pairs.check_pairs(root)  # its message is the command that mends it


def test_every_chapter_is_a_pair_in_the_table_of_contents(root):
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    for path in pairs.sources(root):
        assert f"notebooks/{path.name}" in toc


@pytest.fixture
def folder(root, tmp_path):
    shutil.copytree(root / "notebooks", tmp_path / "notebooks")
    return tmp_path


def test_generating_again_changes_nothing(folder):
    before = {p.name: p.read_bytes() for p in (folder / "notebooks").iterdir()}
    assert pairs.write_pairs(folder) == []
    for path in (folder / "notebooks").glob("*.ipynb"):
        path.unlink()
    assert len(pairs.write_pairs(folder)) == len(before) // 2
    assert {p.name: p.read_bytes() for p in (folder / "notebooks").iterdir()} == before


def test_a_newer_ipynb_never_overwrites_its_source(folder):
    source, generated = (folder / "notebooks" / f"abi_map.{e}" for e in ("md", "ipynb"))
    text = source.read_text(encoding="utf-8")
    generated.write_text(generated.read_text().replace("## Question", "## Stale"), encoding="utf-8")
    with pytest.raises(pairs.PairError, match=r"abi_map: cell .* differs.*make pair"):
        pairs.check_pairs(folder)
    pairs.write_pairs(folder)
    assert source.read_text(encoding="utf-8") == text
    pairs.check_pairs(folder)


def test_a_file_without_its_partner_is_named(folder):
    (folder / "notebooks" / "abi_map.ipynb").unlink()
    with pytest.raises(pairs.PairError, match=r"abi_map\.ipynb is missing.*make pair"):
        pairs.check_pairs(folder)
    (folder / "notebooks" / "abi_map.md").unlink()
    (folder / "notebooks" / "lone.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(pairs.PairError, match=r"lone\.ipynb has no \.md"):
        pairs.check_pairs(folder)


@pytest.mark.parametrize("fault", ["output", "count", "tag", "missing", "kernel", "source"])
def test_every_difference_is_seen(root, fault):
    source = jupytext.read(root / "notebooks" / "abi_map.md")
    other = copy.deepcopy(source)
    code = next(cell for cell in other.cells if cell.cell_type == "code")
    if fault == "output":
        code.outputs = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    elif fault == "count":
        code.execution_count = 1
    elif fault == "tag":
        code.metadata["tags"] = ["other"]
    elif fault == "missing":
        other.cells.pop()
    elif fault == "kernel":
        other.metadata["kernelspec"] = {"name": "other"}
    else:
        code.source += "\n1"
    assert pairs.first_difference(source, source) == ""
    assert pairs.first_difference(source, other)
