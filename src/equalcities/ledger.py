"""The ledger: every number and figure that the book prints, and the check that it stays.

A notebook publishes; ``results/<notebook>.json`` holds what was accepted. A run that gives
another value fails until ``make results`` accepts it, so that each change shows in a review.
"""

from __future__ import annotations

import base64
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from equalcities import catalog
from equalcities.errors import LedgerError

NUMBER_MIME = "application/vnd.equalcities.number+json"
FIGURE_MIME = "application/vnd.equalcities.figure+json"
PUBLISHED = "equalcities"
"""Key in an output's metadata that marks it as published, with the kind as its value."""
ACCEPT_VARIABLE = "EQUALCITIES_LEDGER"
KEY_PATTERN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
SHORTEST_ALT = 30
ACCEPT_ADVICE = "If the change is meant, run 'make results' and say why in CHANGELOG.md"


@dataclass(frozen=True)
class Number:
    """One published number.

    Attributes
    ----------
    key : str
        Its name for ever, such as ``panel72.gdp.areas``.
    value : float, int or str
        The value itself, not rounded. Text is allowed for names of places.
    interval : tuple of float or None
        Lower and upper limit.
    interval_label : str
        What the interval is, such as ``95% interval``.
    unit, fmt : str
        The unit in words and the format specification for print.
    tol : float
        How far a later run may be from ``value``, relative to ``max(1, |value|)``.
    evidence_class : str
        The weakest class among its inputs.
    data : tuple of str
        Ids of the datasets it rests on.
    simulation : str
        For simulated results: what generated the inputs, with the seed.
    notebook : str
        Which notebook publishes it.
    about : str
        One line that says what it is.
    """

    key: str
    value: float | int | str
    interval: tuple[float, float] | None
    interval_label: str
    unit: str
    fmt: str
    tol: float
    evidence_class: str
    data: tuple[str, ...]
    simulation: str
    notebook: str
    about: str

    @property
    def text(self) -> str:
        """The value as printed."""
        return format_value(self.value, self.fmt)

    @property
    def interval_text(self) -> str:
        """The interval as printed, empty if there is none."""
        if self.interval is None:
            return ""
        low, high = (format_value(limit, self.fmt) for limit in self.interval)
        return f"{self.interval_label} {low} to {high}"


@dataclass(frozen=True)
class Figure:
    """One published figure; ``table`` is the CSV text of the data behind it."""

    key: str
    caption: str
    alt: str
    evidence_class: str
    data: tuple[str, ...]
    simulation: str
    notebook: str
    tol: float
    table: str = field(repr=False)


@dataclass(frozen=True)
class Withdrawn:
    """A key that is no longer published, and stays listed."""

    key: str
    kind: str
    notebook: str
    last: str
    since: str
    reason: str


class Published(NamedTuple):
    """What a notebook, or the whole book, publishes."""

    numbers: dict[str, Number]
    figures: dict[str, Figure]
    withdrawn: dict[str, Withdrawn]


def format_value(value: float | int | str, fmt: str) -> str:
    """Format a value for print, with a true minus sign.

    Raises
    ------
    LedgerError
        If ``fmt`` is no format specification for such a value.
    """
    try:
        text = format(value, fmt)
    except ValueError as error:
        raise LedgerError(
            f"The format '{fmt}' does not fit {value!r}. Take a Python format specification, "
            "such as '.2f' or ',.0f'."
        ) from error
    return text.replace("-", "−") if not isinstance(value, str) else text


def anchor(key: str, kind: str) -> str:
    """Return the stable address of a number (``num``) or figure (``fig``) within its page."""
    return f"{kind}-" + re.sub(r"[._]", "-", key)


# --- publishing, called in notebooks -----------------------------------------------------


def open_ledger(
    notebook: str, root: Path | None = None
) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return ``publish`` and ``publish_figure`` for one notebook.

    Parameters
    ----------
    notebook : str
        The notebook's name, without an ending. It is given, never guessed from the working
        folder, because equal code is executed once whatever its file is called.
    root : Path, optional
        The checkout; found by itself when left out.

    Returns
    -------
    publish : callable
        ``publish(key, value, *, about, unit, fmt, data, interval=None,
        interval_label="95% interval", tol=1e-6, simulation="")``
    publish_figure : callable
        ``publish_figure(key, fig, *, caption, alt, table, data, tol=1e-6, simulation="")``

    Examples
    --------
    >>> publish, publish_figure = open_ledger("the_72_cities")
    >>> publish("panel72.areas", 72, about="areas in the panel", unit="areas", fmt="d",
    ...         data=["panel72"])
    """
    session = _Session(notebook, root or catalog.project_root())
    return session.publish, session.publish_figure


class _Session:
    def __init__(self, notebook: str, root: Path) -> None:
        self.notebook, self.root = notebook, root
        self.accepting = os.environ.get(ACCEPT_VARIABLE) == "accept"
        self.accepted = read_results(root, notebook)
        self.seen: set[str] = set()

    def publish(
        self,
        key: str,
        value: float | int | str,
        *,
        about: str,
        unit: str,
        fmt: str,
        data: Sequence[str] = (),
        interval: tuple[float, float] | None = None,
        interval_label: str = "95% interval",
        tol: float = 1e-6,
        simulation: str = "",
    ) -> None:
        """Publish a number under a key; see `Number` for the parameters.

        Raises
        ------
        LedgerError
            If the key, value, unit or source is unfit, or the value is not the accepted one.
        """
        number = Number(
            key=self._fresh(key, "num"),
            value=_plain(value, key),
            interval=None if interval is None else _limits(interval, key),
            interval_label=interval_label if interval is not None else "",
            unit=unit,
            fmt=fmt,
            tol=tol,
            evidence_class=self._class(key, data, simulation),
            data=tuple(data),
            simulation=simulation,
            notebook=self.notebook,
            about=about,
        )
        if not about or not unit:
            raise LedgerError(
                f"'{key}' says not what it is or in which unit. Give about= and unit=."
            )
        text = f"{key} = {number.text} {unit} ({number.evidence_class})"
        self._check(number_changes(self.accepted.numbers.get(key), number), key)
        _display({NUMBER_MIME: asdict(number), "text/plain": f"published {text}"}, "number")

    def publish_figure(
        self,
        key: str,
        fig: Any,
        *,
        caption: str,
        alt: str,
        table: pd.DataFrame,
        data: Sequence[str] = (),
        tol: float = 1e-6,
        simulation: str = "",
    ) -> None:
        """Publish a figure with its caption, alt text and the data behind it.

        Parameters
        ----------
        key : str
            Its name for ever; the address on its page is ``#fig-<key>``.
        fig : matplotlib.figure.Figure
            The figure. It is closed after it has been drawn.
        caption : str
            What is shown and how to read it.
        alt : str
            The finding, for readers who don't see the figure.
        table : DataFrame
            The data behind the figure, offered for download and compared at every run.
        data, tol, simulation
            As for a number.

        Raises
        ------
        LedgerError
            If alt text, caption, table or source is missing, or anything differs from what
            was accepted.
        """
        self._fresh(key, "fig")
        if len(alt.strip()) < SHORTEST_ALT:
            raise LedgerError(
                f"The figure '{key}' has no alt text that states its finding. Give alt= "
                f"with at least {SHORTEST_ALT} characters."
            )
        if not caption.strip() or not len(table):
            raise LedgerError(
                f"The figure '{key}' has no caption or no table. Give caption= and table=."
            )
        figure = Figure(
            key=key,
            caption=" ".join(caption.split()),
            alt=" ".join(alt.split()),
            evidence_class=self._class(key, data, simulation),
            data=tuple(data),
            simulation=simulation,
            notebook=self.notebook,
            tol=tol,
            table=table_text(table),
        )
        svg, png = draw(fig, key)
        self._check(figure_changes(self.accepted.figures.get(key), figure), key)
        bundle = asdict(figure) | {"svg": svg}
        _display({FIGURE_MIME: bundle, "image/png": png, "text/plain": figure.alt}, "figure")

    def _fresh(self, key: str, kind: str) -> str:
        if not KEY_PATTERN.fullmatch(key):
            raise LedgerError(
                f"'{key}' can't be a key. Use lower-case letters and digits, parted by . _ or -."
            )
        if anchor(key, kind) in self.seen:
            raise LedgerError(
                f"'{key}' is published twice, or shares its address with another key. Rename one."
            )
        self.seen.add(anchor(key, kind))
        if key in self.accepted.withdrawn:
            raise LedgerError(_withdrawn_advice(key))
        return key

    def _class(self, key: str, data: Sequence[str], simulation: str) -> str:
        if isinstance(data, str):
            raise LedgerError(f"'{key}': data= takes a list of dataset ids. Write data=['{data}'].")
        if not data and not simulation:
            raise LedgerError(
                f"'{key}' names no source. Give data= (dataset ids) or simulation= (what drew it)."
            )
        classes = [catalog.read_record(name, self.root).evidence_class for name in data]
        return catalog.weakest(classes + (["simulated"] if simulation else []))

    def _check(self, changes: list[str], key: str) -> None:
        if changes and not self.accepting:
            raise LedgerError(
                f"results/{self.notebook}.json, '{key}': {'; '.join(changes)}. {ACCEPT_ADVICE}."
            )


def _withdrawn_advice(key: str) -> str:
    return f"'{key}' was withdrawn; keys are for ever. Publish under a new key."


def _display(bundle: dict[str, Any], kind: str) -> None:
    from IPython.display import publish_display_data

    publish_display_data(bundle, metadata={PUBLISHED: kind})


def _plain(value: Any, key: str) -> float | int | str:
    """Turn NumPy scalars into Python ones: their repr would otherwise reach the page."""
    if isinstance(value, str):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LedgerError(f"'{key}' has the value {value!r}. Publish a finite number or a name.")
    return value


def _limits(interval: Iterable[Any], key: str) -> tuple[float, float]:
    low, high = (_plain(limit, key) for limit in interval)
    if low > high:
        raise LedgerError(
            f"'{key}' has an interval from {low} to {high}. Give the lower limit first."
        )
    return low, high


def table_text(table: pd.DataFrame) -> str:
    """Return a figure's table as CSV text, the same on every machine."""
    return table.to_csv(index=False, lineterminator="\n", float_format="%.10g")


def draw(fig: Any, key: str) -> tuple[str, str]:
    """Draw a matplotlib figure as SVG text and base64 PNG, the same bytes for the same figure."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    svg, png = io.BytesIO(), io.BytesIO()
    # The salt makes the ids inside the SVG depend on the figure's key instead of on chance.
    with mpl.rc_context({"svg.hashsalt": key, "svg.fonttype": "path"}):
        fig.savefig(svg, format="svg", bbox_inches="tight", metadata={"Date": None})
        fig.savefig(png, format="png", bbox_inches="tight", dpi=160)
    plt.close(fig)
    return svg.getvalue().decode(), base64.b64encode(png.getvalue()).decode()


# --- comparing ---------------------------------------------------------------------------


def moved(old: Any, new: Any, tol: float) -> bool:
    """Say whether a value differs by more than ``tol`` relative to ``max(1, |old|)``."""
    if isinstance(old, str) or isinstance(new, str):
        return old != new
    return not abs(new - old) <= tol * max(1.0, abs(old))


def number_changes(old: Number | None, new: Number) -> list[str]:
    """Describe in words how a number differs from the accepted one; empty if it doesn't."""
    if old is None:
        return [f"it is new ({new.text} {new.unit})"]
    found = []
    if moved(old.value, new.value, old.tol):
        found.append(f"the value moved from {old.value!r} to {new.value!r} (tolerance {old.tol:g})")
    if (old.interval is None) != (new.interval is None) or (
        old.interval
        and new.interval
        and any(moved(a, b, old.tol) for a, b in zip(old.interval, new.interval, strict=True))
    ):
        found.append(f"the interval moved from {old.interval} to {new.interval}")
    return found + _field_changes(old, new, exclude=("value", "interval"))


def figure_changes(old: Figure | None, new: Figure) -> list[str]:
    """Describe in words how a figure differs from the accepted one; empty if it doesn't."""
    if old is None:
        return ["the figure is new"]
    return table_changes(old.table, new.table, old.tol) + _field_changes(
        old, new, exclude=("table",)
    )


def _field_changes(old: Any, new: Any, exclude: Sequence[str]) -> list[str]:
    before, after = asdict(old), asdict(new)
    return [
        f"{name} changed from {before[name]!r} to {after[name]!r}"
        for name in before
        if name not in exclude and before[name] != after[name]
    ]


def table_changes(old: str, new: str, tol: float) -> list[str]:
    """Describe where the data behind a figure moved: the first cell and how many in all."""
    if old == new:
        return []
    before, after = (_cells(text) for text in (old, new))
    if before[:1] != after[:1] or len(before) != len(after):
        return [f"its table changed from {_shape(before)} to {_shape(after)}"]
    found = [
        (row, name, a, b)
        for row, (left, right) in enumerate(zip(before[1:], after[1:], strict=True), start=1)
        for name, a, b in zip(before[0], left, right, strict=True)
        if moved(_number(a), _number(b), tol)
    ]
    if not found:
        return []
    row, name, a, b = found[0]
    return [f"its table moved in {len(found)} cells, first row {row} '{name}': {a} to {b}"]


def _cells(text: str) -> list[list[str]]:
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, header=None)
    return frame.to_numpy().tolist()


def _shape(cells: list[list[str]]) -> str:
    return f"{len(cells) - 1} rows of {len(cells[0])} columns ({', '.join(cells[0])})"


def _number(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


# --- reading and writing what was accepted -------------------------------------------------


def read_results(root: Path, notebook: str | None = None) -> Published:
    """Read what was accepted, for one notebook or for the whole book.

    Parameters
    ----------
    root : Path
        The checkout.
    notebook : str, optional
        Only this notebook's.

    Returns
    -------
    Published

    Raises
    ------
    LedgerError
        If a file is damaged, or two notebooks publish one address.
    """
    files = sorted((root / "results").glob(f"{notebook or '*'}.json"))
    published = Published({}, {}, {})
    owners: dict[str, str] = {}
    for path in files:
        where = f"results/{path.name}"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            part = _published_from(raw, path.stem, root)
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise LedgerError(
                f"{where} can't be read ({error}). Restore it from version control, or delete it "
                "and run 'make results'."
            ) from error
        for group, kind in ((part.numbers, "num"), (part.figures, "fig")):
            for key in group:
                other = owners.setdefault(anchor(key, kind), path.stem)
                if other != path.stem:
                    raise LedgerError(
                        f"'{key}' is published by both {other} and {path.stem}. Rename one."
                    )
        for whole, piece in zip(published, part, strict=True):
            whole.update(piece)
    return published


def _published_from(raw: dict[str, Any], notebook: str, root: Path) -> Published:
    numbers = {}
    for key, entry in raw["numbers"].items():
        interval = None if entry["interval"] is None else tuple(entry["interval"])
        fixed = {"key": key, "notebook": notebook, "interval": interval}
        numbers[key] = Number(**{**entry, **fixed, "data": tuple(entry["data"])})
    figures = {}
    for key, entry in raw["figures"].items():
        table = (root / "results" / "figures" / f"{key}.csv").read_text(encoding="utf-8")
        fixed = {"key": key, "notebook": notebook, "table": table}
        figures[key] = Figure(**{**entry, **fixed, "data": tuple(entry["data"])})
    withdrawn = {
        key: Withdrawn(key=key, notebook=notebook, **entry)
        for key, entry in raw["withdrawn"].items()
    }
    return Published(numbers, figures, withdrawn)


def from_outputs(outputs: Iterable[Mapping[str, Any]]) -> Published:
    """Collect what an executed notebook published from its cells' outputs.

    Parameters
    ----------
    outputs : iterable of mapping
        The ``data`` bundles of all outputs, in order.

    Returns
    -------
    Published
    """
    found = Published({}, {}, {})
    for bundle in outputs:
        if NUMBER_MIME in bundle:
            raw = dict(bundle[NUMBER_MIME])
            raw["interval"] = None if raw["interval"] is None else tuple(raw["interval"])
            raw["data"] = tuple(raw["data"])
            found.numbers[raw["key"]] = Number(**raw)
        if FIGURE_MIME in bundle:
            raw = {k: v for k, v in bundle[FIGURE_MIME].items() if k != "svg"}
            raw["data"] = tuple(raw["data"])
            found.figures[raw["key"]] = Figure(**raw)
    return found


def compare(accepted: Published, fresh: Published) -> list[str]:
    """Describe every difference between what was accepted and what a run published.

    Returns
    -------
    list of str
        One line per key; empty if the run gave the same answer.
    """
    again = [key for key in (*fresh.numbers, *fresh.figures) if key in accepted.withdrawn]
    if again:
        return [_withdrawn_advice(key) for key in again]
    lines = []
    for old, new, changes in (
        (accepted.numbers, fresh.numbers, number_changes),
        (accepted.figures, fresh.figures, figure_changes),
    ):
        for key, entry in new.items():
            lines += [f"'{key}': {change}" for change in changes(old.get(key), entry)]
        lines += [f"'{key}': no longer published" for key in old if key not in new]
    return lines


def accept(root: Path, notebook: str, fresh: Published, version: str, reason: str) -> list[str]:
    """Make a run's results the accepted ones, and keep withdrawn keys listed.

    Parameters
    ----------
    root : Path
        The checkout.
    notebook : str
        Whose results these are.
    fresh : Published
        What the run published.
    version : str
        The book's version, for keys that are withdrawn now.
    reason : str
        Why, for keys that are withdrawn now.

    Returns
    -------
    list of str
        What changed, one line per key, old → new.

    Raises
    ------
    LedgerError
        If a withdrawn key is published again.
    """
    accepted = read_results(root, notebook)
    lines = compare(accepted, fresh)
    if accepted.withdrawn.keys() & (fresh.numbers.keys() | fresh.figures.keys()):
        raise LedgerError(" ".join(lines))
    gone = [
        Withdrawn(key, kind, notebook, last, version, reason)
        for kind, old, new in (
            ("number", accepted.numbers, fresh.numbers),
            ("figure", accepted.figures, fresh.figures),
        )
        for key, last in ((k, _last(old[k])) for k in old if k not in new)
    ]
    withdrawn = accepted.withdrawn | {entry.key: entry for entry in gone}
    # What moved by less than its tolerance stays as it was written: another processor is no news.
    numbers = _kept(accepted.numbers, fresh.numbers, number_changes)
    figures = _kept(accepted.figures, fresh.figures, figure_changes)
    folder = root / "results" / "figures"
    for figure in figures.values():
        catalog.write_whole(folder / f"{figure.key}.csv", figure.table.encode())
    for entry in gone:
        if entry.kind == "figure":
            (folder / f"{entry.key}.csv").unlink()
    content = {
        "numbers": {k: _without(v, "key", "notebook") for k, v in numbers.items()},
        "figures": {k: _without(v, "key", "notebook", "table") for k, v in figures.items()},
        "withdrawn": {k: _without(v, "key", "notebook") for k, v in withdrawn.items()},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    catalog.write_whole(root / "results" / f"{notebook}.json", text.encode())
    return lines


def _kept(
    old: Mapping[str, Any], new: Mapping[str, Any], changes: Callable[[Any, Any], list[str]]
) -> dict[str, Any]:
    return {
        key: old[key] if key in old and not changes(old[key], entry) else entry
        for key, entry in new.items()
    }


def _last(entry: Number | Figure) -> str:
    return f"{entry.text} {entry.unit}" if isinstance(entry, Number) else entry.caption


def _without(entry: Any, *names: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(entry).items() if key not in names}
