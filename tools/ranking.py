"""Orders of rows: fusing them, spreading artists, cutting pages. Deterministic: ties go by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tools.catalog.catalog import Catalog
from tools.catalog.lexical import Match
from tools.catalog.names import name_key, recording_key
from tools.relaxation import Hits
from tools.types import Filters, Hit, Item, ToolParams

RRF_K = 60  # Cormack, Clarke and Buettcher, SIGIR 2009, §2
ARTIST_CAP = 2
CAP_WINDOW = 10
FIRST_FETCH = 128
LAST_FETCH = 8_192

Ranked = list[tuple[int, float]]
"""Rows with their scores, best first."""


def fuse(rankings: Sequence[tuple[float, Sequence[int]]]) -> Ranked:
    """Weighted reciprocal rank fusion: sum of weight / (k + rank), rank from 1."""
    scores: dict[int, float] = {}
    for weight, rows in rankings:
        for rank, row in enumerate(rows, 1):
            scores[row] = scores.get(row, 0.0) + weight / (RRF_K + rank)
    return by_score(scores.items())


def by_score(scored: Iterable[tuple[int, float]]) -> Ranked:
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def spread(catalog: Catalog, ranked: Ranked, wanted: int) -> Ranked:
    """The first `wanted` rows such that no ten in a row hold a recording twice or an artist
    more than `ARTIST_CAP` times; what is held back follows where the cap allows it again.

    Depends on a prefix of `ranked` alone, so a longer answer starts with the shorter one.
    """
    kept: Ranked = []
    waiting = list(ranked)
    seen: set[str] = set()
    while waiting and len(kept) < wanted:
        window = Counter(_artist(catalog.item(row)) for row, _ in kept[-(CAP_WINDOW - 1) :])
        index = _first_allowed(catalog, waiting, window, seen)
        if index is None:
            break
        row, score = waiting.pop(index)
        seen.add(_recording(catalog.item(row)))
        kept.append((row, score))
    return kept


def _first_allowed(
    catalog: Catalog, waiting: Ranked, window: Counter[str], seen: set[str]
) -> int | None:
    for index, (row, _) in enumerate(waiting):
        item = catalog.item(row)
        if window[_artist(item)] < ARTIST_CAP and _recording(item) not in seen:
            return index
    return None


def _artist(item: Item) -> str:
    return name_key(item.artists[0]) if item.artists else item.id


def _recording(item: Item) -> str:
    return f"{item.kind}\n{_artist(item)}\n{recording_key(item.title)}"


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a ranking a caller wants."""

    offset: int
    limit: int

    @classmethod
    def of(cls, params: ToolParams) -> Page:
        return cls(params.offset, params.limit)

    @property
    def end(self) -> int:
        return self.offset + self.limit

    def hits(self, catalog: Catalog, ranked: Ranked, why: Callable[[Item], str]) -> Hits:
        """The hits of this page, scores scaled so that the best of all pages has 1."""
        if not ranked:
            return None
        best = max(score for _, score in ranked)
        scale = 1 / best if best > 0 else 1.0
        found = []
        for row, score in ranked[self.offset : self.end]:
            item = catalog.item(row)
            found.append(Hit(item, round(score * scale, 4), why(item)))
        return tuple(found)


def lexical_matches(
    catalog: Catalog,
    search: Callable[[int], list[Match]],
    filters: Filters,
    wanted: int,
) -> Ranked:
    """At least `wanted` matches that satisfy the filters, or all there are.

    The lexical index knows kinds alone: other facets are applied to what it returns, and more is
    fetched until enough is left or `LAST_FETCH` is reached.
    """
    mask = catalog.select(filters)
    fetch = max(FIRST_FETCH, wanted)
    while True:
        matches = search(fetch)
        kept = [(m.row, m.score) for m in matches if mask is None or mask[m.row]]
        if len(kept) >= wanted or len(matches) < fetch or fetch >= LAST_FETCH:
            return kept
        fetch *= 8
