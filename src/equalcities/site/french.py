"""French forms of published numbers: decimal comma, narrow no-break space, words from a list."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

from equalcities.errors import LedgerError
from equalcities.ledger import Number, format_value

VALUES = Path("locale") / "fr" / "values.yml"
NARROW = "\u202f"
"""Narrow no-break space: between thousands, and before a per cent sign."""
CLASSES = {"observed": "observé", "compiled": "compilé", "simulated": "simulé"}


class Words(NamedTuple):
    """French words for what the ledger prints: interval labels, and values that are text."""

    labels: dict[str, str]
    texts: dict[str, dict[str, str]]


def read_words(root: Path) -> Words:
    """Read the French words of the ledger from ``locale/fr/values.yml``."""
    content = yaml.safe_load((root / VALUES).read_text(encoding="utf-8"))
    return Words(content["labels"], content["texts"])


def french_figures(text: str) -> str:
    """Write a number that is printed in English as French prints it.

    Parameters
    ----------
    text : str
        A formatted number, such as ``1,234.5`` or ``12.3%``.

    Returns
    -------
    str
        Such as ``1 234,5`` and ``12,3 %``, with narrow no-break spaces.
    """
    swapped = text.translate({ord(","): NARROW, ord("."): ","})
    return swapped.replace("%", f"{NARROW}%")


def french_value(entry: Number, words: Words) -> str:
    """Write a published value in French.

    Raises
    ------
    LedgerError
        If the value is text without a translation, or its translation is of another text.
    """
    if not isinstance(entry.value, str):
        return french_figures(entry.text)
    known = words.texts.get(entry.key)
    if known is None or known["en"] != entry.text:
        was = f", which was '{known['en']}'" if known else ""
        raise LedgerError(
            f"The text '{entry.text}' of {entry.key} has no French translation{was}. "
            f"Translate it in {VALUES.as_posix()}, under texts."
        )
    return known["fr"]


def french_interval(entry: Number, words: Words) -> str:
    """Write the interval of a published value in French, empty if there is none.

    Raises
    ------
    LedgerError
        If there is no French for what the interval is.
    """
    if entry.interval is None:
        return ""
    if entry.interval_label not in words.labels:
        raise LedgerError(
            f"'{entry.interval_label}', the label of {entry.key}'s interval, has no French "
            f"translation. Add it in {VALUES.as_posix()}, under labels."
        )
    low, high = (french_figures(format_value(limit, entry.fmt)) for limit in entry.interval)
    return f"{words.labels[entry.interval_label]} de {low} à {high}"
