"""Strict first: what a search gives up, one facet at a time, before it answers nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from tools.catalog.catalog import Catalog
from tools.types import Filters, Found, Hit

Hits = tuple[Hit, ...] | None
"""A page of hits, empty past the last one; None where nothing at all was found."""

Attempt = Callable[[Filters], Hits]

WIDER_WEEKS = (13, 26, 52, 104)
"""Recency is widened in these steps before it is dropped."""

_ORDER = ("moods", "languages", "topics", "years", "weeks", "genres")
"""What is given up first says least about what was asked for. Exclusions stay."""


def relaxing(
    catalog: Catalog, filters: Filters, attempt: Attempt, *, kinds_too: bool = False
) -> Found:
    """The first attempt that finds something, and the facets it had to relax.

    What is given up does not depend on the page: a page past the end is empty, not relaxed. Tries
    each facet alone in order, then facets together in the same order; with `kinds_too`, all of that
    again for items of any kind.
    """
    candidates = _candidates(catalog, filters)
    if kinds_too and filters.kinds:
        candidates = chain(candidates, _of_any_kind(catalog, filters))
    for candidate, relaxed in candidates:
        hits = attempt(candidate)
        if hits is not None:
            return Found(hits, relaxed)
    return Found(why="Nothing in the catalog fits, even with the filters relaxed.")


def _candidates(catalog: Catalog, filters: Filters) -> Iterator[tuple[Filters, tuple[str, ...]]]:
    yield filters, ()
    said = [facet for facet in _ORDER if _is_said(filters, facet)]
    for facet in said:
        for looser in _looser(catalog, filters, facet):
            yield looser, (facet,)
    current = filters
    for count, facet in enumerate(said, 1):
        current = _without(current, facet)
        if count > 1:
            yield current, tuple(said[:count])


def _of_any_kind(catalog: Catalog, filters: Filters) -> Iterator[tuple[Filters, tuple[str, ...]]]:
    for candidate, relaxed in _candidates(catalog, replace(filters, kinds=())):
        yield candidate, ("entity_types", *relaxed)


def _is_said(filters: Filters, facet: str) -> bool:
    match facet:
        case "years":
            return filters.year_from is not None or filters.year_to is not None
        case "weeks":
            return filters.max_weeks is not None
        case _:
            return bool(getattr(filters, facet))


def _looser(catalog: Catalog, filters: Filters, facet: str) -> Iterator[Filters]:
    """Milder forms of a facet, mildest first, then none of it."""
    if facet == "weeks" and filters.max_weeks is not None:
        for weeks in WIDER_WEEKS:
            if weeks > filters.max_weeks:
                yield replace(filters, max_weeks=weeks)
    if facet == "genres":
        broader = [up for genre in filters.genres for up in catalog.vocabulary.broader(genre)]
        if broader:
            yield replace(filters, genres=tuple(dict.fromkeys(broader)))
    yield _without(filters, facet)


def _without(filters: Filters, facet: str) -> Filters:
    match facet:
        case "years":
            return replace(filters, year_from=None, year_to=None)
        case "weeks":
            return replace(filters, max_weeks=None)
        case "moods":
            return replace(filters, moods=())
        case "languages":
            return replace(filters, languages=())
        case "topics":
            return replace(filters, topics=())
        case _:
            return replace(filters, genres=())
