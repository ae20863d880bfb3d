"""Releases: frozen from the built site, compared, corrected, published as one tree, verified.

`two_releases` says how the two that are tested come about.
"""

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from importlib.metadata import version
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from bs4 import BeautifulSoup
from referencing import Registry, Resource
from two_releases import ADDRESS, ENTRY, KEY, NEW, OLD, commit, set_version, two_releases

from equalcities import cli
from equalcities.errors import DataError, UsageError
from equalcities.release import (
    ReleaseError,
    checksums,
    compare,
    corrections,
    freeze,
    pages,
    record,
    tree,
    verify,
    versions,
)
from equalcities.release.freeze import Order


@pytest.fixture(scope="module")
def made(tmp_path_factory, site):
    """A checkout with two frozen releases."""
    return two_releases(tmp_path_factory.mktemp("release") / "checkout", site)


@pytest.fixture(scope="module")
def public(made):
    return tree.assemble(made)


@pytest.fixture
def records(made):
    return record.earlier(made)


# --- versions ------------------------------------------------------------------------------


def test_versions_are_ordered_by_number_not_by_letter():
    given = ["2026.10", "2026.2", "2027.1", "2026.2.1", "2026.3.dev0"]
    assert sorted(given, key=versions.order) == [
        "2026.2", "2026.2.1", "2026.3.dev0", "2026.10", "2027.1",
    ]  # fmt: skip
    assert versions.intended("2026.2.dev0") == "2026.2"
    assert not versions.is_released_form("2026.2.dev0")
    with pytest.raises(UsageError, match="no version of the book"):
        versions.order("v2")


# --- freezing ------------------------------------------------------------------------------


def test_a_frozen_release_is_complete_and_sha256sum_agrees(made):
    folder = made / "dist" / OLD
    for name in ("index.html", "source.zip", "data_and_ledger.zip", "release.json",
                 "ro-crate-metadata.json", "sbom.cdx.json", "SHA256SUMS"):  # fmt: skip
        assert (folder / name).is_file(), name
    assert not [p for p in folder.rglob(".*")]
    done = subprocess.run(
        ["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=folder, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_archives_hold_the_sources_and_are_the_same_bytes_again(made):
    names = freeze.tracked(made)
    first = freeze.archive(made, names)
    for name in names:
        (made / name).touch()
    assert freeze.archive(made, reversed(names)) == first
    with zipfile.ZipFile(made / "dist" / NEW / "data_and_ledger.zip") as bundle:
        held = bundle.namelist()
        assert held == sorted(held)
        assert "data/panel72/panel72.csv" in held and "results/the_72_cities.json" in held
        digest = hashlib.sha256(bundle.read("data/panel72/panel72.csv")).hexdigest()
        assert digest == record.read(made / "dist" / NEW).data["panel72"].sha256


def test_a_withheld_table_is_not_given_out(made, monkeypatch):
    record_file = made / "data" / "panel72" / "record.yml"
    before = record_file.read_text(encoding="utf-8")
    record_file.write_text(f"{before}\nwithheld: answers of single persons\n", encoding="utf-8")
    try:
        for names in (freeze.tracked(made), freeze.bundled(made)):
            assert "data/panel72/panel72.csv" not in names
            assert "data/panel72/record.yml" in names
    finally:
        record_file.write_text(before, encoding="utf-8")


def test_the_record_reads_back_as_it_was_written(made):
    path = made / "dist" / OLD / "release.json"
    assert record.to_json(record.read(path)) == path.read_bytes()
    assert (made / "releases" / f"{OLD}.json").read_bytes() == path.read_bytes()
    with pytest.raises(DataError, match="can't be read as the record"):
        record.from_json(b'{"format": 1}', "somewhere")
    with pytest.raises(DataError, match="reads form 1"):
        record.from_json(b'{"format": 2}', "somewhere")


def unquote(root):
    set_version(root, "2026.3", "2027-01-01")
    path = root / "CITATION.cff"
    path.write_text(path.read_text(encoding="utf-8").replace('"2026.3"', "2026.3", 1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: None, "already frozen"),
        (lambda root: set_version(root, "2026.4", "2027-01-01"), r"pyproject.toml has .* 2026\.4"),
        (unquote, "CITATION.cff has another version.*with the quotes.*make metadata"),
        (lambda root: set_version(root, "2026.3", "soon"), "doesn't date the version"),
        (lambda root: set_version(root, "2026.3", "2027-01-01"), "aren't committed"),
    ],
)
def test_an_unprepared_release_is_refused(made, tmp_path, damage, message):
    root = tmp_path / "checkout"
    shutil.copytree(made, root, ignore=shutil.ignore_patterns("_build", "dist"))
    damage(root)
    wanted = OLD if message == "already frozen" else "2026.3"
    with pytest.raises(ReleaseError, match=message):
        freeze.check_order(Order(root, wanted))


def test_a_version_under_way_or_before_the_newest_is_refused(made):
    with pytest.raises(ReleaseError, match="no version of a release"):
        freeze.check_order(Order(made, "2026.3.dev0"))
    with pytest.raises(ReleaseError, match=r"doesn't come after 2026\.2"):
        freeze.check_order(Order(made, "2026.1.5"))


def test_a_missing_pdf_is_refused_unless_the_trial_says_so(made):
    order = Order(made, "2027.1", ("tests",))
    with pytest.raises(ReleaseError, match=r"there is no _build/pdf/cities_of_equality\.pdf"):
        freeze.freeze(order, made)
    assert not list((made / "dist").glob(".*")) and not (made / "dist" / "2027.1").exists()
    left_out = record.read(made / "dist" / OLD).made["left_out"]
    assert left_out == ["tests", "pdf"]


def test_a_pdf_that_the_site_offers_is_frozen_once(made, tmp_path):
    """The step that makes the PDF also puts it on the site."""
    root = tmp_path / "checkout"
    shutil.copytree(made, root, ignore=shutil.ignore_patterns("dist", "public"))
    set_version(root, "2026.3", "2027-01-01")
    commit(root)
    for path in (root / freeze.BUILT_PDF, root / freeze.SITE / freeze.PDF):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%PDF-1.7")
    folder = freeze.freeze(Order(root, "2026.3", ("tests",)), root)
    assert (folder / freeze.PDF).read_bytes() == b"%PDF-1.7"
    entities = json.loads((folder / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    assert freeze.PDF in {entity["@id"] for entity in entities}


def test_a_step_that_fails_stops_the_release(made):
    step = freeze.Step("x", "do it", ("-c", "import sys; print('why'); sys.exit(3)"))
    with pytest.raises(ReleaseError, match=r"could not do it(?s:.*)why"):
        freeze.run_step(step, made)


def test_another_environment_than_the_locked_one_is_noticed(tmp_path):
    here = f"numpy=={version('numpy')} \\\n    --hash=sha256:00\n"
    elsewhere = "not-needed==1.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:00\n"
    (tmp_path / "requirements.lock").write_text(here + elsewhere)
    own = version("equalcities")
    assert freeze.environment_faults(tmp_path, own) == []
    assert "to be released is 1999.1" in freeze.environment_faults(tmp_path, "1999.1")[0]
    wrong = "pandas==0.1 \\\n    --hash=sha256:00\nnot-there==1.0 \\\n    --hash=sha256:00\n"
    (tmp_path / "requirements.lock").write_text(here + elsewhere + wrong)
    assert freeze.environment_faults(tmp_path, own) == [
        "not-there is not installed, locked is 1.0",
        f"pandas is {version('pandas')}, locked is 0.1",
    ]


def test_a_key_that_loses_its_address_is_refused(made, tmp_path):
    site = tmp_path / "site"
    (site / "book").mkdir(parents=True)
    text = (made / "_build" / "html" / "book" / "ledger.html").read_text(encoding="utf-8")
    (site / "book" / "ledger.html").write_text(text.replace(f'id="{ADDRESS}"', ""))
    taken = replace(record.read(made / "dist" / NEW), version="2026.3")
    with pytest.raises(ReleaseError, match=f"no address any more for {KEY}"):
        freeze.check_record(taken, made, site)


# --- descriptions for machines -------------------------------------------------------------


def test_the_crate_is_one_by_the_specification(made):
    """The musts of RO-Crate 1.1: descriptor, root, flat graph, files that are there."""
    folder = made / "dist" / NEW
    crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    graph = crate["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert len(by_id) == len(graph) > 150
    descriptor = by_id["ro-crate-metadata.json"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    whole = by_id["./"]
    for name in ("name", "description", "datePublished", "license"):
        assert whole[name]
    assert whole["@type"] == "Dataset" and whole["datePublished"] == "2026-12-02"

    def references(value):
        if isinstance(value, dict):
            if set(value) == {"@id"}:
                yield value["@id"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for entity in graph:
        assert entity["@type"]
        found = set(references({k: v for k, v in entity.items() if k != "@id"}))
        assert not {r for r in found if r not in by_id and not r.startswith("https://w3id.org/")}
    files = [e for e in graph if "File" in e["@type"]]
    assert {e["@id"] for e in files} == {part["@id"] for part in whole["hasPart"]}
    for entity in files:
        content = (folder / entity["@id"]).read_bytes()
        assert entity["contentSize"] == str(len(content))
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
    simulated = [e for e in files if "simulated" in e.get("description", "")]
    assert simulated


def test_the_list_of_components_is_valid_and_complete(made, root):
    bill = json.loads((made / "dist" / NEW / "sbom.cdx.json").read_text(encoding="utf-8"))
    schemas = root / "tests" / "fixtures" / "schemas" / "cyclonedx"
    read = {path.name: json.loads(path.read_text("utf-8")) for path in schemas.glob("*.json")}
    # the schema names its neighbours by their file names
    registry = Registry().with_resources(
        (f"http://cyclonedx.org/schema/{name}", Resource.from_contents(content))
        for name, content in read.items()
    )
    schema = read["bom-1.5.SNAPSHOT.schema.json"]
    validator = jsonschema.Draft7Validator(schema, registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    named = {(c["name"], c["version"]) for c in bill["components"]}
    for package in re.findall(r"(?m)^([a-z0-9-]+)==([^\s;]+)", lock):
        assert package in named
    hashes = sum(len(c.get("hashes", ())) for c in bill["components"])
    assert hashes == lock.count("--hash=sha256:")
    mathjax = (root / "book" / "_static" / "mathjax" / "tex-svg.js").read_text(encoding="utf-8")
    assert next(c["version"] for c in bill["components"] if c["name"] == "mathjax") in mathjax


# --- comparing -----------------------------------------------------------------------------


def test_diff_names_the_change_with_its_cause_and_tells_a_script(made, monkeypatch, capsys):
    monkeypatch.setattr("equalcities.catalog.project_root", lambda: made)
    first, second = (str(made / "dist" / version) for version in (OLD, NEW))
    assert cli.main(["diff", first, second]) == 1
    said = capsys.readouterr().out
    assert "Numbers that changed: 1" in said and KEY in said
    assert "cause: Correction 2026-1: One area was counted twice" in said
    assert cli.main(["diff", OLD, OLD]) == 0
    assert "Nothing differs." in capsys.readouterr().out
    assert cli.main(["diff", OLD, NEW, "--format", "json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["number_changed"] and content["numbers_changed"][0]["key"] == KEY
    assert cli.main(["diff", OLD, "1999.1"]) == 2
    assert "There is no release '1999.1'" in capsys.readouterr().err


def changed(taken, key, **fields):
    return replace(taken, numbers={**taken.numbers, key: replace(taken.numbers[key], **fields)})


def test_every_kind_of_change_is_told_apart(records):
    old, new = records[0], replace(records[0], version=NEW)
    figure = next(iter(old.figures))
    redrawn = replace(old.figures[figure], drawing="0")
    other = replace(old.figures[figure], table="0", words="0")
    numbers = dict(old.numbers)
    gone = numbers.pop(KEY)
    said = compare.compare(old, replace(new, numbers=numbers), [])
    assert [c.key for c in said.numbers_withdrawn] == [KEY] and said.number_changed
    assert gone.text in said.numbers_withdrawn[0].old
    back = compare.compare(
        replace(new, version=OLD, numbers=numbers), replace(old, version=NEW), []
    )
    assert [c.key for c in back.numbers_added] == [KEY] and not back.number_changed
    for entry, words, without in (
        (redrawn, "the drawing", []),
        (other, "the data behind it, caption or description", [figure]),
    ):
        said = compare.compare(old, replace(new, figures={**old.figures, figure: entry}), [])
        assert said.figures_changed[0].new == words
        assert said.without_cause == without and not said.number_changed
    range_of = {"fmt": ".0f", "interval_label": "95% interval"}
    ranged = changed(old, KEY, interval=(1.0, 2.0), **range_of)
    moved = changed(new, KEY, interval=(1.0, 2.001), **range_of)
    (told,) = compare.compare(ranged, moved, []).numbers_changed
    assert told.old != told.new
    vintage = replace(old.data["panel72"], sha256="0" * 64, published="2027-01-01")
    said = compare.compare(old, replace(new, data={**old.data, "panel72": vintage}), [])
    assert [c.key for c in said.data_changed] == ["panel72"]
    assert "published 2027-01-01" in said.data_changed[0].new


def test_a_number_counts_as_changed_by_what_a_reader_is_told(records):
    old, new = records[0], replace(records[0], version=NEW)
    number = old.numbers[KEY]
    for fields in (
        {"value": number.value + 1},
        {"unit": "towns"},
        {"evidence_class": "compiled"},
        {"interval": (1, 2), "interval_label": "95% interval"},
    ):
        assert compare.compare(old, changed(new, KEY, **fields), []).number_changed, fields
    within = compare.compare(old, changed(new, KEY, about="the same in other words"), [])
    assert not within.number_changed and within.numbers_described[0].new == "another wording"
    key = next(k for k, n in old.numbers.items() if isinstance(n.value, float) and n.value > 1)
    nudged = changed(new, key, value=old.numbers[key].value * (1 + old.numbers[key].tol / 10))
    assert compare.compare(old, nudged, []).is_empty
    moved = changed(new, key, value=old.numbers[key].value * (1 + old.numbers[key].tol * 10))
    said = compare.compare(old, moved, [])
    assert said.number_changed and said.numbers_changed[0].old != said.numbers_changed[0].new


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"Areas: `{KEY}` moved, one was twice there.", True),
        ("All of `panel72.gdp.*` by the new release of the source.", True),
        ("All of `panel72.*`.", True),
        ("`panel72.gd.*` moved.", False),
        ("panel72.gdp.areas without marks.", False),
    ],
)
def test_a_cause_is_found_in_the_changelog_of_the_versions_between(records, text, cause):
    old = records[0]
    new = changed(replace(old, version=NEW), KEY, value=old.numbers[KEY].value - 1)
    log = f"## {NEW} (2026-12-02)\n\n### Changes\n\n- {text}\n\n## {OLD} (2026-11-30)\n"
    said = compare.compare(old, replace(new, changelog=record.parse_changelog(log)), [])
    assert said.numbers_changed[0].cause == (text if cause else compare.NO_CAUSE)
    early = log.replace(f"## {NEW}", "## 2025.9").replace(f"## {OLD}", "## 2025.8")
    said = compare.compare(old, replace(new, changelog=record.parse_changelog(early)), [])
    assert said.without_cause == [KEY]


def test_the_changelog_is_read_with_its_headings_and_wrapped_lines():
    fixes = "### Fixes\n\n- One\n  two.\n- Three.\n"
    text = f"# C\n\nx\n\n## 2026.2 (2026-12-02)\n\n{fixes}\n## 2026.1 (z)\n"
    read = record.parse_changelog(text)
    assert [(e.kind, e.text) for e in read["2026.2"]] == [
        ("Fixes", "One two."),
        ("Fixes", "Three."),
    ]
    assert read["2026.1"] == ()


# --- the pages -----------------------------------------------------------------------------


def test_the_page_of_changes_says_old_new_and_cause(records, made):
    comparison = compare.compare(*records, corrections.read(made))
    page = pages.changes_page(comparison, NEW)
    old = records[0].numbers[KEY].text
    unit = records[1].numbers[KEY].unit
    assert f"  - {old} {unit}, observed → {{num}}`{KEY}` {unit}, observed\n" in page
    assert "  - Correction 2026-1: One area was counted twice\n" in page
    assert "first release" in pages.changes_page(None, OLD)


def test_marks_in_text_from_the_ledger_stay_text(records):
    change = compare.Change("a.b", "share_of *all* $x$ <b>", "", "1", "`a.*`: [x]")
    comparison = compare.compare(records[0], records[0], [])
    page = pages.changes_page(replace(comparison, numbers_changed=(change,)), NEW)
    assert r"share\_of \*all\* \$x\$ \<b\>" in page and r"`a.*`: \[x\]" in page


def test_the_generated_pages_of_this_checkout(root, site):
    made = pages.generated_pages(root, root / "_build" / "figures")
    assert made.keys() == {"corrections.md", "whats_changed.md"}
    for name, text in made.items():
        assert (root / "book" / name).read_text(encoding="utf-8") == text
        assert (site / "book" / name.replace(".md", ".html")).is_file()


# --- corrections ---------------------------------------------------------------------------


def corrected(tmp_path, text):
    (tmp_path / "CORRECTIONS.md").write_text(f"# Corrections\n\n```yaml\n{text.strip()}\n```\n")
    return corrections.read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("class: substantial", "class: grave", "the class is 'grave'.*editorial, minor"),
        ("class: substantial", "class: editorial", "touches a number.*Call it minor"),
        ('  fixed_in: "2026.2"\n', "", "demands a new version"),
        ('fixed_in: "2026.2"', 'fixed_in: "2026.1"', "frozen one is never edited"),
        ('fixed_in: "2026.2"', "fixed_in: 2026.2", "no text"),
        ('since: "2026.1"', 'since: "2026.1.dev0"', "Write the version of a release"),
        ("  who: Readers who quoted the number of areas.\n", "", "'who' is missing"),
        ("title:", "headline:", "'title' is missing"),
        ("id: 2026-1", "id: first", "Write the year and a count"),
        ("date: 2026-12-02", "date: soon", "Write it as"),
        ('{old: "1", new: "2"}', '{old: "1"}', "needs 'old' and 'new'"),
        ('    panel72.gdp.areas: {old: "1", new: "2"}', "", "names no number, figure or page"),
    ],
)
def test_an_unfit_correction_is_refused(tmp_path, old, new, message):
    text = ENTRY.format(old=1, new=2)
    assert old in text and len(corrected(tmp_path, text)) == 1
    with pytest.raises(DataError, match=f"CORRECTIONS.md, row 1: .*{message}"):
        corrected(tmp_path, text.replace(old, new))


def test_two_corrections_of_one_name_or_two_blocks_are_refused(tmp_path):
    text = ENTRY.format(old=1, new=2)
    with pytest.raises(DataError, match="'2026-1' is there twice"):
        corrected(tmp_path, text + text)
    with pytest.raises(DataError, match="holds 2 yaml blocks"):
        corrected(tmp_path, "[]\n```\n\n```yaml\n[]")


def test_corrections_must_say_what_the_releases_say(made, records, tmp_path):
    old, new = (r.numbers[KEY].text for r in records)
    text = ENTRY.format(old=old, new=new)

    def check(changed_text, version=NEW, known=records, now=records[1].numbers):
        corrections.check(corrected(tmp_path, changed_text), known, now, version)

    check(text)
    check(text, known=records[:1], version="2026.2.dev0")
    for before, after, message in (
        (KEY, "no.such.key", "has no 'no.such.key'"),
        (f'old: "{old}"', 'old: "7"', f"2026.1 prints {old} for '{KEY}', not 7"),
        (f'new: "{new}"', 'new: "7"', f"2026.2 prints {new} for '{KEY}', not 7"),
        ('since: "2026.1"', 'since: "2025.1"', "no version 2025.1 was released"),
        ('fixed_in: "2026.2"', 'fixed_in: "2027.5"', "neither released nor under way"),
        ("  numbers:", "  pages: [book/no.html]\n  numbers:", "no page 'book/no.html'"),
    ):
        with pytest.raises(DataError, match=re.escape(message)):
            check(text.replace(before, after))
    with pytest.raises(DataError, match="neither released nor under way"):
        check(text, known=records[:1], version=OLD)  # the new version hasn't begun
    gone = replace(records[1], numbers={k: n for k, n in records[1].numbers.items() if k != KEY})
    with pytest.raises(DataError, match=f"2026.2 prints no '{KEY}', not {new}"):
        check(text, known=[records[0], gone], now=gone.numbers)
    check(
        text.replace(f'new: "{new}"', "new: withdrawn"), known=[records[0], gone], now=gone.numbers
    )


def test_an_error_can_be_made_known_before_it_is_put_right_but_not_frozen(records, tmp_path):
    old, new = (r.numbers[KEY].text for r in records)
    known = corrected(tmp_path, ENTRY.format(old=old, new=new))
    first, still = records[:1], records[0].numbers
    corrections.check(known, first, still, "2026.2.dev0")
    with pytest.raises(DataError, match=f"2026.2 prints {old} for '{KEY}', not {new}"):
        corrections.check(known, first, still, NEW, final=True)
    feed = json.loads(corrections.json_feed(known, first))
    assert feed["items"][0]["_equalcities"]["versions"] == [OLD]
    assert not feed["items"][0]["_equalcities"]["released"]


def test_a_correction_touches_the_versions_from_the_error_to_its_repair(tmp_path):
    open_text = ENTRY.format(old=1, new=2).replace("substantial", "minor")
    one = corrected(tmp_path, open_text.replace('fixed_in: "2026.2"', 'fixed_in: "2026.10"'))[0]
    assert [one.affects(v) for v in ("2025.3", "2026.1", "2026.9", "2026.10", "2027.1")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    still = corrected(tmp_path, open_text.replace('  fixed_in: "2026.2"\n', ""))[0]
    assert still.affects("2031.1") and "not yet put right" in corrections.span(still)


# --- the public tree -----------------------------------------------------------------------


def test_frozen_versions_are_published_byte_for_byte(made, public):
    for name in (OLD, NEW):
        assert checksums.faults(public / "v" / name) == []
        source, copy = (p / "SHA256SUMS" for p in (made / "dist" / name, public / "v" / name))
        assert source.read_bytes() == copy.read_bytes()


def test_every_address_of_every_earlier_version_leads_somewhere(made, public):
    """Also when the newest version has lost a page."""
    records = record.earlier(made)
    assert tree.missing_addresses(public, records) == []
    assert len(records[0].pages) > 100
    lost = replace(records[1], pages=records[1].pages[1:])
    page = records[1].pages[0]
    assert tree.newest_with([records[0], lost])[page] == OLD
    for name in ("book/ledger.html", "notebooks/the_72_cities.html", "book/data/panel72.html"):
        text = (public / "latest" / name).read_text(encoding="utf-8")
        address = re.search(r'location\.replace\("([^"]+)"', text)[1]
        assert ((public / "latest" / name).parent / address).resolve() == (
            public / "v" / NEW / name
        ).resolve()
        soup = BeautifulSoup(text, "html.parser")
        assert soup.a["href"] == soup.find("link", rel="canonical")["href"] == address


def test_the_switcher_lists_every_version_newest_first(public):
    entries = json.loads((public / "switcher.json").read_text(encoding="utf-8"))
    assert [e["version"] for e in entries] == [NEW, OLD]
    assert [e["preferred"] for e in entries] == [True, False]
    for entry in entries:
        assert (public / entry["url"] / "index.html").is_file()


def test_a_known_public_address_is_used_everywhere(made, records):
    known = corrections.read(made)
    files = tree.root_files(records, known, "https://example.org/book/")
    urls = [entry["url"] for entry in json.loads(files["switcher.json"])]
    assert urls == [f"https://example.org/book/v/{v}/" for v in (NEW, OLD)]
    assert b'rel="canonical" href="https://example.org/book/v/2026.2/' in files["latest/index.html"]
    feed = json.loads(files["corrections.json"])
    assert feed["feed_url"] == "https://example.org/book/corrections.json"
    assert b"Sitemap: https://example.org/book/sitemap.xml" in files["robots.txt"]
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    found = [e.text for e in ET.fromstring(files["sitemap.xml"]).iter(f"{space}loc")]
    assert "https://example.org/book/v/2026.2/book/ledger.html" in found
    assert "sitemap.xml" not in tree.root_files(records, known, "")


def test_the_public_address_is_the_one_that_citations_use(tmp_path):
    assert tree.public_address(tmp_path) == ""
    (tmp_path / "book").mkdir()
    for text, expected in (
        ('address: ""\n', ""),
        ("address: https://example.org/book\n", "https://example.org/book/"),
    ):
        (tmp_path / "book" / "metadata.yml").write_text(text)
        assert tree.public_address(tmp_path) == expected


def test_both_feeds_hold_the_correction(public, records):
    feed = json.loads((public / "corrections.json").read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"]
    (item,) = feed["items"]
    assert item["id"] and item["content_text"] and item["date_published"] == "2026-12-02T00:00:00Z"
    told = item["_equalcities"]
    assert told["versions"] == [OLD] and told["class"] == "substantial" and told["released"]
    assert told["numbers"][0]["anchor"] == ADDRESS
    text = (public / "v" / OLD / "book" / "ledger.html").read_text(encoding="utf-8")
    assert f'id="{ADDRESS}"' in text
    page, _, fragment = told["address"].partition("#")
    assert f'id="{fragment}"' in (public / page).read_text(encoding="utf-8")
    atom = ET.parse(public / "corrections.atom").getroot()
    space = "{http://www.w3.org/2005/Atom}"
    for parent in (atom, atom.find(f"{space}entry")):
        for name in ("id", "title", "updated"):
            assert parent.findtext(f"{space}{name}"), name
    entry = atom.find(f"{space}entry")
    assert entry.findtext(f"{space}id") == item["id"] and item["id"].startswith("urn:uuid:")
    assert entry.find(f"{space}category").get("term") == "substantial"
    assert atom.findtext(f"{space}author/{space}name")


def test_links_of_the_root_pages_lead_somewhere(public):
    for name in ("index.html", "versions.html", "corrections.html"):
        soup = BeautifulSoup((public / name).read_text(encoding="utf-8"), "html.parser")
        assert soup.title.text and soup.html["lang"] == "en"
        for link in soup.find_all("a"):
            assert (public / link["href"].partition("#")[0]).is_file(), (name, link)


def test_a_missing_or_touched_release_stops_the_tree(made, tmp_path):
    root = tmp_path / "checkout"
    for name in ("dist", "releases"):
        shutil.copytree(made / name, root / name)
    page = root / "dist" / OLD / "book" / "intro.html"
    page.write_text(page.read_text(encoding="utf-8").replace("the", "teh", 1), encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"isn't as it was frozen: changed: book/intro\.html"):
        tree.frozen(root)
    (root / "dist" / OLD / "SHA256SUMS").write_bytes(checksums.take(root / "dist" / OLD))
    with pytest.raises(ReleaseError, match="another SHA256SUMS than the one noted"):
        tree.frozen(root)
    shutil.rmtree(root / "dist" / OLD)
    with pytest.raises(ReleaseError, match=r"dist/2026\.1 isn't here"):
        tree.frozen(root)


# --- verifying -----------------------------------------------------------------------------


def test_verify_accepts_what_was_frozen_and_names_what_was_not(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("equalcities.catalog.project_root", lambda: made)
    assert cli.main(["verify", str(made / "dist" / OLD)]) == 0
    assert "files are as they were frozen" in capsys.readouterr().out
    copy = tmp_path / OLD
    shutil.copytree(made / "dist" / OLD, copy)
    (copy / "index.html").unlink()
    (copy / "extra.txt").write_text("x")
    (copy / "book" / "ledger.html").write_bytes(b"x")
    assert cli.main(["verify", str(copy)]) == 1
    said = capsys.readouterr().out
    for line in ("missing: index.html", "not part of the release: extra.txt",
                 "changed: book/ledger.html", "3 differences"):  # fmt: skip
        assert line in said
    (copy / "SHA256SUMS").write_bytes(checksums.take(copy))
    assert cli.main(["verify", str(copy)]) == 1
    assert "isn't the one noted" in capsys.readouterr().out
    monkeypatch.setattr("equalcities.release.checksums.known", lambda releases: {})
    assert cli.main(["verify", str(made / "dist" / OLD)]) == 0
    assert "Whether the list is the published one isn't known" in capsys.readouterr().out
    assert cli.main(["verify", str(tmp_path / "nothing")]) == 2
    assert cli.main(["verify", str(tmp_path)]) == 2


def test_a_rerun_prints_what_differs_from_the_frozen_release(made, tmp_path, monkeypatch):
    """The steps themselves are replaced: what they leave behind is compared."""
    folder = made / "dist" / OLD

    def fake(step, copy, python):
        if step.arguments[-1] == "results":
            path = copy / "results" / "the_72_cities.json"
            raw = json.loads(path.read_text(encoding="utf-8"))
            raw["numbers"][KEY]["value"] += fake.off
            path.write_text(json.dumps(raw), encoding="utf-8")
        else:
            fake.accepted = json.loads((copy / "results" / "the_72_cities.json").read_text())
            names = [n for n in checksums.read(folder) if n not in verify.PRODUCTS]
            for name in names:
                (copy / freeze.SITE / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(folder / name, copy / freeze.SITE / name)
            (copy / freeze.SITE / "status.json").write_text("{}")
            if fake.off == 1:
                (copy / freeze.SITE / "book" / "intro.html").write_text("other")
                (copy / freeze.SITE / "book" / "licence.html").unlink()

    with monkeypatch.context() as other, pytest.raises(ReleaseError, match="isn't the release's"):
        other.setattr(freeze, "installed", lambda name: "1999.1")
        verify.rerun(folder, clean=False, say=lambda _: None)
    monkeypatch.setattr(freeze, "environment_faults", lambda *_: [])
    monkeypatch.setattr(freeze, "run_step", fake)
    fake.off = 1
    lines = verify.rerun(folder, clean=False, say=lambda _: None)
    assert any(KEY in line and "the value moved" in line for line in lines)
    assert lines[1:] == [
        "site: book/licence.html was not made again", "site: book/intro.html differs",
    ]  # fmt: skip
    fake.off = 1e-9
    assert verify.rerun(folder, clean=False, say=lambda _: None) == []
    assert isinstance(fake.accepted["numbers"][KEY]["value"], int)


def test_a_link_to_the_pdf_is_no_difference_but_any_other_is(tmp_path):
    pages = [tmp_path / f"{name}.html" for name in ("with", "without", "other")]
    for page, text in zip(
        pages,
        (
            'a<p class="pdf-offer"><a href="x">PDF</a></p>b',
            'a<p class="pdf-offer" hidden></p>b',
            "a",
        ),
        strict=True,
    ):
        page.write_text(text)
    first, second, third = map(verify.without_offer, pages)
    assert first == second != third


def test_releases_under_version_control_keep_their_addresses(root, site):
    """Every page and key of every earlier version still has its address in the present site."""
    text = (site / "book" / "ledger.html").read_text(encoding="utf-8")
    for released in record.earlier(root):
        for address, key in released.addresses().items():
            assert f'id="{address}"' in text, (released.version, key)


def test_every_committed_release_is_noted(root):
    known = checksums.known(root / record.FOLDER)
    assert known.keys() == {r.version for r in record.earlier(root)}


def test_the_makefile_offers_the_steps_and_keeps_what_is_frozen(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    assert "release freeze" in text and "release site" in text
    clean = re.search(r"(?m)^clean:.*\n((?:\t.*\n)+)", text)[1]
    assert not re.search(r"\bdist\b", clean)
