import numpy as np
import pandas as pd
import pytest
from abi_reference import BCG, EXTRA, METAFOR, SMOKING
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.abi import influence, leave_one_out, pool
from equalcities.errors import UsageError

COLUMNS = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cooks": "cook.d",
    "cov_ratio": "cov.r",
    "tau2_deleted": "tau2.del",
    "q_deleted": "QE.del",
    "hat": "hat",
    "weight": "weight",
}


@pytest.mark.parametrize("name", ["bcg_influence", "bcg_influence_ablat_knha"])
def test_influence_agrees_with_metafor(name):
    want = EXTRA[name]
    latitude = pd.DataFrame({"latitude": BCG["ablat"]}) if "ablat" in name else None
    test = "knapp-hartung" if "knha" in name else "normal"
    table = influence(BCG["yi"], BCG["vi"], moderators=latitude, test=test)
    for ours, theirs in COLUMNS.items():
        assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-8), ours
    dfbetas = np.array(want["dfbs"]).reshape(13, -1)
    assert table.filter(like="dfbetas").to_numpy() == pytest.approx(dfbetas, rel=1e-8)
    assert table["influential"].tolist() == want["flagged"]


@pytest.mark.parametrize(("dataset", "data"), [("bcg", BCG), ("hackshaw1998", SMOKING)])
def test_influence_and_leave_one_out_agree_with_the_shared_reference(dataset, data):
    want = METAFOR[dataset]["fits"]["influence_REML"]
    table = influence(data["yi"], data["vi"])
    for name in ("rstudent", "dffits", "cooks", "hat"):
        assert table[name].to_numpy() == pytest.approx(want[name], rel=1e-5, abs=1e-7), name
    want = METAFOR[dataset]["fits"]["leave1out_REML"]
    table = leave_one_out(data["yi"], data["vi"], test="normal")
    for name in ("estimate", "se", "tau2"):
        assert table[name].to_numpy() == pytest.approx(want[name], rel=1e-5, abs=1e-7), name


def test_leave_one_out_with_knapp_hartung_agrees_with_metafor():
    want = EXTRA["bcg_leave1out_knha"]
    table = leave_one_out(BCG["yi"], BCG["vi"])
    pairs = {"estimate": "estimate", "se": "se", "p": "pval", "ci_low": "ci.lb", "i2": "I2"}
    for ours, theirs in {**pairs, "q": "Q", "q_p": "Qp", "tau2": "tau2"}.items():
        assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-8), ours


def test_labels_come_from_the_series():
    yi = pd.Series(BCG["yi"], index=BCG["author"])
    vi = pd.Series(BCG["vi"], index=BCG["author"])
    assert leave_one_out(yi, vi)["omitted"].tolist() == BCG["author"]
    assert influence(yi, vi)["effect"].tolist() == BCG["author"]


@settings(max_examples=10, deadline=None)
@given(effects=st.lists(st.tuples(st.floats(-1, 1), st.floats(0.05, 1)), min_size=4, max_size=7))
def test_hat_values_and_weights_of_the_mean(effects):
    y, v = np.array(effects).T
    table = influence(y, v, method="DL")
    # Without moderators the hat values are the weights, and add up to one.
    np.testing.assert_allclose(table["hat"], table["weight"] / 100, rtol=1e-9)
    assert table["hat"].sum() == pytest.approx(1)
    rest = pool(y[1:], v[1:], method="DL")
    assert leave_one_out(y, v, method="DL")["estimate"][0] == pytest.approx(rest.estimate)


def test_impossible_fits_are_named():
    with pytest.raises(UsageError, match="at least 3 effects"):
        leave_one_out([0.1, 0.2], [0.1, 0.1])
    with pytest.raises(UsageError, match="without effect 0: moderators are constant"):
        leave_one_out([0.1, 0.2, 0.4, 0.2], [0.1] * 4, moderators=[1.0, 0.0, 0.0, 0.0])
    with pytest.raises(UsageError, match="use test='normal'"):
        influence([0.2] * 4, [0.1] * 4, test="knapp-hartung")
