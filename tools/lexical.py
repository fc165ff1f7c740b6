"""Lexical search: words against names and tags, typos forgiven. Also the plain-search baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.catalog.catalog import Catalog
from tools.catalog.lexical import Match
from tools.ranking import Page, Ranked, lexical_matches
from tools.reasons import match_reason
from tools.relaxation import Hits, relaxing
from tools.types import Filters, Found, Listener, ToolParams

CatalogSource = Callable[[], Catalog]
"""The catalog that serves now: asked once a search, so that a swap never splits an answer."""


@dataclass(frozen=True, slots=True)
class LexicalSearch:
    catalog: CatalogSource

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        text = lexical_text(params)

        def attempt(filters: Filters) -> Hits:
            ranked = rank_lexically(catalog, text, filters, page.end)
            return page.hits(catalog, ranked, lambda item: match_reason(text, item))

        return relaxing(catalog, params.filters, attempt)


def lexical_text(params: ToolParams) -> str:
    """What was typed, or the names where nothing else is given."""
    return params.text or " ".join((*params.titles, *params.artists))


def rank_lexically(catalog: Catalog, text: str, filters: Filters, wanted: int) -> Ranked:
    def search(limit: int) -> list[Match]:
        return catalog.lexical.search(text, limit, filters.kinds)

    return lexical_matches(catalog, search, filters, wanted)
