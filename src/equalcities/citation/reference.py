"""What can be cited, and what a reference to it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equalcities.catalog import CLASS_MEANING, EVIDENCE_CLASSES, RESULT_MEANING, Record
from equalcities.citation.source import Book
from equalcities.ledger import Figure, Number, Published, anchor

KINDS = ("book", "chapter", "page", "data", "fig", "num", "table")
NO_EVIDENCE = "Simulated results are no evidence about any place."
HOME = "book/intro"
"""The first page, which stands for the book."""
LONGEST_NAME = 8
"""Words of a caption in a table's name."""
FIRST_SENTENCE = re.compile(r"(.+?[.!?])(?:\s+[A-Z“]|$)")


@dataclass(frozen=True)
class Reference:
    """Something that can be cited.

    Attributes
    ----------
    book : Book
        The book and version that hold it.
    kind : str
        One of `KINDS`.
    key : str
        Its name: the key in the ledger, the dataset's id, the page's path without an ending.
    title : str
        What it is called or says.
    path : str
        Where it is read, within the site.
    evidence_class : str
        Empty for what has none or several.
    chapter : str
        The title of the chapter that computes it, if any.
    remarks : tuple of str
        Sentences that every form of the reference carries.
    """

    book: Book
    kind: str
    key: str
    title: str
    path: str
    evidence_class: str = ""
    chapter: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where its page of references is, within the site and without an ending."""
        return cite_place(self.kind, self.key)

    @property
    def label(self) -> str:
        """Its name in a bibliography's file."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.key.lower()).strip("-")
        parts = (
            "citiesofequality",
            self.book.version,
            *([] if self.kind == "book" else [self.kind, slug]),
        )
        return "-".join(parts)

    @property
    def genre(self) -> str:
        """What kind of thing it is, with its evidence class in words."""
        name = {"num": "Published number", "fig": "Figure", "data": "Data set", "table": "Table"}
        if self.kind not in name:
            return ""
        simulated = "simulated, no evidence about any place"
        word = simulated if self.evidence_class == "simulated" else self.evidence_class
        return f"{name[self.kind]}, {word}" if word else name[self.kind]

    @property
    def meaning(self) -> str:
        """The evidence class in words; of a result, not of the data that it rests on."""
        words = CLASS_MEANING if self.kind == "data" else RESULT_MEANING
        return words[self.evidence_class] if self.evidence_class else ""

    @property
    def note(self) -> str:
        """Evidence class in words, key, sources, and what the address stands on."""
        parts = []
        if self.evidence_class:
            parts.append(f"Evidence class: {self.evidence_class} ({self.meaning}).")
        if self.kind in ("num", "fig", "data"):
            parts.append(f"{'Id' if self.kind == 'data' else 'Key'}: {self.key}.")
        parts += self.remarks
        if self.book.draft:
            parts.append(
                f"This draft may still change, and no copy of it is kept; "
                f"place in the site: {self.path}."
            )
        elif not self.book.address:
            parts.append(f"Address below the folder of all versions: {self.stable}.")
        return " ".join(parts)

    @property
    def stable(self) -> str:
        """Its lasting address, as far as it is known."""
        return self.book.stable(self.path)

    @property
    def url(self) -> str:
        """Its lasting address as a URL, empty while there is none."""
        return self.book.url(self.path)


def cite_place(kind: str, key: str) -> str:
    """Return where the page of references to something is, without an ending."""
    if kind == "book":
        return "cite/book"
    return f"cite/{'page' if kind == 'chapter' else kind}/{key}"


def references(
    book: Book,
    ledger: Published,
    records: Iterable[Record],
    titles: Mapping[str, str],
    tables: Mapping[str, Mapping[str, str]],
) -> dict[str, Reference]:
    """List everything that can be cited, by the place of its page of references.

    Parameters
    ----------
    book : Book
        The book.
    ledger : Published
        Its accepted numbers and figures.
    records : iterable of Record
        Its datasets.
    titles : mapping of str to str
        Path of each page, without an ending, to its title.
    tables : mapping of str to mappings of str to str
        Path of a page to its tables: name to caption.

    Returns
    -------
    dict of str to Reference
    """
    made = [book_reference(book)]
    made += [number_reference(book, entry, titles) for entry in ledger.numbers.values()]
    made += [figure_reference(book, entry, titles) for entry in ledger.figures.values()]
    described = {record.id: record for record in records}
    made += [data_reference(book, record) for record in described.values()]
    pages_of_data = {f"book/data/{name}" for name in described}
    for page, title in titles.items():
        if page not in pages_of_data and page != HOME:
            made.append(page_reference(book, page, title, ledger))
    for page, named in tables.items():
        whole = page_reference(book, page, titles[page], ledger)
        made += [table_reference(whole, name, caption) for name, caption in named.items()]
    return {reference.place: reference for reference in made}


def book_reference(book: Book) -> Reference:
    """Return the reference to the whole book."""
    remark = f"Results are observed, compiled or simulated. {NO_EVIDENCE}"
    return Reference(book, "book", "book", book.title, f"{HOME}.html", remarks=(remark,))


def number_reference(book: Book, entry: Number, titles: Mapping[str, str]) -> Reference:
    """Return the reference to a published number: its entry in the ledger."""
    interval = f" ({entry.interval_text})" if entry.interval else ""
    about = entry.about[:1].upper() + entry.about[1:]
    unit = "" if isinstance(entry.value, str) else f" {entry.unit}"
    return Reference(
        book, "num", entry.key, f"{about}: {entry.text}{unit}{interval}",
        f"book/ledger.html#{anchor(entry.key, 'num')}", entry.evidence_class,
        titles.get(f"notebooks/{entry.notebook}", ""), _sources(entry),
    )  # fmt: skip


def figure_reference(book: Book, entry: Figure, titles: Mapping[str, str]) -> Reference:
    """Return the reference to a figure, with its caption's first sentence as title."""
    first = FIRST_SENTENCE.match(entry.caption)
    return Reference(
        book, "fig", entry.key, (first[1] if first else entry.caption).rstrip("."),
        f"notebooks/{entry.notebook}.html#{anchor(entry.key, 'fig')}", entry.evidence_class,
        titles.get(f"notebooks/{entry.notebook}", ""), _sources(entry),
    )  # fmt: skip


def _sources(entry: Number | Figure) -> tuple[str, ...]:
    data = (f"Data: {', '.join(entry.data)}.",) if entry.data else ()
    made = (f"Generated by {entry.simulation}.",) if entry.simulation else ()
    return data + made


def data_reference(book: Book, record: Record) -> Reference:
    """Return the reference to a dataset's page; the producer is to be cited as well."""
    producer = " ".join(record.citation.split()).rstrip(".")
    return Reference(
        book, "data", record.id, record.title, f"book/data/{record.id}.html",
        record.evidence_class, remarks=(f"Cite the producer as well: {producer}.",),
    )  # fmt: skip


def page_reference(book: Book, page: str, title: str, ledger: Published) -> Reference:
    """Return the reference to a page; a chapter says of which classes its results are."""
    folder, _, name = page.rpartition("/")
    if folder != "notebooks":
        remark = f"Its numbers carry their own evidence class. {NO_EVIDENCE}"
        return Reference(book, "page", page, title, f"{page}.html", remarks=(remark,))
    entries = [*ledger.numbers.values(), *ledger.figures.values()]
    counted = Counter(e.evidence_class for e in entries if e.notebook == name)
    listed = ", ".join(f"{counted[c]} {c}" for c in EVIDENCE_CLASSES if counted[c])
    remarks = (f"Published numbers and figures by evidence class: {listed}.",) if listed else ()
    only = next(iter(counted)) if len(counted) == 1 else ""
    if counted["simulated"]:
        remarks += (NO_EVIDENCE,)
    return Reference(book, "chapter", page, title, f"{page}.html", only, remarks=remarks)


def table_reference(whole: Reference, name: str, caption: str) -> Reference:
    """Return the reference to a page's table, which takes over what the page says of classes.

    A table's name is made from its caption, so it holds for one version, as its address does.
    """
    return Reference(
        whole.book, "table", f"{whole.key.removeprefix('notebooks/')}/{name}", caption.rstrip("."),
        f"{whole.path}#table-{name}", whole.evidence_class, whole.title, _of_chapter(whole),
    )  # fmt: skip


def _of_chapter(whole: Reference) -> tuple[str, ...]:
    return tuple(remark.replace("Published", "The chapter's published") for remark in whole.remarks)


def table_names(captions: Iterable[str]) -> dict[str, str]:
    """Return captions by the names that addresses take: their first words, once each."""
    named: dict[str, str] = {}
    for caption in captions:
        words = re.sub(r"[^a-z0-9]+", "-", caption.lower()).strip("-").split("-")
        short = "-".join(words[:LONGEST_NAME])
        count = 1
        while (name := short + (f"-{count}" if count > 1 else "")) in named:
            count += 1
        named[name] = caption
    return named
