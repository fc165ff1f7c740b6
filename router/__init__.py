"""The online path of a search: query in, sections of a results page out."""

__version__ = "0.1.0"
