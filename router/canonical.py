"""A call in the catalog's own words: names and facets resolved, the unknown left to the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from router.call import Facets
from tools.catalog.catalog import Catalog
from tools.catalog.names import name_key
from tools.catalog.vocabulary import COLUMNS, FACETS, Field

F = TypeVar("F", bound=Facets)

_VALUES: tuple[Field | Literal["traits"], ...] = (*FACETS, "traits")
MAX_GENRE_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Resolved:
    artists: tuple[str, ...]
    facets: dict[str, tuple[str, ...]]


def canonicalise(facets: F, query: str, catalog: Catalog) -> F:
    """The same call with names in the catalog's spelling and facets in its vocabulary.

    A facet that neither catalog nor lexicon knows is dropped: its words stay in the query, which
    every tool retrieves by. A value that is no such word but is an artist's name is that artist.
    A genre named in the query and in no field of the call is taken from the query.
    """
    resolved = _resolve(facets, catalog)
    values: dict[str, object] = dict(resolved.facets)
    if not values["genres"]:
        values["genres"] = _genres_in(query, catalog, resolved.artists)
    return facets.model_copy(
        update=values | {"artists": resolved.artists, "titles": _unique(facets.titles)}
    )


def without_unknown_facets(facets: F, catalog: Catalog) -> F:
    """The call whose every filter can match something in this catalog."""
    known: dict[str, object] = {
        field: tuple(w for w in getattr(facets, field) if catalog.vocabulary.holds(field, w))
        for field in COLUMNS
    }
    return facets.model_copy(update=known)


def _resolve(facets: Facets, catalog: Catalog) -> _Resolved:
    artists = list(facets.artists)
    values: dict[str, tuple[str, ...]] = {}
    for field in _VALUES:
        kept = []
        for word in getattr(facets, field):
            known = catalog.vocabulary.canonical(field, word) if field != "traits" else None
            if known:
                kept.append(known)
            elif catalog.lexical.named(word, ("artist",), 1):
                artists.append(word)
            else:
                kept.append(word)
        values[field] = _unique(kept)
    values["entity_types"] = _unique(facets.entity_types)
    return _Resolved(_names(artists, catalog), values)


def _names(names: list[str], catalog: Catalog) -> tuple[str, ...]:
    """Names in the catalog's spelling. What merely contains a resolved name is dropped, and
    what the catalog does not know is kept only where it knows none of them."""
    exact = [found for name in names if (found := _artist_named(name, catalog))]
    if exact:
        return _unique(exact)
    close = [found for name in names if (found := _artist_like(name, catalog))]
    return _unique(close or names)


def _artist_named(name: str, catalog: Catalog) -> str | None:
    found = catalog.lexical.named(name, ("artist",), 1)
    return catalog.item(found[0].row).title if found else None


def _artist_like(name: str, catalog: Catalog) -> str | None:
    """The artist whose name is the misspelt one: as many words, each within two typos."""
    words = len(name_key(name).split())
    for match in catalog.lexical.artist_like(name, 3):
        title = catalog.item(match.row).title
        if len(name_key(title).split()) == words:
            return title
    return None


def _genres_in(query: str, catalog: Catalog, artists: tuple[str, ...]) -> tuple[str, ...]:
    """Genres whose whole name stands in the query, the longest first, names of artists aside."""
    words = name_key(query).split()
    taken = {word for artist in artists for word in name_key(artist).split()}
    found = []
    at = 0
    while at < len(words):
        length, genre = _longest_genre(words, at, catalog)
        if genre and not taken.intersection(words[at : at + length]):
            found.append(genre)
        at += max(1, length)
    return _unique(found)


def _longest_genre(words: list[str], at: int, catalog: Catalog) -> tuple[int, str | None]:
    for length in range(min(MAX_GENRE_WORDS, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + length])
        genre = catalog.vocabulary.canonical("genres", phrase)
        # "spanish" is a language of lessons before it is a playlist's label.
        is_language = catalog.vocabulary.canonical("languages", phrase) is not None
        if genre and not is_language and catalog.vocabulary.holds("genres", genre):
            return length, genre
    return 0, None


def _unique(values: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
