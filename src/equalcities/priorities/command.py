"""``equalcities priorities``: the results of a workshop's own ballots."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from equalcities.catalog import write_whole
from equalcities.errors import UsageError
from equalcities.priorities.ballots import Ballots, ballot_form, read_ballots, warnings_about
from equalcities.priorities.rules import RULES, majority
from equalcities.priorities.stability import rank_intervals, turning_points, weight_sweep

HELP = "order domains by several rules from a workshop's ranked ballots, and say how firm it is"
EXAMPLE = "equalcities priorities ballots.csv --weight residents=2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "ballots", type=Path, nargs="?", help="a filled form: ballot, group, one column per domain"
    )
    parser.add_argument("--form", action="store_true", help="print an empty form and stop")
    parser.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="GROUP=FACTOR",
        help="how much each ballot of a group counts (1 if not given); may be repeated",
    )
    parser.add_argument(
        "--equal-groups", action="store_true", help="let each group count the same in sum"
    )
    parser.add_argument("--replicates", type=int, default=1000, help="samples (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the samples (default 1)")
    parser.add_argument("--out", type=Path, metavar="CSV", help="write the table to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print orders by rule, how firm they are, and warnings."""
    if options.form:
        print(ballot_form(), end="")
        return 0
    if options.ballots is None:
        raise UsageError("name a file with ballots, or ask for an empty form with --form.")
    ballots = read_ballots(options.ballots)
    weights = ballots.weights(_factors(options.weight), options.equal_groups)
    table = rank_intervals(
        ballots, rng=options.seed, replicates=options.replicates, weights=weights
    )
    if options.out:
        write_whole(options.out, table.to_csv(index=False, lineterminator="\n").encode())
    print(report(ballots, weights, table, options.equal_groups, options.seed, options.replicates))
    return 0


def report(
    ballots: Ballots,
    weights: pd.Series,
    table: pd.DataFrame,
    equal: bool,
    seed: int,
    replicates: int,
) -> str:
    """Write the result in words and columns.

    Parameters
    ----------
    ballots, weights
        What was read, and how much each ballot counts.
    table : DataFrame
        From `rank_intervals`.
    equal : bool
        Whether groups count the same, for the change of weights.
    seed, replicates : int
        For the record.

    Returns
    -------
    str
    """
    sizes = ballots.group.value_counts().sort_index()
    width = max(map(len, ballots.domains))
    lines = [
        f"{len(ballots.group)} ballots, {len(ballots.domains)} domains. Groups (ballots, share of "
        "the weight):"
    ]
    for name, size in sizes.items():
        share = weights[ballots.group == name].sum() / weights.sum()
        lines.append(f"  {name}: {size}, {100 * share:.0f}%")
    lines += ["", "Rank by rule, in brackets its 95% interval over ballots:", ""]
    mean = table.groupby("domain")["rank"].mean()
    sorted_domains = sorted(ballots.domains, key=lambda name: (mean[name], name))
    lookup = table.set_index(["rule", "domain"])
    lines.append(" " * width + "".join(f"  {rule:>20}" for rule in RULES))
    for domain in sorted_domains:
        cells = []
        for rule in RULES:
            row = lookup.loc[(rule, domain)]
            cells.append(f"{row['rank']:.0f} ({row['ci_low']:.0f}-{row['ci_high']:.0f})")
        lines.append(f"{domain:<{width}}" + "".join(f"  {cell:>20}" for cell in cells))
    lines += ["", "First place:"]
    for rule in RULES:
        own = table[(table["rule"] == rule) & (table["rank"] == 1)]
        firm = ", ".join(f"{row.domain} (first in {100 * row.first:.0f}% of samples)"
                         for row in own.itertuples())  # fmt: skip
        lines.append(f"  {rule}: {firm}")
    found = majority(ballots, weights)
    lines.append(
        f"By majorities: {found.winner} beats each other domain."
        if found.winner
        else "By majorities: no domain beats each other one."
    )
    lines += [f"Majorities run in a circle among: {', '.join(cycle)}." for cycle in found.cycles]
    lines += ["", "A change of one group's weight, from 0 to double (each ballot else as 1):"]
    if len(sizes) < 2:
        lines.append("  There is one group only.")
    else:
        turns = turning_points(weight_sweep(ballots, equal=equal))
        for row in turns.itertuples():
            lines.append(
                f"  {row.rule}, {row.group} from {row.after:.2f} to {row.by:.2f}: "
                f"{row.old} -> {row.new}"
            )
        if turns.empty:
            lines.append("  First place stays the same under every rule.")
    notes = warnings_about(ballots)
    lines += ["", "To look at:", *(f"  {note}" for note in notes or ["Nothing stands out."])]
    lines += [
        "",
        f"{replicates} samples of ballots within groups, seed {seed}. The result is the order of "
        "those who voted; it does not speak for those who were not there.",
    ]
    return "\n".join(lines)


def _factors(texts: list[str]) -> dict[str, float]:
    factors = {}
    for text in texts:
        name, mark, number = text.rpartition("=")
        try:
            factors[name] = float(number)
        except ValueError:
            factors[name] = np.nan
        if not mark or not name or np.isnan(factors[name]):
            raise UsageError(f"--weight {text!r} must look like residents=2.")
    return factors
