"""Pages of the recommendations, each with a drawing of what it rests on."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from equalcities import guidance
from equalcities.catalog import Record
from equalcities.guidance import Recommendation
from equalcities.ledger import Published, anchor

ACTIONS = {
    1: "Measure segregation and access to services",
    2: "Equality in result-based funding",
    3: "Participation that reaches everyone",
}
COLUMNS = ("recommendation", "number", "notebook", "data", "source")
WIDTH, COLUMN, BOX, LINE, PAD, GAP = 1120, 226, 200, 16, 8, 12


class Node(NamedTuple):
    """One box of the drawing: what it says and where it leads."""

    column: int
    text: str
    link: str


def recommendation_pages(
    recommendations: Sequence[Recommendation],
    ledger: Published,
    records: Mapping[str, Record],
    practices: pd.DataFrame,
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

    Returns
    -------
    dict of str to str
        File name and Markdown of each page, ``index`` for the list of all.
    """
    names = practices.set_index("practice_id")["name"]
    pages = {"index": _index(recommendations, ledger)}
    for one in recommendations:
        pages[one.id] = _page(one, ledger, records, names)
    return pages


def _index(recommendations: Sequence[Recommendation], ledger: Published) -> str:
    parts = []
    for action, name in ACTIONS.items():
        rows = [one for one in recommendations if one.action == action]
        lines = "\n".join(
            f"- {{doc}}`{one.title} </book/recommendations/{one.id}>` For "
            f"{_and(one.addressees)}. Certainty: {one.certainty}. "
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
        "says how to work, and is no evidence that it works.\n:::\n\n"
        + "\n\n".join(parts) + "\n"
    )  # fmt: skip


def _class_words(one: Recommendation, ledger: Published) -> str:
    if guidance.kind(one, ledger) == guidance.METHOD:
        return "Method recommendation, from simulations only."
    return f"Weakest evidence: {guidance.evidence_class(one, ledger)}."


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _page(
    one: Recommendation, ledger: Published, records: Mapping[str, Record], names: pd.Series
) -> str:
    facts = {
        "Addressed to": _and(one.addressees),
        "Action of the Partnership": ACTIONS[one.action],
        "Lever": one.lever,
        "Evidence": _class_words(one, ledger),
        "Certainty": f"**{one.certainty}**. {one.certainty_reasons}",
        "What would change it": one.change,
        "Cost and feasibility": one.cost,
        "First step within a year": one.first_step,
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

Drawn from left to right. Each box leads to what it names.

```{{raw}} html
{graph(one, steps, records, names)}
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
            f"- {{numci}}`{key}` {number.unit}: {number.about} ({number.evidence_class}), from "
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


def graph(
    one: Recommendation,
    steps: Sequence[guidance.Step],
    records: Mapping[str, Record],
    names: pd.Series,
) -> str:
    """Draw the ways from a recommendation to its sources as an SVG with links.

    Returns
    -------
    str
        Boxes in five columns; the same input gives the same text.
    """
    top = Node(0, one.title, "")
    edges: dict[tuple[Node, Node], None] = {}
    for step in steps:
        key, book = step.number.key, step.notebook
        way = [
            top,
            Node(1, f"{step.number.text} {step.number.unit}: {step.number.about}",
                 f"../ledger.html#{anchor(key, 'num')}"),
            Node(2, book.replace("_", " "), f"../../notebooks/{book}.html"),
        ]  # fmt: skip
        if step.dataset:
            record = records[step.dataset]
            way.append(Node(3, record.title, f"../data/{step.dataset}.html"))
            link = step.source if step.source.startswith("http") else ""
            way.append(Node(4, record.producer, link))
        else:
            way.append(Node(3, "simulated in the notebook", ""))
        edges |= dict.fromkeys(pairwise(way))
    for practice in one.practices:
        case = Node(1, f"practice: {names[practice]}", f"../practices/{practice}.html")
        data = Node(3, records["participation_practices"].title,
                    "../data/participation_practices.html")  # fmt: skip
        edges |= dict.fromkeys([(top, case), (case, data)])
    return _svg(one, list(edges))


def _svg(one: Recommendation, edges: Sequence[tuple[Node, Node]]) -> str:
    nodes = list(dict.fromkeys(node for edge in edges for node in edge))
    lines = {node: textwrap.wrap(node.text, 30) for node in nodes}
    high = {node: 2 * PAD + LINE * len(lines[node]) for node in nodes}
    columns = [[node for node in nodes if node.column == c] for c in range(len(COLUMNS))]
    tall = max(sum(high[n] + GAP for n in column) for column in columns) + 2 * LINE
    at: dict[Node, float] = {}
    for column in columns:
        y = 2 * LINE + (tall - 2 * LINE - sum(high[n] + GAP for n in column)) / 2
        for node in column:
            at[node] = y
            y += high[node] + GAP
    drawn = [
        f'<text class="head" x="{COLUMN * place}" y="{LINE}">{name}</text>'
        for place, name in enumerate(COLUMNS)
    ]
    drawn += [_edge(*edge, at, high) for edge in edges]
    drawn += [_box(node, lines[node], at[node], high[node]) for node in nodes]
    title = html.escape(f"What “{one.title}” rests on; the list above says the same in words")
    return (
        f'<div class="evidence-graph" tabindex="0"><svg viewBox="-2 0 {WIDTH} {tall:.0f}" '
        f'role="group" aria-label="{title}" xmlns="http://www.w3.org/2000/svg">\n'
        + "\n".join(drawn) + "\n</svg></div>"
    )  # fmt: skip


def _edge(start: Node, end: Node, at: Mapping[Node, float], high: Mapping[Node, int]) -> str:
    x1, x2 = COLUMN * start.column + BOX, COLUMN * end.column
    y1, y2 = at[start] + high[start] / 2, at[end] + high[end] / 2
    middle = (x1 + x2) / 2
    return f'<path d="M{x1} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2} {y2:.0f}"/>'


def _box(node: Node, lines: Sequence[str], y: float, high: int) -> str:
    x = COLUMN * node.column
    words = "".join(
        f'<tspan x="{x + PAD}" y="{y + PAD + LINE * (n + 0.75):.0f}">{html.escape(line)}</tspan>'
        for n, line in enumerate(lines)
    )
    box = f'<rect x="{x}" y="{y:.0f}" width="{BOX}" height="{high}" rx="4"/><text>{words}</text>'
    return f'<a href="{html.escape(node.link)}">{box}</a>' if node.link else f"<g>{box}</g>"
