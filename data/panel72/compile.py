"""Compile ``panel72.csv``: apply the panel's selection rule to ``fua_candidates``.

    python data/panel72/compile.py

Needs no raw file: the candidates are a dataset of this book.
"""

from pathlib import Path

from equalcities.catalog import load, save
from equalcities.panel import select_panel

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    candidates = load("fua_candidates", FOLDER.parent.parent).table
    members = candidates[candidates["oecd_member"] == "yes"]
    panel = select_panel(members).drop(columns="oecd_member")
    record = save(panel, FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
