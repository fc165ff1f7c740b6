"""Why an item is in the answer, in a few words that a listener reads."""

from __future__ import annotations

from collections.abc import Iterable

from tools.catalog.names import name_key
from tools.types import Filters, Item


def match_reason(text: str, item: Item) -> str:
    """Where the words of a query met the item."""
    words = set(name_key(text).split())
    title = set(name_key(item.title).split())
    artists = set(name_key(" ".join(item.artists)).split())
    if item.kind == "artist" and title & words:
        return "Artist's name matches"
    if title and title <= words:
        return "Title matches"
    if artists & words and item.kind != "artist":
        return f"By {item.artists[0]}"
    if title & words:
        return "Title matches in part"
    tag = next((tag for tag in _tags(item) if set(name_key(tag).split()) & words), None)
    return f"Tagged {tag}" if tag else "Name is spelt alike"


def facet_reason(filters: Filters, item: Item, fallback: str) -> str:
    """Which of the facets asked for the item carries; `fallback` where none was asked for."""
    asked = {*filters.genres, *filters.moods, *filters.topics, *filters.languages}
    carried = [facet for facet in _facets(item) if facet in asked]
    if filters.year_from is not None or filters.year_to is not None:
        carried += [item.release_date[:4]] if item.release_date else []
    if carried:
        return _sentence(carried[:3])
    if filters.genres and item.genres:
        return _sentence(item.genres[:2])
    return fallback


def likeness_reason(item: Item) -> str:
    """What an item found by meaning is about."""
    about = [*item.genres[:2], *item.moods[:1], *item.topics[:2]]
    return f"Close in meaning: {', '.join(about)}" if about else "Close in meaning"


def age_reason(weeks: float | None, precision: str | None) -> str:
    """How long before the catalog's snapshot an item came out."""
    if weeks is None:
        return "Release date unknown"
    if precision == "year":
        return "Out that year"
    if weeks < 1:
        return "Out this week"
    if weeks < 9:
        return f"Out {round(weeks)} week{'' if round(weeks) == 1 else 's'} ago"
    if weeks < 100:
        return f"Out {round(weeks / 4.35)} months ago"
    return f"Out {round(weeks / 52.2)} years ago"


def popularity_reason(popularity: int) -> str:
    if popularity >= 75:
        return "Very popular"
    return "Popular" if popularity >= 50 else "Less known"


def _facets(item: Item) -> Iterable[str]:
    return (*item.genres, *item.moods, *item.topics, *item.languages)


def _tags(item: Item) -> Iterable[str]:
    return (*_facets(item), *item.tags)


def _sentence(words: Iterable[str]) -> str:
    text = ", ".join(words)
    return text[:1].upper() + text[1:]
