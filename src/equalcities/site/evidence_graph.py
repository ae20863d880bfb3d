"""Drawings of what rests on what: boxes in layers, as plain SVG with links.

Two drawings of the same boxes: layers beside each other for a wide column of text, and layers below
each other for a phone. The style sheet shows the one that fits.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LINE, PAD, GAP, LETTER = 15, 7, 10, 7.0
"""Pixels: height of a line, padding and distance of boxes, width of an average letter."""
TRUNK, BOX, BETWEEN = 20, 150, 28
"""The wide drawing: room for lines from the top box, width of a box, room between layers."""
NARROW, GUTTER, STEP = 340, 44, 7
"""The narrow drawing: its width, room for lines on the left, distance of lines there."""


class Node(NamedTuple):
    """A box: its layer, what it says, where it leads.

    A box without text is a bend in a line that passes a layer.
    """

    layer: int
    text: str
    link: str = ""


Edge = tuple[Node, Node]


class Box(NamedTuple):
    """Where a node stands, in pixels, and its text broken into lines."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]

    @property
    def middle(self) -> float:
        """Height of the middle."""
        return self.y + self.height / 2


def evidence_graph(label: str, layers: Sequence[str], edges: Sequence[Edge]) -> str:
    """Draw a layered graph from one node at the top.

    Parameters
    ----------
    label : str
        What a screen reader says of the drawing.
    layers : sequence of str
        Names of the layers, the top one first.
    edges : sequence of tuple of Node
        From a layer to the next. All begin at the one node of the first layer.

    Returns
    -------
    str
        HTML with two SVG drawings. The same input gives the same text.
    """
    nodes = list(dict.fromkeys(node for edge in edges for node in edge))
    drawings = "\n".join(
        f'<div class="{name}">{_svg(label, *draw(layers, nodes, edges))}</div>'
        for name, draw in (("graph-wide", _wide), ("graph-narrow", _narrow))
    )
    return f'<div class="evidence-graph">\n{drawings}\n</div>'


def _wide(
    layers: Sequence[str], nodes: Sequence[Node], edges: Sequence[Edge]
) -> tuple[float, float, list[str]]:
    """Draw the top box across, and the other layers as columns below it."""
    columns = len(layers) - 1
    width = TRUNK + columns * BOX + (columns - 1) * BETWEEN
    top = nodes[0]
    at = {top: _box(top, 0, 0, width)}
    start = at[top].height + GAP
    for layer in range(1, len(layers)):
        x = TRUNK + (layer - 1) * (BOX + BETWEEN)
        _place_column([n for n in nodes if n.layer == layer], edges, at, x, start + LINE + GAP)
    heads = [
        _head(layers[layer], TRUNK + (layer - 1) * (BOX + BETWEEN), start + LINE)
        for layer in sorted({node.layer for node in nodes if node.text and node.layer})
    ]
    lines = [_trunk(at[top], [at[end] for one, end in edges if one == top])]
    lines += [_curve(at[one], at[end]) for one, end in edges if one != top]
    drawn = heads + lines + [_draw(node, at[node]) for node in nodes if node.text]
    return width, max(box.y + box.height for box in at.values()), drawn


def _place_column(
    column: Sequence[Node], edges: Sequence[Edge], at: dict[Node, Box], x: float, start: float
) -> None:
    """Place a layer's boxes near the middle of what leads to them, in that order."""
    wish = {
        node: [at[one].middle for one, end in edges if end == node and one in at and one.layer > 0]
        for node in column
    }
    middle = {node: sum(found) / len(found) if found else 0.0 for node, found in wish.items()}
    y = start
    for node in sorted(column, key=lambda node: middle[node]):
        box = _box(node, x, 0, BOX)
        y = max(y, middle[node] - box.height / 2)
        at[node] = box._replace(y=y)
        y += box.height + GAP


def _narrow(
    layers: Sequence[str], nodes: Sequence[Node], edges: Sequence[Edge]
) -> tuple[float, float, list[str]]:
    """Draw the layers below each other, with lines in a gutter on the left."""
    columns = [column for column, _, _ in _trunks(_stack(nodes, GUTTER), edges)]
    gutter = max(GUTTER, STEP * (max(columns) + 2))
    at = _stack(nodes, gutter)
    drawn = []
    for layer in sorted({node.layer for node in at}):
        first = min(box.y for node, box in at.items() if node.layer == layer)
        drawn.append(_head(layers[layer], gutter, first - GAP))
    for column, starts, ends in _trunks(at, edges):
        x = gutter - STEP * (column + 1)
        ys = [box.middle for box in (*starts, *ends)]
        ticks = "".join(f"M{x:.0f} {y:.0f}H{gutter:.0f}" for y in ys)
        heads = "".join(f"M{gutter - 5} {box.middle - 3:.0f}l5 3l-5 3" for box in ends)
        drawn.append(f'<path d="M{x:.0f} {min(ys):.0f}V{max(ys):.0f}{ticks}{heads}"/>')
    drawn += [_draw(node, box) for node, box in at.items()]
    return NARROW, max(box.y + box.height for box in at.values()), drawn


def _stack(nodes: Sequence[Node], gutter: float) -> dict[Node, Box]:
    """Place the boxes below each other, with room for the name of each layer."""
    at: dict[Node, Box] = {}
    y = 0.0
    shown = [node for node in nodes if node.text]
    for layer in sorted({node.layer for node in shown}):
        y += LINE + GAP
        for node in (node for node in shown if node.layer == layer):
            at[node] = _box(node, gutter, y, NARROW - gutter)
            y += at[node].height + GAP
    return at


def _trunks(
    at: Mapping[Node, Box], edges: Sequence[Edge]
) -> list[tuple[int, list[Box], list[Box]]]:
    """Gather the lines that lead to the same boxes, and give each such bundle a free column."""
    groups: dict[tuple[int, tuple[Node, ...]], list[Node]] = {}
    for node in at:
        ends = tuple(dict.fromkeys(_ends(node, edges)))
        if ends:
            groups.setdefault((node.layer, ends), []).append(node)
    taken: list[float] = []  # how far down each column is in use
    found = []
    for (_, ends), starts in groups.items():
        boxes = [at[node] for node in (*starts, *ends)]
        first, last = min(box.y for box in boxes), max(box.y + box.height for box in boxes)
        free = next((c for c, down in enumerate(taken) if down < first), len(taken))
        taken[free : free + 1] = [last]
        found.append((free, boxes[: len(starts)], boxes[len(starts) :]))
    return found


def _ends(node: Node, edges: Sequence[Edge]) -> list[Node]:
    """Return where a node's lines end, past their bends."""
    found = []
    for one, end in edges:
        if one == node:
            found += [end] if end.text else _ends(end, edges)
    return found


def _box(node: Node, x: float, y: float, width: float) -> Box:
    if not node.text:
        return Box(x, y, width, 0, ())
    lines = tuple(textwrap.wrap(node.text, int((width - 2 * PAD) / LETTER)))
    return Box(x, y, width, 2 * PAD + LINE * len(lines), lines)


def _svg(label: str, width: float, height: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" width="{width + 4:.0f}" '
        f'role="group" aria-label="{html.escape(label)}" xmlns="http://www.w3.org/2000/svg">\n'
        + "\n".join(drawn)
        + "\n</svg>"
    )


def _head(name: str, x: float, y: float) -> str:
    return f'<text class="head" x="{x:.0f}" y="{y:.0f}">{html.escape(name)}</text>'


def _curve(start: Box, end: Box) -> str:
    """Draw a line from the right of a box to the left of another; a bend's line goes on."""
    x1 = start.x + start.width
    middle = (x1 + end.x) / 2
    # A box without height is a bend: its line runs through to the far side.
    through = f"H{end.x + end.width:.0f}" if not end.height else ""
    return (
        f'<path d="M{x1:.0f} {start.middle:.0f}C{middle:.0f} {start.middle:.0f} '
        f'{middle:.0f} {end.middle:.0f} {end.x:.0f} {end.middle:.0f}{through}"/>'
    )


def _trunk(start: Box, ends: Sequence[Box]) -> str:
    x = TRUNK / 2
    ticks = "".join(f"M{x:.0f} {end.middle:.0f}H{end.x:.0f}" for end in ends)
    down = max(end.middle for end in ends)
    return f'<path d="M{x:.0f} {start.y + start.height:.0f}V{down:.0f}{ticks}"/>'


def _draw(node: Node, box: Box) -> str:
    words = "".join(
        f'<tspan x="{box.x + PAD:.0f}" y="{box.y + PAD + LINE * (place + 0.78):.0f}">'
        f"{html.escape(line)}</tspan>"
        for place, line in enumerate(box.lines)
    )
    shape = (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" rx="4"/><text>{words}</text>'
    )
    return f'<a href="{html.escape(node.link)}">{shape}</a>' if node.link else f"<g>{shape}</g>"
