"""An artist's own work: albums by date, tracks by popularity."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.catalog.catalog import UNKNOWN_DAY, Catalog
from tools.known_item import rank_named
from tools.lexical import CatalogSource
from tools.ranking import Page, Ranked
from tools.reasons import popularity_reason
from tools.relaxation import Hits, relaxing
from tools.types import Filters, Found, Item, Kind, Listener, ToolParams

MOST_WORKS = 2_000
WORKS: tuple[Kind, ...] = ("album", "track")


@dataclass(frozen=True, slots=True)
class ArtistCatalog:
    """Albums and tracks of the named artists; of the named item's artist where none is named."""

    catalog: CatalogSource

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        artists = params.artists or _artists_of(catalog, params)
        if not artists:
            return Found(why="No artist was named, and the named item has none.")

        def attempt(filters: Filters) -> Hits:
            kinds = tuple(kind for kind in filters.kinds if kind in WORKS) or WORKS
            wanted = replace(filters, kinds=kinds)
            ranked = interleave([works(catalog, artists, wanted, kind) for kind in kinds])
            return page.hits(catalog, ranked, _why)

        return relaxing(catalog, params.filters, attempt)


def works(catalog: Catalog, artists: tuple[str, ...], filters: Filters, kind: Kind) -> Ranked:
    """Rows of one kind credited to any of the artists: albums newest first, others by fame."""
    mask = catalog.select(replace(filters, kinds=(kind,)))
    rows = {
        match.row
        for artist in artists
        for match in catalog.lexical.credited(artist, (kind,), MOST_WORKS)
        if mask is None or mask[match.row]
    }

    def order(row: int) -> tuple[int, int, int]:
        day = int(catalog.release_day[row])
        first = -max(day, UNKNOWN_DAY + 1) if kind == "album" else 0
        return first, -int(catalog.popularity[row]), row

    ordered = sorted(rows, key=order)
    return [(row, 1 / (rank + 1)) for rank, row in enumerate(ordered)]


def interleave(rankings: list[Ranked]) -> Ranked:
    """One from each list in turn, so that no kind hides behind another."""
    longest = max((len(ranked) for ranked in rankings), default=0)
    rows = [ranked[i][0] for i in range(longest) for ranked in rankings if i < len(ranked)]
    return [(row, 1 / (rank + 1)) for rank, row in enumerate(rows)]


def _artists_of(catalog: Catalog, params: ToolParams) -> tuple[str, ...]:
    ranked = rank_named(catalog, replace(params, filters=Filters()), 1)
    return catalog.item(ranked[0][0]).artists[:1] if ranked else ()


def _why(item: Item) -> str:
    if item.kind == "album":
        return f"Album by {item.artists[0]}"
    return f"{popularity_reason(item.popularity)} track by {item.artists[0]}"
