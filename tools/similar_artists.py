"""Artists like the named ones, by content: vectors of what their records are tagged with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.artist_catalog import works
from tools.catalog.catalog import Catalog
from tools.catalog.names import name_key
from tools.embedder import Embedder
from tools.known_item import rank_named
from tools.lexical import CatalogSource
from tools.ranking import Page, Ranked, by_score
from tools.relaxation import Hits, relaxing
from tools.semantic import query_vector
from tools.types import Filters, Found, Item, Listener, ToolParams, Vector

CANDIDATES = 300
TRACKS_EACH = 2
COSINE_SHARE = 0.55
GENRE_SHARE = 0.35
FAME_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Seed:
    """What to be like: artists' rows, or a vector alone where no artist is known."""

    rows: tuple[int, ...]
    vector: Vector
    genres: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SimilarArtists:
    """Artists, or with `kinds=("track",)` the best-known tracks of those artists."""

    catalog: CatalogSource
    embedder: Embedder

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found:
        catalog = self.catalog()
        page = Page.of(params)
        seed = self._seed(catalog, params)
        named = ", ".join(catalog.item(row).title for row in seed.rows)
        wants_tracks = params.filters.kinds == ("track",)

        def attempt(filters: Filters) -> Hits:
            artist_filters = replace(
                filters, kinds=("artist",), year_from=None, year_to=None, max_weeks=None
            )
            ranked = rank_like(catalog, seed, artist_filters)
            if wants_tracks:
                ranked = _tracks_of(catalog, ranked, filters, page.end)
            return page.hits(catalog, ranked, lambda item: _why(item, seed, named))

        return relaxing(catalog, params.filters, attempt)

    def _seed(self, catalog: Catalog, params: ToolParams) -> Seed:
        rows = tuple(
            dict.fromkeys(row for name in params.artists for row in _artist_rows(catalog, name))
        ) or _artist_behind(catalog, params)
        return seed_of(catalog, rows, query_vector(params, self.embedder))


def seed_of(catalog: Catalog, rows: tuple[int, ...], otherwise: Vector) -> Seed:
    """The mean of the artists' vectors and all their genres; `otherwise` where there are none."""
    if not rows:
        return Seed((), otherwise)
    mean = np.mean([catalog.vectors.vector(row) for row in rows], axis=0)
    genres = frozenset(genre for row in rows for genre in catalog.item(row).genres)
    return Seed(rows, (mean / np.linalg.norm(mean)).astype(np.float32), genres)


def rank_like(catalog: Catalog, seed: Seed, filters: Filters) -> Ranked:
    """Artists by cosine, shared genres (Jaccard) and a little fame; the seeds left out."""
    near = catalog.vectors.search(seed.vector, CANDIDATES, catalog.select(filters))
    names = {name_key(catalog.item(row).title) for row in seed.rows}
    scored = [
        (int(row), _score(catalog, int(row), float(cosine), seed))
        for row, cosine in zip(near.rows, near.cosines, strict=True)
        if name_key(catalog.item(int(row)).title) not in names
    ]
    return by_score(scored)


def _score(catalog: Catalog, row: int, cosine: float, seed: Seed) -> float:
    fame = int(catalog.popularity[row]) / 100
    if not seed.genres:
        return cosine + FAME_SHARE * fame
    genres = set(catalog.item(row).genres)
    shared = len(genres & seed.genres) / len(genres | seed.genres)
    return COSINE_SHARE * cosine + GENRE_SHARE * shared + FAME_SHARE * fame


def _artist_rows(catalog: Catalog, name: str) -> list[int]:
    exact = catalog.lexical.named(name, ("artist",), 1)
    return [match.row for match in exact or catalog.lexical.artist_like(name, 1)]


def _artist_behind(catalog: Catalog, params: ToolParams) -> tuple[int, ...]:
    """The artist of the named title, where one is named."""
    if not params.titles:
        return ()
    ranked = rank_named(catalog, replace(params, filters=Filters()), 1)
    artists: Sequence[str] = catalog.item(ranked[0][0]).artists[:1] if ranked else ()
    return tuple(row for name in artists for row in _artist_rows(catalog, name))


def _tracks_of(catalog: Catalog, artists: Ranked, filters: Filters, wanted: int) -> Ranked:
    """The best-known tracks of each artist in turn: first everyone's first, then the seconds."""
    enough = artists[:wanted]
    tracks = [
        works(catalog, (catalog.item(row).title,), filters, "track")[:TRACKS_EACH]
        for row, _ in enough
    ]
    firsts = [found[i][0] for i in range(TRACKS_EACH) for found in tracks if len(found) > i]
    unique = list(dict.fromkeys(firsts))
    return [(row, 1 - rank / (len(unique) + 1)) for rank, row in enumerate(unique)]


def _why(item: Item, seed: Seed, named: str) -> str:
    shared = [genre for genre in item.genres if genre in seed.genres]
    if named and shared:
        return f"Shares {', '.join(shared[:2])} with {named}"
    if named:
        return f"In the neighbourhood of {named}"
    return f"{', '.join(item.genres[:2])}" or "Close in meaning"
