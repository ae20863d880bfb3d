"""The map of programmes: counts that can be checked by hand, and the compiled table's own."""

import pandas as pd
import pytest

from equalcities import abi
from equalcities.catalog import load
from equalcities.errors import UsageError

TOY = pd.DataFrame(
    {
        "programme_id": ["a", "b", "c"],
        "comparator": ["no", "no", "yes"],
        "country_iso3": ["FRA", "USA", "FRA"],
        "domains": ["housing;safety", "housing", "health"],
        "evaluation_exists": ["yes", "unknown", "yes"],
    }
)


def test_comparators_are_no_initiatives():
    assert abi.initiatives(TOY)["programme_id"].tolist() == ["a", "b"]


def test_co_occurrence_by_hand():
    pairs = abi.co_occurrence(TOY)
    assert pairs.loc["housing", "housing"] == 2
    assert pairs.loc["housing", "safety"] == pairs.loc["safety", "housing"] == 1
    assert pairs.loc["health", "housing"] == 0
    assert (pairs == pairs.T).all(axis=None)
    alone, combined = abi.ranked_domains(pairs)
    assert alone.index[0] == "housing" and combined.index[0] == ("housing", "safety")
    assert len(combined) == 45 and combined.sum() == 1


def test_evidence_gap_by_hand():
    gap = abi.evidence_gap(TOY).set_index(["domain", "region"])
    assert len(gap) == len(abi.DOMAINS) * len(abi.REGIONS)
    europe, america = "Western and Central Europe", "United States, Canada"
    assert gap.loc[("housing", europe)].tolist() == [1, 1]
    assert gap.loc[("housing", america)].tolist() == [1, 0]
    assert gap["programmes"].sum() == 4 and gap["evaluated"].sum() == 3


def test_regions_and_decades():
    assert abi.region("MEX;SLV;URY") == "Latin America"
    for unknown in ("ATA", "FRA;USA"):
        with pytest.raises(UsageError, match="No region"):
            abi.region(unknown)
    assert (abi.decade(1999.0), abi.decade(float("nan"))) == ("1990s", "not known")


def test_unknown_codes_are_refused():
    with pytest.raises(UsageError, match="Unknown domains"):
        abi.co_occurrence(TOY.assign(domains="magic"))
    with pytest.raises(UsageError, match="Name them"):
        abi.count_by(TOY, "comparator", "evaluation_exists", ["yes"], ["yes", "unknown"])


def test_counts_keep_empty_combinations():
    counts = abi.count_by(
        TOY, "comparator", "evaluation_exists", ["yes", "no"], ["no", "yes", "unknown"]
    )
    assert counts.loc["yes"].tolist() == [0, 1, 0] and counts.loc["no"].tolist() == [0, 1, 1]


def test_the_compiled_table(root):
    table = load("abi_programmes", root).table
    # 84 programmes and 68 initiatives as compiled, less one that no page stands behind.
    assert len(table) == 83
    proper = abi.initiatives(table)
    assert len(proper) == 67
    assert (proper["evaluation_exists"] == "yes").sum() == 58
    assert (proper["verified_on_page"] == "yes").sum() == 45
    assert table["source_url"].notna().all()
    assert proper["country_iso3"].map(abi.region).notna().all()
