"""A published meta-analysis again: every reference value, and the figures that show it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from equalcities import figures
from equalcities.abi.reproduction import compare, log_risk_ratios, reproduce
from equalcities.catalog import load
from equalcities.errors import UsageError


@pytest.fixture(scope="module")
def trials(root):
    return load("bcg_trials", root).table


@pytest.fixture(scope="module")
def reference(root):
    return load("bcg_reference", root).table


def test_every_reference_value_agrees_but_one_misprint(trials, reference):
    table = compare(reproduce(trials), reference)
    assert len(table) == 190
    differs = table[~table["agrees"]]
    assert differs[["fit", "quantity", "value"]].to_numpy().tolist() == [
        ["published_FE", "odds_ratio_high", 0.703]
    ]
    program = table[~table["fit"].str.startswith("published")]
    assert len(program) == 176 and program["difference"].abs().max() < 1e-6


def test_effects_are_those_that_metafor_computes(trials):
    # escalc(measure = "RR", data = dat.bcg), first trial (metafor 3.8-1).
    first = log_risk_ratios(trials).iloc[0]
    assert first["yi"] == pytest.approx(-0.889311333920205, abs=1e-14)
    assert first["vi"] == pytest.approx(0.325584765003961, abs=1e-14)


def test_a_wrong_count_is_noticed(trials, reference):
    wrong = trials.copy()
    wrong.loc[0, "vaccinated_cases"] += 1
    assert not compare(reproduce(wrong), reference)["agrees"].all()
    assert compare(reproduce(wrong), reference)["agrees"].sum() < 20


def test_a_value_without_counterpart_is_named(trials, reference):
    more = pd.concat([reference, reference.head(1).assign(quantity="unheard_of")])
    with pytest.raises(UsageError, match="nothing was computed for FE, unheard_of"):
        compare(reproduce(trials), more)


EFFECTS = pd.DataFrame(
    {
        "label": ["a", "b"], "estimate": [-0.5, 0.1], "ci_low": [-1.0, -0.1], "ci_high": [0.0, 0.3],
        "weight": [30.0, 70.0], "design": ["trial", "comparison"], "se": [0.25, 0.1],
    }
)  # fmt: skip
POOLED = {"estimate": -0.1, "ci_low": -0.3, "ci_high": 0.1, "pi_low": -0.6, "pi_high": 0.4}


@pytest.fixture(autouse=True)
def closed():
    figures.use_house_style()
    yield
    plt.close("all")


def test_a_forest_shows_weights_design_mean_and_the_range_for_a_new_study():
    fig = figures.forest(EFFECTS, POOLED, "ratio", "Mean of all")
    (ax,) = fig.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "a  (30%)", "b  (70%)", "Mean of all",
    ]  # fmt: skip
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [
        "trial", "comparison", "mean with interval", "range for a new study",
    ]  # fmt: skip
    sizes = [line.get_markersize() for line in ax.lines if len(line.get_xdata()) == 1]
    assert sizes[1] > sizes[0]
    ranges = [collection.get_segments()[0][:, 0].tolist() for collection in ax.collections]
    assert ranges == [[-1.0, 0.0], [-0.1, 0.3], [-0.6, 0.4]]
    diamond = ax.patches[0].get_xy()[:, 0]
    assert (diamond.min(), diamond.max()) == (-0.3, 0.1)
    assert ax.xaxis.get_major_formatter()(np.log(0.5)) == "0.5"


def test_a_funnel_has_precise_studies_on_top_and_its_zones_meet_the_usual_quantiles():
    fig = figures.contour_funnel(EFFECTS, -0.1, "difference", ratio=False)
    (ax,) = fig.axes
    low, high = ax.get_ylim()
    assert low > high == 0
    corners = [zone.get_paths()[0].get_extents().x1 / low for zone in ax.collections]
    assert corners == pytest.approx([2.576, 1.960, 1.645])
    assert ax.xaxis.get_major_formatter()(-0.5) == "−0.5"


def test_cells_show_what_is_reported_what_is_usable_and_what_is_needed():
    cells = pd.DataFrame({"cell": ["x", "y"], "reported": [4, 1], "usable": [0, 1]})
    (ax,) = figures.studies_needed(cells, 3, "studies").axes
    drawn = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    assert drawn["studies with a number"] == [4, 1]
    assert drawn["with an interval too"] == [0, 1]
    assert drawn["studies needed"] == [3, 3]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x", "y"]
