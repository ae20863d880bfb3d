"""The drawing of what rests on what: complete, without overlap, the same every time."""

import re
from itertools import combinations, pairwise

import pytest
from bs4 import BeautifulSoup

from equalcities.site.evidence_graph import GUTTER, LETTER, NARROW, PAD, Node, evidence_graph

LAYERS = ("top", "a", "b", "c")
TOP = Node(0, "The top of it all")
A1, A2 = Node(1, "first of a & co", "a1.html"), Node(1, "second of a " * 6, "a2.html")
A3, BEND = Node(1, "third, past b", "a3.html"), Node(2, "")
B1, B2 = Node(2, "first of b", "b1.html"), Node(2, "second of b")
C1 = Node(3, "first of c", "c1.html?x=1&y=2")
EDGES = [
    (TOP, A1), (A1, B1), (B1, C1), (TOP, A2), (A2, B1), (A2, B2), (B2, C1),
    (TOP, A3), (A3, BEND), (BEND, C1),
]  # fmt: skip


@pytest.fixture(scope="module")
def wide():
    return _drawings()[0]


@pytest.fixture(scope="module")
def narrow():
    return _drawings()[1]


def _drawings():
    return BeautifulSoup(evidence_graph("A drawing", LAYERS, EDGES), "html.parser").find_all("svg")


def _boxes(drawing):
    return [
        tuple(float(rect[name]) for name in ("x", "y", "width", "height"))
        for rect in drawing.find_all("rect")
    ]


def _said(shape):
    return " ".join(part.get_text() for part in shape.find_all("tspan"))


def test_the_same_input_gives_the_same_text():
    assert evidence_graph("A", LAYERS, EDGES) == evidence_graph("A", LAYERS, list(EDGES))


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_every_node_is_drawn_once_with_its_link_in_order_of_the_layers(name, request):
    drawing = request.getfixturevalue(name)
    drawn = [(_said(rect.parent), rect.parent.get("href")) for rect in drawing.find_all("rect")]
    # A keyboard goes through the links in the order of the text.
    wanted = [TOP, A1, A2, A3, B1, B2, C1]
    assert sorted(drawn) == sorted((node.text.strip(), node.link or None) for node in wanted)
    assert drawn[0][0] == TOP.text and drawing["aria-label"] == "A drawing"
    if name == "narrow":
        assert [text for text, _ in drawn] == [node.text.strip() for node in wanted]


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_boxes_lie_apart_and_hold_their_text(name, request):
    drawing = request.getfixturevalue(name)
    left, top, width, height = map(float, drawing["viewbox"].split())
    for x, y, w, h in _boxes(drawing):
        assert left <= x and x + w <= left + width and top <= y and y + h <= top + height
    for (x, y, w, h), (x2, y2, w2, h2) in combinations(_boxes(drawing), 2):
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    for rect in drawing.find_all("rect"):
        for part in rect.parent.find_all("tspan"):
            assert len(part.get_text()) * LETTER <= float(rect["width"]) - 2 * PAD
            assert float(rect["y"]) < float(part["y"]) < float(rect["y"]) + float(rect["height"])


def test_the_narrow_drawing_fits_a_phone_and_its_lines_stay_left(narrow):
    assert NARROW <= 358  # a phone of 390 pixels, less the theme's margins
    for path in narrow.find_all("path"):
        across = [float(x) for x in re.findall(r"[MH](-?\d+)", path["d"])]
        assert all(0 <= x <= GUTTER for x in across)


def test_lines_lead_from_layer_to_layer(wide):
    curves = [p["d"] for p in wide.find_all("path") if "C" in p["d"]]
    assert len(curves) == len([one for one, _ in EDGES if one is not TOP])
    left = {x for x, _, _, _ in _boxes(wide)}
    right = {x + w for x, _, w, _ in _boxes(wide)}
    for curve in curves:
        start, end = re.match(r"M(-?\d+) .* (-?\d+) -?\d+(?:H\d+)?$", curve).groups()
        assert float(start) in right and float(end) in left


def test_lines_of_the_narrow_drawing_that_mean_different_things_share_no_column(narrow):
    trunks = [re.match(r"M(\d+) (\d+)V(\d+)", p["d"]).groups() for p in narrow.find_all("path")]
    trunks = sorted(tuple(map(float, trunk)) for trunk in trunks)
    assert len(trunks) == 5  # of the top, of each in a, and of all in b together
    for (x, _, down), (x2, up, _) in pairwise(trunks):
        assert x != x2 or down < up


def test_many_bundles_of_lines_widen_the_room_for_them():
    ends = [Node(2, f"end {n}") for n in range(12)]
    starts = [Node(1, f"start {n}") for n in range(12)]
    edges = [(TOP, start) for start in starts]
    edges += list(zip(starts, ends, strict=True))
    drawing = BeautifulSoup(evidence_graph("A", LAYERS[:3], edges), "html.parser").find_all("svg")[
        1
    ]
    trunks = [float(re.match(r"M(-?\d+) ", path["d"])[1]) for path in drawing.find_all("path")]
    assert min(trunks) >= 0 and len(set(trunks)) == 13
    assert max(trunks) < min(x for x, _, _, _ in _boxes(drawing))


def test_a_layer_without_boxes_has_no_heading():
    for drawing in BeautifulSoup(
        evidence_graph("A", LAYERS, [(TOP, A1), (A1, B2)]), "html.parser"
    ).find_all("svg"):
        heads = [head.get_text() for head in drawing.select("text.head")]
        assert heads[-2:] == ["a", "b"] and "c" not in heads
