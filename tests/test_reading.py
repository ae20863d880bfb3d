"""Pages of guidance read easily; what is hard is refused by name."""

import pytest
import yaml

from equalcities import guidance
from equalcities.build import reading
from equalcities.errors import DataError

EASY = "# Title\n\nThe cat sat on the mat.\n"
HARD = "Institutional accountability necessitates comprehensive interdepartmental harmonisation.\n"
LONG = "We " + "walk and " * 18 + "stop.\n"

# Syllables as in the CMU Pronouncing Dictionary.
SPOKEN = {
    1: "the tried groups scale scales true three gives named whole rule",
    2: "city people measured needed table places cases changes because inside poorer "
    "being doing studies carries sampled language likely quiet science merely boxes somewhere",
    3: "area areas neighbourhood created residents policies certainty serious quality services",
    4: "segregation simulated institutions equality unevenness European geography",
    5: "evaluation participation",
}


@pytest.mark.parametrize(
    ("count", "word"), [(count, word) for count, words in SPOKEN.items() for word in words.split()]
)
def test_syllables_are_those_of_a_dictionary(count, word):
    assert reading.syllables(word) == count


def test_ease_is_flesch_s_formula_by_hand():
    # Six words, one sentence, six syllables.
    assert reading.ease(["The cat sat on the mat."]) == pytest.approx(206.835 - 6.09 - 84.6)
    # Two sentences of two words; "quality" has three syllables.
    expected = 206.835 - 1.015 * 2 - 84.6 * 6 / 4
    assert reading.ease(["Good quality.", "Go on."]) == pytest.approx(expected)


def test_a_page_is_read_as_a_reader_sees_it():
    page = (
        "# A heading is left out\n\nFirst line\ngoes on with {num}`a.b` per cent. See\n"
        "{doc}`the guide </book/x>` and {doc}`y`.\n\n- ☐ An *item*.\n- [Link](http://a.b/c.d).\n\n"
        "```bash\nrun this. And that.\n```\n\n:::{note}\nA note is read.\n:::\n\n"
        "| a | b |\n|---|---|\n"
    )
    found = [(table, part) for table, block in reading.blocks(page)
             for part in reading.sentences(block)]  # fmt: skip
    assert found == [
        (False, "First line goes on with 7 per cent."),
        (False, "See the guide and chapter."),
        (False, "An item."),
        (False, "Link."),
        (False, "A note is read."),
        (True, "a"),
        (True, "b"),
    ]


def test_bold_sentences_and_abbreviated_numbers_are_split_rightly():
    assert reading.sentences("**One ends here.** Two has 3.5 parts, e.g. this. Three.") == [
        "**One ends here.", "Two has 3.5 parts, e.g. this.", "Three."]  # fmt: skip


def test_the_book_s_guidance_reads_easily(root):
    reading.check_reading(root)


def test_every_page_and_every_recommendation_is_measured(root):
    measured = {found.page for found in reading.readings(root)}
    assert {f"book/guidance/{path.name}" for path in root.glob("book/guidance/*.md")} <= measured
    entries = yaml.safe_load((root / guidance.FILE).read_text(encoding="utf-8"))
    assert {f"{guidance.FILE.as_posix()}, {entry['id']}" for entry in entries} <= measured


@pytest.fixture
def book(tmp_path):
    """A book of one easy page and one recommendation, and a way to add to it."""
    folder = tmp_path / "book" / "guidance"
    folder.mkdir(parents=True)
    (folder / "page.md").write_text(EASY, encoding="utf-8")
    entry = dict.fromkeys(guidance.PROSE, "The cat sat on the mat.") | {"id": "one"}

    def write(page=EASY, allow="[]", **changes):
        (folder / "page.md").write_text(page, encoding="utf-8")
        (folder / "recommendations.yml").write_text(yaml.safe_dump([entry | changes]), "utf-8")
        (tmp_path / reading.ALLOWED).write_text(allow, encoding="utf-8")
        return tmp_path

    return write


def test_an_easy_book_passes(book):
    reading.check_reading(book())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"page": HARD}, "book/guidance/page.md: reading ease -"),
        ({"page": EASY + "\n" + LONG}, "book/guidance/page.md: 38 words in “We walk"),
        ({"page": EASY + f"\n| {LONG.strip()} |\n"}, "38 words"),
        ({"limits": LONG}, "recommendations.yml, one: 38 words"),
        ({"page": "# Only a heading\n"}, "holds no sentence"),
        (
            {"allow": "- {page: book/guidance/page.md, sentence: Gone, why: x}"},
            "nothing needs the exception",
        ),
    ],
)
def test_what_is_hard_is_named(book, change, said):
    with pytest.raises(reading.ReadingError) as caught:
        reading.check_reading(book(**change))
    assert said in str(caught.value)


def test_a_sentence_of_the_most_words_passes(book):
    most = "Go " + "on and " * 16 + "then stop."
    assert len(reading.WORD.findall(most)) == reading.WORDS
    reading.check_reading(book(page=EASY + "\n" + most))


def test_exceptions_with_a_reason_excuse_what_they_name_and_no_more(book):
    one = "- {page: book/guidance/page.md, sentence: We walk, why: a list}\n"
    reading.check_reading(book(page=EASY + "\n" + LONG, allow=one))
    with pytest.raises(reading.ReadingError, match="They run"):
        other = LONG.replace("We walk", "They run")
        reading.check_reading(book(page=EASY + "\n" + LONG + "\n" + other, allow=one))
    hard = "- {page: book/guidance/page.md, ease: -300, why: terms of law}\n"
    reading.check_reading(book(page=HARD, allow=hard))
    with pytest.raises(reading.ReadingError, match="reading ease"):
        reading.check_reading(book(page=HARD, allow=hard.replace("-300", "40")))


@pytest.mark.parametrize("entry", ["- {page: a, sentence: b}", "- {page: a, why: b}", "- {why: b}"])
def test_an_exception_without_reason_or_reach_is_refused(book, entry):
    with pytest.raises(DataError, match="an entry needs"):
        reading.check_reading(book(allow=entry))
