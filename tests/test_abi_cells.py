import numpy as np
import pandas as pd
import pytest

from equalcities.abi import CellRule, pool, pool_cell, poolable_cells
from equalcities.errors import UsageError

RULE = CellRule(programme="programme", excluded="excluded", scales=("log points", "SD"))


@pytest.fixture
def effects():
    rows = [
        # construct, scale, study, programme, yi, vi, excluded
        ("employment", "log points", "a", "p1", 3.0, 1.0, ""),
        ("employment", "log points", "b", "p2", 1.0, 2.0, ""),
        ("employment", "log points", "c", "p2", 2.0, 1.5, ""),
        ("crime", "log points", "a", "p1", -3.0, 1.0, ""),
        ("crime", "log points", "a", "p1", -4.0, 1.0, ""),
        ("crime", "log points", "b", "p2", -1.0, 2.0, ""),
        ("crime", "log points", "d", "p3", -1.0, 1.2, ""),
        ("crime", "USD", "a", "p1", 3.0, 1.0, ""),
        ("crime", "USD", "b", "p2", 3.0, 1.0, ""),
        ("crime", "USD", "c", "p3", 3.0, 1.0, ""),
        ("health", "SD", "a", "p1", 0.1, 0.1, ""),
        ("health", "SD", "b", "p2", 0.1, np.nan, ""),
        ("health", "SD", "c", "p3", 0.2, 0.1, "a maximum, not an estimate"),
        ("trust", "SD", "a", "p1", 0.1, 0.1, ""),
        ("trust", "SD", "b", "p1", 0.1, 0.1, ""),
        ("trust", "SD", "c", "p1", 0.1, 0.1, ""),
        (None, "SD", "a", "p1", 0.1, 0.1, ""),
        ("income", None, "a", "p1", 0.1, 0.1, ""),
    ]
    columns = ["construct", "scale", "study_id", "programme", "yi", "vi", "excluded"]
    return pd.DataFrame(rows, columns=columns)


def test_each_refusal_has_its_reason(effects):
    table = poolable_cells(effects, RULE).set_index(["construct", "scale"])
    good = table[table["poolable"]]
    assert sorted(good.index) == [("crime", "log points"), ("employment", "log points")]
    assert (good["reason"] == "").all()
    assert table.loc[("crime", "log points"), "dependent"]
    assert not table.loc[("employment", "log points"), "dependent"]
    reasons = table["reason"]
    assert reasons["crime", "USD"] == "effects in 'USD' have no common metric"
    assert reasons["health", "SD"] == (
        "1 of the 3 studies needed (2 of 3 effects lack a variance or are excluded); "
        "1 of the 2 programmes needed"
    )
    assert reasons["trust", "SD"] == "1 of the 2 programmes needed"
    by_reason = " | ".join(reasons)
    assert "the construct is not stated" in by_reason and "the scale is not stated" in by_reason
    assert table["n_effects"].sum() == len(effects)


def test_a_cell_is_pooled_by_the_same_model(effects):
    rows = effects[(effects["construct"] == "employment")]
    fit = pool_cell(effects, "employment", "log points", RULE)
    assert fit.estimate == pool(rows["yi"], rows["vi"]).estimate
    assert fit.test == "knapp-hartung"
    several = pool_cell(effects, "crime", "log points", RULE)
    assert (several.test, several.n_clusters, several.k) == ("cr2", 3, 4)


def test_the_rule_decides_not_the_caller(effects):
    with pytest.raises(UsageError, match=r"'trust' in 'SD' is not pooled: 1 of the 2 programmes"):
        pool_cell(effects, "trust", "SD", RULE)
    assert pool_cell(effects, "trust", "SD", CellRule()).k == 3  # without the programme rule
    with pytest.raises(UsageError, match="2 of the 3 studies needed"):
        pool_cell(effects.drop(index=0), "employment", "log points", RULE)
    with pytest.raises(UsageError, match="no effects on 'jobs'"):
        pool_cell(effects, "jobs", "SD", RULE)


def test_order_of_rows_does_not_matter(effects):
    shuffled = effects.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(poolable_cells(effects, RULE), poolable_cells(shuffled, RULE))


def test_bad_tables_are_named(effects):
    with pytest.raises(UsageError, match="lacks vi"):
        poolable_cells(effects.drop(columns="vi"))
    effects.loc[3, "vi"] = 0
    with pytest.raises(UsageError, match="row 3 has vi = 0"):
        poolable_cells(effects)
    effects.loc[3, "vi"] = 1
    effects.loc[5, "study_id"] = None
    with pytest.raises(UsageError, match="row 5 has no study_id"):
        poolable_cells(effects)
