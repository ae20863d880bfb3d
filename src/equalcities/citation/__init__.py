"""Citing the book: a page, figure, table, dataset or number, for readers and for machines.

``book/metadata.yml`` is the one source. A `Reference` says what is cited; `equalcities.citation.
formats` writes it as text, BibTeX, RIS or CSL-JSON, the same on the site and on the command line.
"""

from equalcities.citation.formats import FORMATS, bibtex, csl, ris, text
from equalcities.citation.reference import Reference, references
from equalcities.citation.source import Author, Book, read_book

__all__ = [
    "FORMATS", "Author", "Book", "Reference", "bibtex", "csl", "read_book", "references", "ris",
    "text",
]  # fmt: skip
