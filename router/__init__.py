"""The online path of a search: query in, sections of a results page out."""
