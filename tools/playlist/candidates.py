"""Candidates of a playlist: the tracks nearest to the request (DP section 3.2, equation 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.catalog.catalog import Catalog
from tools.embedder import Embedder
from tools.lexical import CatalogSource
from tools.ranking import Page, Ranked, spread
from tools.reasons import facet_reason, likeness_reason
from tools.relaxation import Hits, relaxing
from tools.semantic import query_vector, rank_semantically
from tools.types import Filters, Found, Listener, ToolParams, Vector

CANDIDATES = 500  # N of DP section 5.1


@dataclass(frozen=True, slots=True)
class SemanticPlaylist:
    """Tracks by cosine to the request within the facets, no recording twice, artists spread."""

    catalog: CatalogSource
    embedder: Embedder

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        vector = query_vector(params, self.embedder)

        def attempt(filters: Filters) -> Hits:
            ranked = spread(catalog, candidates(catalog, vector, filters), page.end)
            return page.hits(
                catalog, ranked, lambda item: facet_reason(filters, item, likeness_reason(item))
            )

        return relaxing(catalog, replace(params.filters, kinds=("track",)), attempt)


def candidates(catalog: Catalog, vector: Vector, filters: Filters) -> Ranked:
    """The `CANDIDATES` nearest tracks; scores are s_llm, the cosine mapped to (0, 1]."""
    near = rank_semantically(catalog, vector, filters, CANDIDATES)
    return [(row, max(1e-6, (1 + cosine) / 2)) for row, cosine in near]
