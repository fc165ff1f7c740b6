"""Music by facets: what fits the words, the best known first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.artist_catalog import works
from tools.catalog.catalog import Catalog
from tools.embedder import Embedder
from tools.lexical import CatalogSource
from tools.ranking import Page, Ranked, by_score, spread
from tools.reasons import facet_reason, popularity_reason
from tools.relaxation import Hits, relaxing
from tools.semantic import query_vector
from tools.similar_artists import rank_like, seed_of
from tools.taste import Taste, taste_of
from tools.types import MUSIC, Filters, Found, Item, Kind, Listener, ToolParams, Vector

CANDIDATES = 500
MEANING_SHARE = 0.6
FAME_SHARE = 0.4
TASTE_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Tracks, albums or artists within the facets; of the named artists where any are named."""

    catalog: CatalogSource
    embedder: Embedder

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        taste = taste_of(catalog, listener)
        vector = query_vector(params, self.embedder)
        kinds = params.filters.kinds or MUSIC

        def attempt(filters: Filters) -> Hits:
            ranked = self._rank(catalog, params, filters, vector, taste, page.end)
            return page.hits(catalog, ranked, lambda item: _why(item, filters, taste))

        return relaxing(catalog, _askable(params.filters, kinds), attempt)

    def _rank(
        self,
        catalog: Catalog,
        params: ToolParams,
        filters: Filters,
        vector: Vector,
        taste: Taste,
        wanted: int,
    ) -> Ranked:
        if not params.artists:
            return spread(catalog, _by_facets(catalog, filters, vector, taste), wanted)
        if filters.kinds == ("artist",):
            named = [
                m.row for a in params.artists for m in catalog.lexical.named(a, ("artist",), 1)
            ]
            like = rank_like(catalog, seed_of(catalog, tuple(named), vector), filters)
            return [(row, 2.0) for row in named] + like
        return [
            row for kind in filters.kinds for row in works(catalog, params.artists, filters, kind)
        ]


def _askable(filters: Filters, kinds: tuple[Kind, ...]) -> Filters:
    """Artists carry no dates: a decade asked of them stays in the query's meaning alone."""
    if kinds == ("artist",):
        return replace(filters, kinds=kinds, year_from=None, year_to=None, max_weeks=None)
    return replace(filters, kinds=kinds)


def _by_facets(catalog: Catalog, filters: Filters, vector: Vector, taste: Taste) -> Ranked:
    near = catalog.vectors.search(vector, CANDIDATES, catalog.select(filters))
    fame = catalog.popularity[near.rows].astype(np.float32) / 100
    scores = MEANING_SHARE * near.cosines + FAME_SHARE * fame
    if taste:
        liking = [taste.liking(catalog.item(int(row))) for row in near.rows]
        scores = scores + TASTE_SHARE * np.array(liking, np.float32)
    return by_score(zip(near.rows.tolist(), scores.tolist(), strict=True))


def _why(item: Item, filters: Filters, taste: Taste) -> str:
    fits = facet_reason(filters, item, popularity_reason(item.popularity))
    liked = taste.reason(item)
    return f"{fits} · {liked}" if liked else fits
