"""Certainty follows from coded reasons, and only from them."""

import pytest

from equalcities.abi.certainty import DOWNGRADES, certainty
from equalcities.catalog import load
from equalcities.errors import UsageError

NONE = dict.fromkeys(DOWNGRADES, 0)


@pytest.mark.parametrize(
    ("start", "steps", "upgrade", "want"),
    [
        ("randomised", {}, 0, "high"),
        ("not randomised", {}, 0, "low"),
        ("randomised", {"imprecision": 1, "inconsistency": 1}, 0, "low"),
        ("not randomised", {"risk_of_bias": 2}, 0, "very low"),
        ("not randomised", {}, 2, "high"),
        ("not randomised", {"imprecision": 1}, 1, "low"),
    ],
)
def test_levels(start, steps, upgrade, want):
    assert certainty(start, {**NONE, **steps}, upgrade) == want


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("observed", NONE), "take one of"),
        (("randomised", {"imprecision": 1}), "exactly these"),
        (("randomised", {**NONE, "imprecision": 3}), "0, 1 or 2"),
        (("randomised", NONE, 1), "never upgraded"),
    ],
)
def test_unfit_judgements_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        certainty(*arguments)


def test_each_domain_of_the_evidence_is_judged(root):
    judged = load("abi_certainty", root).table
    assert set(judged["outcome_domain"]) == set(load("abi_effects", root).table["outcome_domain"])
    for row in judged.to_dict("records"):
        steps = {reason: row[reason] for reason in DOWNGRADES}
        assert row["certainty"] == certainty(row["start"], steps, row["upgrade"])
        named = sum(reason.replace("_", " ") + ":" in row["reasons"] for reason in DOWNGRADES)
        assert named == sum(level > 0 for level in steps.values())
