"""Lexical and semantic search in one list, by weighted reciprocal rank fusion.

Serves podcasts, ready-made playlists and the assistant's section, each over its own kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.embedder import Embedder
from tools.lexical import CatalogSource, lexical_text, rank_lexically
from tools.ranking import Page, fuse
from tools.reasons import facet_reason, likeness_reason, match_reason
from tools.relaxation import Hits, relaxing
from tools.semantic import query_vector, rank_semantically
from tools.types import Filters, Found, Item, Kind, Listener, ToolParams

DEPTH = 100  # rows taken from each list before fusion


@dataclass(frozen=True, slots=True)
class FusedSearch:
    """`kinds` applies where the call names none. The weights multiply each list's 1 / (60 + rank).

    Meaning outweighs words: a request in one's own words ("lessons for beginners") seldom holds
    the words of a title, and where it does both lists agree.
    """

    catalog: CatalogSource
    embedder: Embedder
    kinds: tuple[Kind, ...] = ()
    lexical_weight: float = 0.7
    semantic_weight: float = 1.0

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        text = lexical_text(params)
        vector = query_vector(params, self.embedder)
        depth = max(DEPTH, page.end)

        def attempt(filters: Filters) -> Hits:
            words = [row for row, _ in rank_lexically(catalog, text, filters, depth)[:depth]]
            meaning = [row for row, _ in rank_semantically(catalog, vector, filters, depth)]
            ranked = fuse([(self.lexical_weight, words), (self.semantic_weight, meaning)])
            worded = set(words[: page.end])
            rows = {catalog.item(row).id for row in worded}

            def why(item: Item) -> str:
                meant = match_reason(text, item) if item.id in rows else likeness_reason(item)
                return facet_reason(filters, item, meant)

            return page.hits(catalog, ranked, why)

        filters = replace(params.filters, kinds=params.filters.kinds or self.kinds)
        return relaxing(catalog, filters, attempt)
