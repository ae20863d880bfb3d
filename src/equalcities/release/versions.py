"""Version numbers of the book, ``YEAR.N`` or ``YEAR.N.M``, and their order."""

from __future__ import annotations

import re

from equalcities.errors import EqualCitiesError, UsageError

RELEASED = re.compile(r"(20\d\d)\.(\d+)(?:\.(\d+))?")
UNDER_WAY = re.compile(rf"({RELEASED.pattern})(?:\.dev\d+)")


class ReleaseError(EqualCitiesError):
    """Something can't be frozen, published or verified as it is."""


def is_released_form(version: str) -> bool:
    """Say whether a version is that of a release, such as ``2026.1``."""
    return RELEASED.fullmatch(version) is not None


def intended(version: str) -> str:
    """Return the release that a version under way leads to: ``2026.2`` for ``2026.2.dev0``.

    Raises
    ------
    UsageError
        If it is no version of the book.
    """
    if is_released_form(version):
        return version
    match = UNDER_WAY.fullmatch(version)
    if match is None:
        raise UsageError(
            f"'{version}' is no version of the book. Write the year and a count, such as 2026.1."
        )
    return match.group(1)


def order(version: str) -> tuple[int, int, int]:
    """Return what versions are sorted by; one under way counts as the release it leads to."""
    year, count, patch = RELEASED.fullmatch(intended(version)).groups()
    return int(year), int(count), int(patch or 0)
