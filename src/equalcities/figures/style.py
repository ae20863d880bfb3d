"""House style: colours that readers with colour-blindness can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

import matplotlib as mpl

INK = "#22303a"
GREY = "#6b7780"
LAND = "#e3e7ea"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
RC = {
    "axes.edgecolor": GREY,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that drawings agree anywhere
    "font.size": 10,
    "grid.color": "#dfe4e8",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.left": False,
}


def use_house_style() -> None:
    """Set the house style for every figure of a notebook."""
    mpl.rcParams.update(mpl.rcParamsDefault | RC)


def thousands(value: float) -> str:
    """Format a value for an axis: thousands parted by commas, a true minus, few digits."""
    text = f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.1f}"
    return text.replace("-", "−")
