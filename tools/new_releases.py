"""What came out lately, counted back from the catalog's snapshot date."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.artist_catalog import works
from tools.catalog.catalog import UNKNOWN_DAY, Catalog
from tools.lexical import CatalogSource
from tools.ranking import Page, Ranked, by_score, spread
from tools.reasons import age_reason
from tools.relaxation import Hits, relaxing
from tools.taste import Taste, taste_of
from tools.types import Filters, Found, Item, Kind, Listener, ToolParams

DEFAULT_WEEKS = 13  # the labelling guide's upper bound for "new"
RECENCY_SHARE = 0.5
FAME_SHARE = 0.3
TASTE_SHARE = 0.2
MOST_CANDIDATES = 2_000
KINDS: tuple[Kind, ...] = ("album", "track")


@dataclass(frozen=True, slots=True)
class NewReleases:
    """Named artists: their latest work, by date. Otherwise: what is fresh, by date and fame."""

    catalog: CatalogSource

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        taste = taste_of(catalog, listener)
        ages: dict[str, float | None] = {}

        def attempt(filters: Filters) -> Hits:
            if params.artists:
                ranked = _latest_by(catalog, params.artists, filters)
            else:
                ranked = _fresh(catalog, filters, taste, page.end)
            for row, _ in ranked[page.offset : page.end]:
                ages[catalog.item(row).id] = catalog.weeks_old(row)
            return page.hits(catalog, ranked, why)

        def why(item: Item) -> str:
            age = age_reason(ages.get(item.id), item.release_precision)
            liked = taste.reason(item)
            return f"{age} · {liked}" if liked else age

        return relaxing(catalog, _windowed(params), attempt)


def _windowed(params: ToolParams) -> Filters:
    filters = params.filters
    kinds = filters.kinds or KINDS
    dated = filters.max_weeks or filters.year_from or filters.year_to or params.artists
    return replace(filters, kinds=kinds, max_weeks=filters.max_weeks if dated else DEFAULT_WEEKS)


def _latest_by(catalog: Catalog, artists: tuple[str, ...], filters: Filters) -> Ranked:
    rows = [row for kind in filters.kinds for row, _ in works(catalog, artists, filters, kind)]
    dated = [row for row in rows if catalog.release_day[row] != UNKNOWN_DAY]

    def order(row: int) -> tuple[int, bool, int, int]:
        single = catalog.kind(row) != "album"
        return -int(catalog.release_day[row]), single, -int(catalog.popularity[row]), row

    return [(row, 1 / (rank + 1)) for rank, row in enumerate(sorted(dated, key=order))]


def _fresh(catalog: Catalog, filters: Filters, taste: Taste, wanted: int) -> Ranked:
    mask = catalog.select(filters)
    rows = np.flatnonzero(mask) if mask is not None else np.arange(len(catalog))
    rows = rows[catalog.release_day[rows] != UNKNOWN_DAY]
    newest_first = rows[np.lexsort((rows, -catalog.release_day[rows]))][:MOST_CANDIDATES]
    scored = [(int(row), _score(catalog, int(row), filters, taste)) for row in newest_first]
    singles_merged = _without_album_tracks(catalog, by_score(scored))
    return spread(catalog, singles_merged, wanted)


def _score(catalog: Catalog, row: int, filters: Filters, taste: Taste) -> float:
    window = 7.0 * (filters.max_weeks or 520)
    age = 7.0 * (catalog.weeks_old(row) or 0.0)
    recency = max(0.0, 1 - age / window)
    fame = int(catalog.popularity[row]) / 100
    liking = taste.liking(catalog.item(row)) if taste else 0.0
    return RECENCY_SHARE * recency + FAME_SHARE * fame + TASTE_SHARE * liking


def _without_album_tracks(catalog: Catalog, ranked: Ranked) -> Ranked:
    """An album stands for its tracks: a list of fresh work names it once."""
    items = {row: catalog.item(row) for row, _ in ranked}
    albums = {item.id for item in items.values() if item.kind == "album"}
    return [(row, score) for row, score in ranked if items[row].parent_id not in albums]
