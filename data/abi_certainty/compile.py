"""Compile ``abi_certainty.csv``: certainty per outcome from coded judgements.

python data/abi_certainty/compile.py
"""

from pathlib import Path

import pandas as pd
import yaml

from equalcities.abi.certainty import DOWNGRADES, certainty
from equalcities.catalog import save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    judged = yaml.safe_load((FOLDER / "judgements.yml").read_text(encoding="utf-8"))
    rows = []
    for domain, coded in sorted(judged.items()):
        unknown = set(coded) - {"start", "upgrade", *DOWNGRADES}
        if unknown:
            raise SystemExit(f"{domain}: unknown reasons {sorted(unknown)}.")
        levels = {reason: coded.get(reason, [0, ""]) for reason in (*DOWNGRADES, "upgrade")}
        for reason, (level, text) in levels.items():
            if bool(level) != bool(text):
                raise SystemExit(f"{domain}, {reason}: give a level and its reason, or neither.")
        steps = {reason: levels[reason][0] for reason in DOWNGRADES}
        rows.append(
            {
                "outcome_domain": domain,
                "start": coded["start"],
                **steps,
                "upgrade": levels["upgrade"][0],
                "certainty": certainty(coded["start"], steps, levels["upgrade"][0]),
                "reasons": "; ".join(
                    f"{'up' if reason == 'upgrade' else reason.replace('_', ' ')}: {text}"
                    for reason, (_, text) in levels.items()
                    if text
                ),
            }
        )
    record = save(pd.DataFrame(rows), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
