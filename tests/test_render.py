"""Files of figures as the site offers them."""

import base64
from types import SimpleNamespace

from equalcities.ledger import FIGURE_MIME
from equalcities.site.render import write_figure_files


def test_the_table_offered_is_the_accepted_one_and_not_that_of_this_run(tmp_path):
    (tmp_path / "gone.csv").touch()
    content = {"key": "a-figure", "svg": "<svg/>", "table": "x\n1.0000000001\n"}
    bundle = {FIGURE_MIME: content, "image/png": base64.b64encode(b"png").decode()}
    accepted = {"a-figure": SimpleNamespace(table="x\n1\n")}
    write_figure_files([bundle, {"text/plain": "2"}], accepted, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a-figure.svg": b"<svg/>",
        "a-figure.csv": b"x\n1\n",
        "a-figure.png": b"png",
    }
