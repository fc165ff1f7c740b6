"""Semantic search: the query's vector against the catalog's, facets selected first."""

from __future__ import annotations

from dataclasses import dataclass

from tools.catalog.catalog import Catalog
from tools.embedder import Embedder
from tools.lexical import CatalogSource, lexical_text
from tools.ranking import Page, Ranked
from tools.reasons import facet_reason, likeness_reason
from tools.relaxation import Hits, relaxing
from tools.types import Filters, Found, Listener, ToolParams, Vector


@dataclass(frozen=True, slots=True)
class SemanticSearch:
    catalog: CatalogSource
    embedder: Embedder

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        vector = query_vector(params, self.embedder)

        def attempt(filters: Filters) -> Hits:
            ranked = rank_semantically(catalog, vector, filters, page.end)
            return page.hits(
                catalog, ranked, lambda item: facet_reason(filters, item, likeness_reason(item))
            )

        return relaxing(catalog, params.filters, attempt)


def query_vector(params: ToolParams, embedder: Embedder) -> Vector:
    """The vector that came with the call, or a new one: shape (dimensions,), unit norm."""
    if params.vector is not None:
        return params.vector
    vector: Vector = embedder.embed([lexical_text(params)])[0]
    return vector


def rank_semantically(catalog: Catalog, vector: Vector, filters: Filters, wanted: int) -> Ranked:
    """Rows by cosine; scores are cosines."""
    near = catalog.vectors.search(vector, wanted, catalog.select(filters))
    return list(zip(near.rows.tolist(), near.cosines.tolist(), strict=True))
