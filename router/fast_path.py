"""Queries that need no model: the whole query is one artist's name, or a title and its artist."""

from __future__ import annotations

from router.call import RouteCall
from tools.catalog.catalog import Catalog
from tools.catalog.names import name_key
from tools.catalog.vocabulary import FACETS
from tools.types import Kind

_TITLES: tuple[Kind, ...] = ("track", "album")
MAX_QUERY_WORDS = 10


def fast_path(query: str, catalog: Catalog) -> RouteCall | None:
    """The known-item call of an unambiguous navigational query, else None.

    A name that is also a genre, mood, activity, topic or language is ambiguous, and so is a title
    without its artist.
    """
    words = name_key(query).split()
    if not words or len(words) > MAX_QUERY_WORDS:
        return None
    if any(catalog.vocabulary.canonical(field, query) for field in FACETS):
        return None
    artists = catalog.lexical.named(query, ("artist",), 2)
    if len(artists) == 1:
        name = catalog.item(artists[0].row).title
        return RouteCall(route="known_item", artists=(name,))
    return None if artists else _title_and_artist(words, catalog)


def _title_and_artist(words: list[str], catalog: Catalog) -> RouteCall | None:
    for cut in range(1, len(words)):
        before, after = words[:cut], words[cut:]
        if after[0] == "by":
            after = after[1:]
        for title, artist in ((before, after), (after, before)):
            call = _named_by(" ".join(title), " ".join(artist), catalog)
            if call:
                return call
    return None


def _named_by(title: str, artist: str, catalog: Catalog) -> RouteCall | None:
    if not title or not artist:
        return None
    found = catalog.lexical.named_by(title, artist, _TITLES, 1)
    if not found:
        return None
    item = catalog.item(found[0].row)
    return RouteCall(route="known_item", artists=item.artists[:1], titles=(item.title,))
