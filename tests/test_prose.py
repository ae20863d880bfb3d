"""Prose holds no hand-typed statistics."""

import re

import pytest

from equalcities.build import prose
from equalcities.errors import DataError


def test_the_book_s_prose_is_clean(root):
    prose.check_prose(root)


def test_every_page_is_read(root):
    names = {path.relative_to(root).as_posix() for path in prose.pages(root)}
    assert {"book/intro.md", "book/how_to_read.md", "notebooks/abi_map.md"} <= names
    assert not any(name.startswith("book/data/") for name in names)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It rose by 42.7 % in all.", ["42.7 %"]),
        ("It rose by 42.7% in all.", ["42.7%"]),
        ("Of 19 areas", ["19"]),
        ("seventeen of them", ["seventeen"]),
        ("Seventy-five cities", ["Seventy-five"]),
        ("two thirds of them", ["two thirds"]),
        ("five per cent more", ["five per cent"]),
        ("In 2024, and from 1990 to 2020", []),
        ("In 2024.5", ["2024.5"]),
        ("2024 %", ["2024 %"]),
        ("{num}`a.b` of {numci}`c.d2`", []),
        ("{num}`a.b` million people", []),
        ("325 million people", ["325", "million"]),
        ("the constant `x = 3`", []),
        ("[a link](page3.html)", []),
        ("the two largest, five indicators", []),
        ("see https://example.org/12", []),
        ("Article 5 says", []),
    ],
)
def test_what_counts_as_a_hand_typed_number(text, found):
    assert prose.hand_typed(text, [re.compile(r"Article \d+")]) == found


PAGE = """---
title: 12
---

# Heading

```{code-cell} ipython3
:tags: [hide-input]

x = 13
publish_figure("k", fig, caption=f"Of {n:.1f} areas, 14 stand out.", alt="None.")
```

```python
y = 15
```

:::{admonition} Sixteen things
:class: tip

It is 17.
:::

```{figure} a.png
:alt: Some 18 dots
:width: 300px
```

1. first
2. second, 19 of them

(label-20)=
"""


def test_pages_are_read_as_a_reader_sees_them(tmp_path, root):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book" / "prose_allow.yml").write_text("[]", encoding="utf-8")
    (tmp_path / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    found = [(f.line, f.text) for f in prose.findings(tmp_path)]
    assert found == [(11, "14"), (18, "Sixteen"), (21, "17"), (25, "18"), (30, "19")]
    with pytest.raises(prose.ProseError, match=r"(?s)book/page\.md, line 11: '14'.*\{num\}"):
        prose.check_prose(tmp_path)


def test_every_allowed_pattern_gives_its_reason(tmp_path, root):
    assert prose.allowed(root)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "prose_allow.yml").write_text("- pattern: '1'\n", encoding="utf-8")
    with pytest.raises(DataError, match="'pattern' and 'why'"):
        prose.allowed(tmp_path)


def test_no_allowed_pattern_is_idle(root):
    """A pattern that nothing needs any more would only widen the gate."""
    texts = [path.read_text(encoding="utf-8") for path in prose.pages(root)]
    for pattern in prose.allowed(root):
        assert any(pattern.search(text) for text in texts), pattern.pattern
