"""The evidence tables: keys resolve, corrections are checked, both readings stay visible."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from equalcities import abi
from equalcities.abi.corrections import apply_corrections, correction_rows
from equalcities.catalog import load
from equalcities.errors import UsageError


@pytest.fixture(scope="module")
def evidence(root):
    names = ("abi_effects", "abi_studies", "abi_programmes", "abi_corrections")
    return {name: load(name, root).table for name in names}


def test_every_key_resolves(evidence):
    effects, studies = evidence["abi_effects"], evidence["abi_studies"]
    programmes = set(evidence["abi_programmes"]["programme_id"])
    assert set(effects["study_id"]) == set(studies["study_id"])
    assert set(effects["programme_id"]) <= programmes
    assert set(studies["programme_id"]) <= programmes
    pairs = effects[["study_id", "programme_id"]].drop_duplicates()
    known = set(zip(studies["study_id"], studies["programme_id"], strict=True))
    assert set(zip(pairs["study_id"], pairs["programme_id"], strict=True)) == known


def test_rows_as_counted_by_hand(evidence):
    # 225 extracted rows less 3 without a page of their own, and 5 added; 94 studies less 3, and 1.
    assert len(evidence["abi_effects"]) == 227
    assert len(evidence["abi_studies"]) == 92
    assert (evidence["abi_effects"]["extracted"] == "twice").sum() == 114
    assert (evidence["abi_effects"]["caution"] == "undercut").sum() == 13
    assert evidence["abi_effects"][["ci_low", "ci_high"]].notna().all(axis=1).sum() == 35


def test_the_agreement_report_is_reproduced(evidence):
    # Agreement report, section 2: 114 of 114, by chance .622; stricter reading 101, kappa .75.
    twice = evidence["abi_effects"].query("extracted == 'twice'")
    plain = abi.agreement(twice["direction_first"], twice["direction_second"])
    assert (plain.n, plain.n_agree, plain.kappa) == (114, 114, 1.0)
    assert plain.expected == pytest.approx(0.622, abs=5e-4)
    strict = abi.agreement(twice["direction_first"], twice["direction_strict"])
    assert strict.n_agree == 101 and strict.kappa == pytest.approx(0.75, abs=5e-3)
    values = twice[["effect_value_first", "effect_value_second"]].dropna()
    assert len(values) == 113
    same = values["effect_value_first"] == values["effect_value_second"]
    assert twice.loc[same.index[~same], "effect_id"].tolist() == ["e079"]  # the sign alone
    assert values.abs().nunique(axis=1).eq(1).all()


def test_agreed_values_differ_from_the_first_only_where_a_change_says_so(evidence):
    effects = evidence["abi_effects"]
    first = effects[effects["effect_id"].str.startswith("e")]
    for field in ("direction", "effect_value", "effect_unit", "ci_low", "ci_high"):
        old, new = first[f"{field}_first"], first[field]
        moved = ~(old.eq(new) | (old.isna() & new.isna())).fillna(False)
        assert first.loc[moved, "changes"].str.contains(f"{field}:").all(), field
    assert (
        effects.loc[effects["effect_id"].str.startswith("n"), "changes"].str.contains("add").all()
    )


def test_the_list_of_corrections_is_complete(evidence, root):
    listed = evidence["abi_corrections"]
    for name in ("abi_effects", "abi_studies"):
        text = (root / "data" / name / "corrections.yml").read_text(encoding="utf-8")
        entries = yaml.safe_load(text)
        rows = sum(len(e.get("rows", [0])) for kind in entries.values() for e in kind)
        assert (listed["table"] == name).sum() == rows
    assert not set(listed.query("action == 'drop'")["row"]) & set(
        evidence["abi_studies"]["study_id"]
    )


def test_compiling_stops_at_a_correction_that_no_longer_fits(root, raw, tmp_path):
    shutil.copytree(root / "data", tmp_path / "data")
    (tmp_path / "_toc.yml").touch()
    path = tmp_path / "data" / "abi_effects" / "corrections.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('old: "percent (approximate)"', 'old: "percent"'), encoding="utf-8"
    )
    before = (tmp_path / "data/abi_effects/abi_effects.csv").read_bytes()
    ran = subprocess.run(
        [sys.executable, path.with_name("compile.py"), "--raw", str(raw)],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "Row 79, 'effect_unit' holds 'percent (approximate)'" in ran.stderr
    assert (tmp_path / "data/abi_effects/abi_effects.csv").read_bytes() == before


TABLE = pd.DataFrame({"a": ["x", "y", "z"], "b": ["", "1", "2"]})


def change(**entry):
    given = {"rows": [1], "field": "b", "old": "1", "new": "3", "reason": "misread", **entry}
    return {"drop": [], "change": [given], "add": []}


def test_corrections_change_what_they_name_and_say_why():
    table = apply_corrections(TABLE, {**change(), "drop": [{"rows": [0], "reason": "no page"}]})
    assert table["b"].tolist() == ["3", "2"]
    assert table["changes"].tolist() == ["b: '1' to '3' (misread)", ""]
    assert TABLE["b"].tolist() == ["", "1", "2"]
    listed = correction_rows("t", change(rows=[1, 2]) | {"add": [{"key": "n", "reason": "r"}]})
    assert listed["row"].tolist() == ["1", "2", "n"]
    assert listed["action"].tolist() == ["change", "change", "add"]


@pytest.mark.parametrize(
    ("corrections", "message"),
    [
        (change(old="2"), "holds '1', the correction expects '2'"),
        (change(rows=[9]), "row 9"),
        (change(field="c"), "field 'c'"),
        (change(reason=""), "has no reason"),
        (change(new="1"), "changes nothing"),
        ({"change": [], "drop": [{"rows": [7], "reason": "r"}]}, "Row 7"),
        ({"change": [], "drop": [{"rows": [0], "reason": ""}]}, "no reason"),
    ],
)
def test_unfit_corrections_are_refused(corrections, message):
    with pytest.raises(UsageError, match=message):
        apply_corrections(TABLE, corrections)
