"""Pages of the recommendations, each with a drawing of what it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd

from equalcities import guidance
from equalcities.catalog import Record
from equalcities.guidance import Recommendation
from equalcities.ledger import Number, Published, anchor
from equalcities.site.evidence_graph import Node, evidence_graph

ACTIONS = {
    1: "Measure segregation and access to services",
    2: "Equality in result-based funding",
    3: "Participation that reaches everyone",
}
LAYERS = ("recommendation", "number or practice", "notebook", "data", "source")
GUIDES = {1: "guide_measure", 2: "guide_funding", 3: "guide_participation"}
NAMED = {"city": "cities", "national government": "national governments"}
"""How the addressees are called on the pages."""


def recommendation_pages(
    recommendations: Sequence[Recommendation],
    ledger: Published,
    records: Mapping[str, Record],
    practices: pd.DataFrame,
    titles: Mapping[str, str],
) -> dict[str, str]:
    """Make a page for each recommendation.

    Parameters
    ----------
    recommendations : sequence of Recommendation
    ledger : Published
    records : mapping of str to Record
        By dataset.
    practices : DataFrame
        Table of ``participation_practices``.
    titles : mapping of str to str
        Of the notebooks.

    Returns
    -------
    dict of str to str
        File name and Markdown of each page, ``index`` for the list of all.
    """
    names = practices.set_index("practice_id")["name"]
    pages = {"index": _index(recommendations, ledger)}
    for one in recommendations:
        pages[one.id] = _page(one, ledger, records, names, titles)
    return pages


def _index(recommendations: Sequence[Recommendation], ledger: Published) -> str:
    parts = []
    for action, name in ACTIONS.items():
        rows = [one for one in recommendations if one.action == action]
        lines = "\n".join(
            f"- {{doc}}`{one.title} </book/recommendations/{one.id}>`. For "
            f"{_addressees(one)}. Certainty: {one.certainty}. "
            f"{_class_words(one, ledger)}"
            for one in rows
        )
        parts.append(f"## {name}\n\n{lines}")
    return (
        "# Recommendations\n\nEach recommendation names the numbers and practices it rests on, how "
        "certain it is, and what would change it. They are this book's, drafted for discussion; no "
        "institution has adopted them.\n\n:::{note}\nCertainty follows the words of GRADE and is "
        "one reviewer's judgement. It can't be higher than the weakest evidence allows: *moderate* "
        "where something was compiled from publications, *low* where a simulation enters. A "
        "recommendation that rests on simulations alone is called a **method recommendation**: it "
        "says how to work, and is no evidence that it works. Certainty is of the finding. Whether "
        "a recommendation works where it is followed was studied for none of them.\n:::\n\n"
        + "\n\n".join(parts) + "\n"
    )  # fmt: skip


def _class_words(one: Recommendation, ledger: Published) -> str:
    if guidance.kind(one, ledger) == guidance.METHOD:
        return "Method recommendation, from simulations only."
    return f"Weakest evidence: {guidance.evidence_class(one, ledger)}."


def _addressees(one: Recommendation) -> str:
    words = [NAMED.get(name, name) for name in one.addressees]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _page(
    one: Recommendation,
    ledger: Published,
    records: Mapping[str, Record],
    names: pd.Series,
    titles: Mapping[str, str],
) -> str:
    facts = {
        "Addressed to": _addressees(one),
        "Action of the Partnership": ACTIONS[one.action],
        "Lever": one.lever,
        "Evidence": _class_words(one, ledger),
        "Certainty": f"**{one.certainty}**. {one.certainty_reasons}",
        "What would change it": one.change,
        "Cost and feasibility": one.cost,
        "First step within a year": one.first_step,
        "How to do it": f"{{doc}}`/book/guidance/{GUIDES[one.action]}`",
        "Indicator to watch": one.indicator,
        "What it doesn't say": one.limits,
    }
    rows = "\n".join(f"* - {name}\n  - {text}" for name, text in facts.items())
    steps = guidance.walk(one, ledger, records)
    return f"""# {one.title}

{one.text}

:::{{list-table}}
:widths: 26 74
:stub-columns: 1
:class: record

{rows}
:::

## What it rests on

{_list(one, steps, records, names)}

::::{{only}} builder_html

Drawn from the recommendation to its sources. Each box with a coloured frame leads to what it names.

```{{raw}} html
{graph(one, steps, records, names, titles)}
```
::::
"""


def _list(
    one: Recommendation,
    steps: Sequence[guidance.Step],
    records: Mapping[str, Record],
    names: pd.Series,
) -> str:
    lines = []
    for key in one.numbers:
        mine = [step for step in steps if step.number.key == key]
        number = mine[0].number
        lines.append(
            f"- {{numci}}`{key}`{_unit(number)}: {number.about} ({number.evidence_class}), from "
            f"{{doc}}`/notebooks/{number.notebook}`"
        )
        for step in mine:
            if step.dataset:
                title = records[step.dataset].title
                lines.append(f"  - data: {{doc}}`{title} </book/data/{step.dataset}>`")
            else:
                lines.append(f"  - simulated by {step.source}")
    for practice in one.practices:
        lines.append(
            f"- practice: {{doc}}`{names[practice]} </book/practices/{practice}>` (compiled)"
        )
    return "\n".join(lines)


def _unit(number: Number) -> str:
    """Return what stands between a number and what it is about: its unit, unless said there."""
    return "" if number.unit in re.findall(r"\w+", number.about) else f" {number.unit}"


def graph(
    one: Recommendation,
    steps: Sequence[guidance.Step],
    records: Mapping[str, Record],
    names: Mapping[str, str],
    titles: Mapping[str, str],
) -> str:
    """Draw the ways from a recommendation to its sources as an SVG with links.

    Parameters
    ----------
    one : Recommendation
    steps : sequence of Step
        Its ways to the sources, from ``guidance.walk``.
    records : mapping of str to Record
        By dataset.
    names : mapping of str to str
        Of the practices, by key.
    titles : mapping of str to str
        Of the notebooks.

    Returns
    -------
    str
        The same input gives the same text.
    """
    top = Node(0, one.title)
    edges: dict[tuple[Node, Node], None] = {}
    for step in steps:
        number, book = step.number, step.notebook
        said = f"{number.text}{_unit(number)}: {number.about} ({number.evidence_class})"
        way = [
            top,
            Node(1, said, f"../ledger.html#{anchor(number.key, 'num')}"),
            Node(2, titles[book], f"../../notebooks/{book}.html"),
        ]
        if step.dataset:
            way += _data(records[step.dataset])
        else:
            way.append(Node(3, "simulated in the notebook"))
        edges |= dict.fromkeys(pairwise(way))
    for practice in one.practices:
        case = Node(1, f"practice: {names[practice]} (compiled)", f"../practices/{practice}.html")
        # Cases come from no notebook: their lines pass that layer together.
        way = [top, case, Node(2, ""), *_data(records["participation_practices"])]
        edges |= dict.fromkeys(pairwise(way))
    label = f"What “{one.title}” rests on; the list above says the same in words"
    return evidence_graph(label, LAYERS, list(edges))


def _data(record: Record) -> list[Node]:
    link = record.source_url if record.source_url.startswith("http") else ""
    return [Node(3, record.title, f"../data/{record.id}.html"), Node(4, record.producer, link)]
