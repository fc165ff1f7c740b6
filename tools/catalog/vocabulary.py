"""The words of a catalog's facets: aliases, the genre tree, and what the catalog really holds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Literal

from tools.catalog.names import name_key

Field = Literal["genres", "moods", "activities", "topics", "languages"]

FACETS: tuple[Field, ...] = ("genres", "moods", "activities", "topics", "languages")
"""Every facet that has a vocabulary."""

COLUMNS: tuple[Field, ...] = ("genres", "moods", "topics", "languages")
"""The facets that items carry: what a filter can ask for."""

_TABLE_FIELDS: dict[str, Field] = {
    "mood": "moods",
    "activity": "activities",
    "topic": "topics",
    "language": "languages",
}


@dataclass(frozen=True)
class Lexicon:
    """What people call things, whatever the catalog: canonical words, aliases, broader genres.

    `aliases` maps the `name_key` of every known spelling to its canonical word, field by field.
    `parents` maps a genre to its broader genres.
    """

    aliases: Mapping[Field, Mapping[str, str]]
    parents: Mapping[str, tuple[str, ...]]

    def canonical(self, facet: Field, word: str) -> str | None:
        """The canonical word of a spelling, or None where the table does not know it."""
        return self.aliases.get(facet, {}).get(name_key(word))

    def tidy(self, facet: Field, words: Iterable[str]) -> tuple[str, ...]:
        """Words in canonical spelling where known, as they are elsewhere; each once."""
        return tuple(dict.fromkeys(self.canonical(facet, word) or word for word in words))

    def spellings(self, facet: Field) -> tuple[str, ...]:
        """Every known spelling of a facet, sorted: what a grammar may allow."""
        known = self.aliases.get(facet, {})
        return tuple(sorted({*known, *known.values()}))

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """A genre to its narrower genres."""
        narrower: dict[str, list[str]] = {}
        for genre, parents in self.parents.items():
            for parent in parents:
                narrower.setdefault(parent, []).append(genre)
        return {genre: tuple(found) for genre, found in narrower.items()}

    def descendants(self, genre: str) -> set[str]:
        """The genre and everything below it."""
        found: set[str] = set()
        waiting = [genre]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self.children.get(current, ()))
        return found


@dataclass(frozen=True)
class Vocabulary:
    """A catalog's facet words with the number of items that carry each."""

    lexicon: Lexicon
    counts: Mapping[Field, Mapping[str, int]] = field(default_factory=dict)

    def canonical(self, facet: Field, word: str) -> str | None:
        """The spelling to filter by, or None where neither catalog nor lexicon knows the word."""
        known = self.lexicon.canonical(facet, word)
        if known is not None:
            return known
        return self._held.get(facet, {}).get(name_key(word))

    def genres_meant(self, genre: str) -> tuple[str, ...]:
        """The catalog's genres that a searcher of `genre` accepts: itself and narrower ones."""
        held = self.counts.get("genres", {})
        return tuple(sorted(g for g in self.lexicon.descendants(genre) if g in held))

    def broader(self, genre: str) -> tuple[str, ...]:
        """The nearest broader genres that the catalog holds, for when it holds none of `genre`."""
        waiting = list(self.lexicon.parents.get(genre, ()))
        while waiting:
            held = [parent for parent in waiting if self.genres_meant(parent)]
            if held:
                return tuple(held)
            waiting = [up for parent in waiting for up in self.lexicon.parents.get(parent, ())]
        return ()

    def holds(self, facet: Field, word: str) -> bool:
        """Whether a filter on the canonical `word` can match anything."""
        if facet == "genres":
            return bool(self.genres_meant(word) or self.broader(word))
        return word in self.counts.get(facet, {})

    @cached_property
    def _held(self) -> Mapping[Field, Mapping[str, str]]:
        return {f: {name_key(w): w for w in words} for f, words in self.counts.items()}


def load_lexicon() -> Lexicon:
    """The lexicon that ships with the package (`genres.tsv`, `facets.tsv`)."""
    aliases: dict[Field, dict[str, str]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    for row in _rows("genres.tsv"):
        parents[row["genre"]] = _split(row["parents"])
        _learn(aliases.setdefault("genres", {}), row["genre"], row["aliases"])
    for row in _rows("facets.tsv"):
        known = aliases.setdefault(_TABLE_FIELDS[row["field"]], {})
        _learn(known, row["name"], row["aliases"])
    return Lexicon(aliases, parents)


def _rows(file: str) -> list[dict[str, str]]:
    text = resources.files("tools.catalog").joinpath(file).read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _learn(known: dict[str, str], name: str, aliases: str) -> None:
    known[name_key(name)] = name
    for alias in _split(aliases):
        known.setdefault(name_key(alias), name)


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split(",") if part.strip())
