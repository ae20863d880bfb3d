"""Planted faults: each must fail the build, with a message that says what to do."""

import subprocess
import sys

import pytest
from conftest import run_build

PAIRED = "notebooks/the_72_cities"


def fails(checkout, *words):
    done = run_build(checkout)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    for word in words:
        assert word in said, said
    assert not (checkout / "_build" / "state.json").exists()
    return said


def pair(checkout):
    done = run_build(checkout, "pair")
    assert done.returncode == 0, done.stderr


def test_changed_value_in_a_data_file(checkout, edit):
    edit("data/panel72/panel72.csv", "Wien", "Vienna")
    fails(checkout, "data/panel72/panel72.csv", "SHA-256", "compile.py")


def test_record_without_licence(checkout, edit):
    edit("data/panel72/record.yml", "\nlicence:\n", "\nlicense:\n")
    fails(checkout, "data/panel72/record.yml", "'licence' is missing", "Add 'licence:'")


def test_md_edited_without_its_ipynb(checkout, edit):
    edit(f"{PAIRED}.md", "## Question", "## The question")
    fails(checkout, PAIRED, "differs between .md and .ipynb", "make pair")


def test_library_constant_moves_a_published_number(checkout, edit):
    edit(
        "src/equalcities/panel/selection.py",
        "quantile([0.25, 0.5, 0.75])",
        "quantile([0.2, 0.5, 0.8])",
    )
    said = fails(
        checkout, "the_72_cities", "panel72.share_65plus_pct.median", "moved from", "make results"
    )
    assert "tolerance" in said or "interval" in said


def test_cell_that_raises(checkout, edit):
    edit(
        f"{PAIRED}.md",
        "chosen = panel.select_panel(candidates)",
        "chosen = panel.select_panel(candidates[:9])",
    )
    pair(checkout)
    fails(checkout, f"{PAIRED}.md, cell", "UsageError", "are complete, 72 are asked for")


def test_cell_that_warns(checkout, edit):
    edit(
        f"{PAIRED}.md",
        "chosen = panel",
        "import warnings; warnings.warn('careful')\nchosen = panel",
    )
    pair(checkout)
    fails(checkout, f"{PAIRED}.md, cell", "standard error", "careful")


def test_hand_typed_statistic(checkout, edit):
    edit(
        "book/how_to_read.md",
        "Missing values stay missing",
        "In 42.7 % of cases values stay missing",
    )
    fails(checkout, "book/how_to_read.md, line", "'42.7 %'", "{num}")


def test_figure_without_alt_text(checkout, edit):
    edit(f"{PAIRED}.md", 'alt="Six strips', 'alt="" and "Six strips')
    pair(checkout)
    fails(checkout, "panel72-distributions", "no alt text", "alt=")


def test_unknown_ledger_key(checkout, edit):
    edit("book/how_to_read.md", "{num}`panel72.areas`", "{num}`panel72.aeras`")
    fails(checkout, "book/how_to_read.md", "no number 'panel72.aeras'")


def test_broken_link_fails_again_on_the_next_build(checkout, edit):
    edit("book/how_to_read.md", "<ledger>`", "<leger>`")
    fails(checkout, "unknown document", "leger")
    fails(checkout, "unknown document", "leger")  # the engine alone would warn only once


def test_a_stopped_build_leaves_nothing_that_breaks_the_next(checkout):
    half = checkout / "_build" / "html" / "searchindex.js"
    half.parent.mkdir(parents=True)
    half.write_text("Search.setIndex({", encoding="utf-8")
    done = run_build(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert half.read_text(encoding="utf-8").rstrip().endswith("})")


def test_ledger_edited_by_hand(checkout, edit):
    edit("results/abi_map.json", '"value": 67', '"value": 68')
    fails(checkout, "results/abi_map.json", "'abi.initiatives'", "from 68 to 67", "make results")


def test_number_no_longer_published(checkout, edit, monkeypatch):
    edit("notebooks/abi_map.md", 'count("abi.pairs.never"', '# count("abi.pairs.never"')
    edit("notebooks/abi_map.md", "combines: {num}`abi.pairs.never`.", "combines: one.")
    pair(checkout)
    fails(checkout, "'abi.pairs.never': no longer published")
    refused = run_build(checkout, "results")
    assert refused.returncode == 1 and "REASON=" in refused.stderr
    monkeypatch.setenv("REASON", "the count was ambiguous")
    accepted = run_build(checkout, "results")
    assert accepted.returncode == 0, accepted.stderr
    text = (checkout / "results" / "abi_map.json").read_text(encoding="utf-8")
    assert '"reason": "the count was ambiguous"' in text
    edit("notebooks/abi_map.md", '# count("abi.pairs.never"', 'count("abi.pairs.never"')
    pair(checkout)
    fails(checkout, "'abi.pairs.never' was withdrawn")


def test_help_names_the_steps():
    done = subprocess.run(
        [sys.executable, "-m", "equalcities.build", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for word in ("book", "results", "pair", "check", "Example"):
        assert word in done.stdout


@pytest.mark.parametrize("target", ["book", "test", "pair", "results", "serve", "clean"])
def test_make_alone_prints_help(root, target):
    done = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True)
    assert f"make {target}" in done.stdout
