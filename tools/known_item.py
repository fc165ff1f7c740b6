"""The one thing that was named: whole names first, then the closest spelling."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.catalog.catalog import Catalog
from tools.lexical import CatalogSource, lexical_text, rank_lexically
from tools.ranking import Page, Ranked, by_score
from tools.reasons import match_reason
from tools.relaxation import Hits, relaxing
from tools.types import Filters, Found, Listener, ToolParams

TITLE_AND_ARTIST = 4.0
WHOLE_TITLE = 2.0
WHOLE_ARTIST = 3.0  # an artist's name alone asks for the artist before songs of that name


@dataclass(frozen=True, slots=True)
class KnownItem:
    catalog: CatalogSource

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        text = lexical_text(params)

        def attempt(filters: Filters) -> Hits:
            ranked = rank_named(catalog, replace(params, filters=filters), page.end)
            return page.hits(catalog, ranked, lambda item: match_reason(text, item))

        # A listener who says "album" for a single still wants the single.
        return relaxing(catalog, params.filters, attempt, kinds_too=True)


def rank_named(catalog: Catalog, params: ToolParams, wanted: int) -> Ranked:
    """Rows by how wholly they are what was named; within that by popularity, then by words."""
    mask = catalog.select(params.filters)
    scores: dict[int, float] = {}
    for row, tier in _whole_names(catalog, params):
        if mask is None or mask[row]:
            scores[row] = max(scores.get(row, 0.0), tier + int(catalog.popularity[row]) / 200)
    close = rank_lexically(catalog, lexical_text(params), params.filters, wanted)
    best = max((score for _, score in close), default=1.0)
    for row, score in close:
        scores.setdefault(row, score / best)
    return by_score(scores.items())


def _whole_names(catalog: Catalog, params: ToolParams) -> list[tuple[int, float]]:
    index = catalog.lexical
    kinds = params.filters.kinds
    titles = params.titles or (() if params.artists else (params.text,))
    found = [
        (match.row, TITLE_AND_ARTIST)
        for title in titles
        for artist in params.artists
        for match in index.named_by(title, artist, kinds)
    ]
    found += [(m.row, WHOLE_TITLE) for title in titles for m in index.named(title, kinds)]
    artists = params.artists if not params.titles else ()
    for name in (*artists, *(titles if not params.artists else ())):
        found += [(m.row, WHOLE_ARTIST) for m in index.named(name, ("artist",))]
    return found
