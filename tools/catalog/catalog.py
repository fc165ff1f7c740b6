"""An opened catalog version: items, filters, indexes and vocabularies. Read-only and shareable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tools.catalog import schema
from tools.catalog.lexical import LexicalIndex
from tools.catalog.vectors import Mask, VectorIndex
from tools.catalog.vocabulary import COLUMNS, Field, Lexicon, Vocabulary
from tools.errors import CatalogDamaged
from tools.types import KINDS, Filters, Item, Kind, Listener

UNKNOWN_DAY = np.iinfo(np.int32).min
CACHED_ITEMS = 20_000
CACHED_MASKS = 512
EXCLUDED_ROWS = 100_000  # the most rows that one excluded word can rule out

Rows = NDArray[np.int32]
_NO_ROWS: Rows = np.empty(0, np.int32)


class Catalog:
    """Row numbers join the table and both indexes. All methods block, for microseconds."""

    def __init__(self, folder: Path, manifest: schema.Manifest, lexicon: Lexicon) -> None:
        self.manifest = manifest
        self.folder = folder
        self._table = _read_table(folder / schema.ENTITIES_FILE)
        self.lexical = LexicalIndex(folder / schema.LEXICAL_FOLDER)
        self.vectors = VectorIndex.open(folder / schema.VECTORS_FILE)
        self.vocabulary = Vocabulary(lexicon, _read_counts(folder / schema.VOCABULARY_FILE))
        self.listeners = _read_listeners(folder / schema.LISTENERS_FILE)
        self.popularity: NDArray[np.uint8] = self._table["popularity"].to_numpy()
        self.release_day = _days(self._table["release_date"])
        self._snapshot_day = manifest.snapshot_date.toordinal() - _EPOCH
        self._kinds = _kind_codes(self._table["kind"])
        self._postings = {f: _postings(self._table[f]) for f in COLUMNS}
        self._item = lru_cache(CACHED_ITEMS)(self._load_item)
        self._select = lru_cache(CACHED_MASKS)(self._build_mask)
        self._check_lengths()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def snapshot_date(self) -> date:
        """The day from which recency is counted back."""
        return self.manifest.snapshot_date

    def item(self, row: int) -> Item:
        return self._item(int(row))

    def items(self, rows: Iterable[int]) -> list[Item]:
        return [self.item(row) for row in rows]

    def find(self, item_id: str) -> Item | None:
        row = self.lexical.row(item_id)
        return None if row is None else self.item(row)

    def members(self, item_id: str) -> list[Item]:
        """The tracks of a playlist, in its order; nothing for any other item."""
        row = self.lexical.row(item_id)
        ids = None if row is None else self._table["members"][row].as_py()
        return [item for item in map(self.find, ids or ()) if item]

    def kind(self, row: int) -> Kind:
        return KINDS[int(self._kinds[row])]

    def weeks_old(self, row: int) -> float | None:
        """Weeks from release to snapshot; None where no date is known."""
        day = int(self.release_day[row])
        return None if day == UNKNOWN_DAY else (self._snapshot_day - day) / 7

    def select(self, filters: Filters) -> Mask | None:
        """Which rows satisfy every condition, as bool (rows,); None where there is no condition.

        The mask is shared: never write to it.
        """
        return None if filters == Filters() else self._select(filters)

    def genre_rows(self, genre: str) -> Rows:
        """Rows of a genre and its narrower genres, ascending."""
        return self._rows_of("genres", self.vocabulary.genres_meant(genre))

    def _build_mask(self, filters: Filters) -> Mask:
        mask = np.ones(len(self), np.bool_)
        if filters.kinds:
            mask &= np.isin(self._kinds, [KINDS.index(kind) for kind in filters.kinds])
        if filters.genres:
            mask &= self._any_of([self.genre_rows(genre) for genre in filters.genres])
        for facet in ("moods", "topics", "languages"):
            words: tuple[str, ...] = getattr(filters, facet)
            if words:
                mask &= self._any_of([self._rows_of(facet, words)])
        mask &= self._dated(filters)
        for word in filters.exclude:
            mask[self._excluded_rows(word)] = False
        mask.flags.writeable = False
        return mask

    def _dated(self, filters: Filters) -> Mask:
        dated = np.ones(len(self), np.bool_)
        if filters.year_from is not None:
            dated &= self.release_day >= _first_day(filters.year_from)
        if filters.year_to is not None:
            dated &= self.release_day < _first_day(filters.year_to + 1)
            dated &= self.release_day != UNKNOWN_DAY
        if filters.max_weeks is not None:
            dated &= self.release_day >= self._snapshot_day - 7 * filters.max_weeks
            dated &= self.release_day <= self._snapshot_day
        return dated

    def _any_of(self, groups: Sequence[Rows]) -> Mask:
        mask = np.zeros(len(self), np.bool_)
        for rows in groups:
            mask[rows] = True
        return mask

    def _rows_of(self, facet: Field, words: Iterable[str]) -> Rows:
        found = [self._postings[facet].get(word, _NO_ROWS) for word in words]
        return np.unique(np.concatenate(found)) if found else _NO_ROWS

    def _excluded_rows(self, word: str) -> Rows:
        """Rows that carry a facet, are credited to an artist, or contain the word."""
        carrying = [_NO_ROWS]
        for facet in COLUMNS:
            canonical = self.vocabulary.canonical(facet, word)
            if canonical and facet == "genres":
                carrying.append(self.genre_rows(canonical))
            elif canonical:
                carrying.append(self._rows_of(facet, [canonical]))
        credited = self.lexical.credited(word, limit=EXCLUDED_ROWS)
        matches = credited or self.lexical.containing(word, EXCLUDED_ROWS)
        carrying.append(np.array([match.row for match in matches], np.int32))
        return np.unique(np.concatenate(carrying))

    def _load_item(self, row: int) -> Item:
        return schema.item_of(self._table.slice(row, 1).to_pylist()[0])

    def _check_lengths(self) -> None:
        lengths = {len(self), len(self.lexical), len(self.vectors)}
        if lengths != {sum(self.manifest.rows.values())}:
            raise CatalogDamaged(
                f"{self.folder} has indexes of different lengths {sorted(lengths)}: "
                "build the catalog again."
            )


_EPOCH = date(1970, 1, 1).toordinal()


def _first_day(year: int) -> int:
    return date(year, 1, 1).toordinal() - _EPOCH


def _read_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, schema=schema.ENTITIES).combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise CatalogDamaged(f"{path} is no entity table: build the catalog again.") from error


def _read_counts(path: Path) -> dict[Field, dict[str, int]]:
    counts: dict[Field, dict[str, int]] = json.loads(path.read_bytes())
    return counts


def _read_listeners(path: Path) -> dict[str, Listener]:
    """The synthetic listeners of a demo catalog by id; none where the catalog brings none."""
    if not path.exists():
        return {}
    rows: list[dict[str, Any]] = json.loads(path.read_bytes())
    return {
        row["id"]: Listener(
            row["id"],
            row["name"],
            row["about"],
            tuple(row["liked_artists"]),
            tuple(row["disliked_artists"]),
        )
        for row in rows
    }


def _days(column: pa.ChunkedArray) -> NDArray[np.int32]:
    days = pc.cast(pc.strptime(column, "%Y-%m-%d", "s"), pa.date32()).cast(pa.int32())
    return np.asarray(pc.fill_null(days, UNKNOWN_DAY).to_numpy(), np.int32)


def _kind_codes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    codes = pc.index_in(column, pa.array(KINDS))
    return np.asarray(codes.to_numpy(), np.uint8)


def _postings(column: pa.ChunkedArray) -> dict[str, Rows]:
    """Each word of a list column to the rows that carry it, ascending."""
    lists = column.combine_chunks()
    words = pc.list_flatten(lists).dictionary_encode()
    parents = pc.list_parent_indices(lists).to_numpy()
    if len(words) == 0:
        return {}
    codes = words.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(words.dictionary) + 1))
    rows = parents[order].astype(np.int32)
    spelled = words.dictionary.to_pylist()
    return {w: rows[bounds[i] : bounds[i + 1]] for i, w in enumerate(spelled)}
