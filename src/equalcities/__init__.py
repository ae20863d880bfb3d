"""Cities of Equality: data with provenance, measures, and the ledger behind the book."""

from importlib.metadata import version

__version__ = version("equalcities")
