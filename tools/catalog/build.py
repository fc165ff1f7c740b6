"""Building a catalog version: read, stage, derive, write, embed, index, publish.

Memory holds the vectors, the ids and one batch: rows wait in SQLite, entities go straight to
Parquet and the lexical index, texts are embedded batch by batch.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from tools.catalog import schema
from tools.catalog.derive import Entity, entities
from tools.catalog.lexical import LexicalWriter
from tools.catalog.readers import Row, columns_of, read_rows
from tools.catalog.records import TABLES, Columns, TableName, columns_for
from tools.catalog.staging import Staging, staging
from tools.catalog.text import embedding_text
from tools.catalog.vectors import build_index, save_index
from tools.catalog.versions import build_folder, file_record, publish
from tools.catalog.vocabulary import COLUMNS, Field, Lexicon
from tools.embedder import Embedder, Vectors
from tools.errors import BuildError
from tools.types import Item, Listener

BATCH = 1024
FEW_ROWS = 100  # a share of fewer rows says little

T = TypeVar("T")

Progress = Callable[[str, int, int | None], None]
"""Told the stage, the rows done, and the rows in all where known."""


@dataclass(frozen=True, slots=True)
class Source:
    """An input file, the table it holds, and the columns that fill its fields."""

    table: TableName
    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build. `max_rejected` is the share of bad rows in a file that stops the build."""

    sources: tuple[Source, ...]
    root: Path
    snapshot: date | None = None
    max_rejected: float = 0.05
    listeners: tuple[Listener, ...] = ()


def build_catalog(
    plan: Plan, embedder: Embedder, lexicon: Lexicon, progress: Progress
) -> schema.Manifest:
    """Builds and publishes a version. Until it returns, the old version goes on serving.

    Raises `BuildError` for bad input or a full disk.
    """
    columns = [_columns(source) for source in plan.sources]
    with _disk_errors(plan.root), build_folder(plan.root) as folder:
        build = _Build(plan, folder, embedder, lexicon, progress)
        manifest = build.run(columns)
        publish(plan.root, folder, manifest)
    return manifest


def _columns(source: Source) -> Columns:
    present = columns_of(source.path)
    return columns_for(TABLES[source.table], source.path, present, source.mapping)


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    """A full or failing disk ends a build with one sentence, whichever library met it first."""
    try:
        yield
    except (OSError, sqlite3.Error, pa.ArrowException, RuntimeError, ValueError) as error:
        raise BuildError(
            f"The build could not be written under {root} ({error}): free some disk space and "
            "build again; the catalog that was there is untouched."
        ) from error


class _Build:
    def __init__(
        self, plan: Plan, folder: Path, embedder: Embedder, lexicon: Lexicon, progress: Progress
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.embedder = embedder
        self.lexicon = lexicon
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.kinds: Counter[str] = Counter()
        self.words: dict[Field, Counter[str]] = {facet: Counter() for facet in COLUMNS}
        self.newest = ""
        self.rejected = 0
        self.rows_read = 0

    def run(self, columns: list[Columns]) -> schema.Manifest:
        staged = self.folder / "staging.sqlite"
        texts = self.folder / "texts.jsonl"
        with staging(staged) as store:
            with self._timed("read"):
                self._stage(store, columns)
            with self._timed("derive"), texts.open("w", encoding="utf-8") as out:
                self._write_entities(store, out)
        staged.unlink()
        with self._timed("embed"):
            vectors = self._embed(texts)
        texts.unlink()
        with self._timed("index"):
            save_index(build_index(vectors), self.folder / schema.VECTORS_FILE)
        self._write_side_files()
        return self._manifest()

    def _stage(self, store: Staging, columns: list[Columns]) -> None:
        with (self.folder / schema.REJECTED_FILE).open("w", encoding="utf-8") as rejects:
            for source, mapped in zip(self.plan.sources, columns, strict=True):
                self._stage_file(store, source, mapped, rejects)
        store.index()

    def _stage_file(
        self, store: Staging, source: Source, columns: Columns, rejects: IO[str]
    ) -> None:
        rows = bad = 0
        first = ""
        for row in read_rows(source.path):
            rows += 1
            problem = _add(store, row, columns)
            if problem:
                bad += 1
                first = first or f"line {row.number}: {problem}"
                line = {"file": source.path.name, "line": row.number, "reason": problem}
                rejects.write(json.dumps(line, ensure_ascii=False) + "\n")
            if rows % BATCH == 0:
                self.progress(f"reading {source.path.name}", rows, None)
            if rows >= FEW_ROWS:
                self._check_share(source, bad, rows, first)
        self.progress(f"reading {source.path.name}", rows, rows)
        self._check_share(source, bad, rows, first)
        self.rejected += bad
        self.rows_read += rows

    def _check_share(self, source: Source, bad: int, rows: int, first: str) -> None:
        if bad > self.plan.max_rejected * rows:
            raise BuildError(
                f"{bad} of the first {rows} rows of {source.path} are bad, more than "
                f"{self.plan.max_rejected:.0%} (first, {first}): mend the file, map its columns "
                "with --map, or allow more with --max-rejected."
            )

    def _write_entities(self, store: Staging, texts: IO[str]) -> None:
        lexical = LexicalWriter(self.folder / schema.LEXICAL_FOLDER)
        row = 0
        path = self.folder / schema.ENTITIES_FILE
        with pq.ParquetWriter(path, schema.ENTITIES, compression="zstd") as table:
            for batch in _batches(self._tidied(entities(store)), BATCH):
                rows = [schema.row_of(e.item, e.members) for e in batch]
                table.write_table(pa.Table.from_pylist(rows, schema.ENTITIES))
                for entity in batch:
                    lexical.add(row, entity.item)
                    texts.write(json.dumps(embedding_text(entity.item)) + "\n")
                    self._count(entity.item)
                    row += 1
                self.progress("writing entities", row, None)
        if row == 0:
            raise BuildError("The input holds no rows: give a file with some.")
        lexical.close()
        self.progress("writing entities", row, row)

    def _tidied(self, found: Iterable[Entity]) -> Iterator[Entity]:
        """Facets in the lexicon's spelling, so that a searcher's alias meets them."""
        for entity in found:
            item = entity.item
            tidy: dict[str, Any] = {
                facet: self.lexicon.tidy(facet, getattr(item, facet)) for facet in COLUMNS
            }
            yield replace(entity, item=replace(item, **tidy))

    def _count(self, item: Item) -> None:
        self.kinds[item.kind] += 1
        for facet in COLUMNS:
            self.words[facet].update(getattr(item, facet))
        if item.release_date and item.release_precision == "day":
            self.newest = max(self.newest, item.release_date)

    def _embed(self, texts: Path) -> Vectors:
        total = self.kinds.total()
        vectors = np.empty((total, self.embedder.dimensions), np.float32)
        done = 0
        with texts.open(encoding="utf-8") as lines:
            for batch in _batches((json.loads(line) for line in lines), BATCH):
                vectors[done : done + len(batch)] = self.embedder.embed(batch)
                done += len(batch)
                self.progress("embedding", done, total)
        return vectors

    def _write_side_files(self) -> None:
        counts = {facet: dict(sorted(words.items())) for facet, words in self.words.items()}
        _write_json(self.folder / schema.VOCABULARY_FILE, counts)
        if self.plan.listeners:
            listeners = [asdict(listener) for listener in self.plan.listeners]
            _write_json(self.folder / schema.LISTENERS_FILE, listeners)

    def _manifest(self) -> schema.Manifest:
        now = datetime.now(UTC)
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        today = now.date().isoformat()
        snapshot = self.plan.snapshot or date.fromisoformat(min(self.newest or today, today))
        return schema.Manifest(
            format_version=schema.FORMAT_VERSION,
            version=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            built_at=now.isoformat(timespec="seconds"),
            snapshot_date=snapshot,
            embedder_id=self.embedder.id,
            dimensions=self.embedder.dimensions,
            rows=dict(sorted(self.kinds.items())),
            rows_read=self.rows_read,
            rejected=self.rejected,
            sources={s.path.name: file_record(s.path).sha256 for s in self.plan.sources},
            seconds={stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            files={str(path.relative_to(self.folder)): file_record(path) for path in files},
        )

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


def _add(store: Staging, row: Row, columns: Columns) -> str | None:
    """Stages one row; the reason where it cannot be."""
    if row.problem:
        return row.problem
    try:
        store.add(columns.record(row.values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}"
    except ValueError as error:
        return str(error)
    return None


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=0), "utf-8")
