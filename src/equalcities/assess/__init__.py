"""One city's own files in, indicators and a readable report out; no measures of its own.

`read_city` reads and checks, `assess_city` computes, `report_html` writes for readers; `assess`
does all of it and writes a folder, as the command ``equalcities assess`` does.
"""

from equalcities.assess.command import Request, assess
from equalcities.assess.indicators import Results, Settings, assess_city
from equalcities.assess.intake import City, Layout, read_city
from equalcities.assess.problems import InputProblems, Problem
from equalcities.assess.reading import Source
from equalcities.assess.report import Wording, report_html

__all__ = [
    "City",
    "InputProblems",
    "Layout",
    "Problem",
    "Request",
    "Results",
    "Settings",
    "Source",
    "Wording",
    "assess",
    "assess_city",
    "read_city",
    "report_html",
]
