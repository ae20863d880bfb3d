"""Reference values from R for the tests of `equalcities.abi`.

data/abi_metafor.json: R 4.2.2, metafor 3.8-1, metadat 1.2-0, clubSandwich 0.5.8; public datasets
of the metadat package with the R call beside each fit.
data/abi_metafor_extra.json: written by data/abi_metafor_extra.R, same versions.
data/abi_directions.csv: study, domain and direction of the 151 effects of initiatives proper in the
first extraction of this project's evidence table (state November 2026).
"""

import json
from pathlib import Path

DATA = Path(__file__).parent / "data"
METAFOR = json.loads((DATA / "abi_metafor.json").read_text())
EXTRA = {
    name: entry["value"]
    for name, entry in json.loads((DATA / "abi_metafor_extra.json").read_text()).items()
    if isinstance(entry, dict)
}
BCG = METAFOR["bcg"]["data"]
SMOKING = METAFOR["hackshaw1998"]["data"]
SCHOOL = METAFOR["konstantopoulos2011"]["data"]
SMALL = EXTRA["small"]
