"""The page of benchmarks shows the tables as their programs wrote them, and no others."""

import re

INCLUDE = re.compile(r"```\{include\} (\S+)")
WHOLE_FILES = {"book/changelog.md": "../CHANGELOG.md"}


def included(root):
    pages = [*(root / "book").rglob("*.md"), *(root / "notebooks").glob("*.md")]
    return {
        (page.relative_to(root).as_posix(), target)
        for page in pages
        for target in INCLUDE.findall(page.read_text(encoding="utf-8"))
    }


def test_every_table_is_shown_and_only_tables_that_a_program_wrote(root):
    # Text that is included isn't searched for hand-typed numbers, so little may be included.
    expected = set(WHOLE_FILES.items()) | {
        ("book/benchmarks.md", f"../benchmarks/{table.name}")
        for table in (root / "benchmarks").glob("*.md")
    }
    assert included(root) == expected


def test_each_table_names_the_program_that_wrote_it_and_the_machine(root):
    tables = sorted((root / "benchmarks").glob("*.md"))
    assert tables
    for table in tables:
        text = table.read_text(encoding="utf-8")
        program = root / "benchmarks" / f"{table.stem}.py"
        assert program.is_file()
        assert f"Written by benchmarks/{program.name}." in text
        assert re.search(r"Python 3\.\d+\.\d+, .*\bcores\b", text)
        heading = text.splitlines()[0].removeprefix("# ")
        assert heading in program.read_text(encoding="utf-8")


def test_a_new_table_makes_the_site_out_of_date(tmp_path):
    from equalcities.build.__main__ import input_digest

    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "speed.md").write_text("# Speed\n\nold\n")
    before = input_digest(tmp_path)
    (folder / "speed.md").write_text("# Speed\n\nnew\n")
    assert input_digest(tmp_path) != before
