"""The files of a catalog version: the entity table and the manifest."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tools.types import Item

FORMAT_VERSION = 1

ENTITIES_FILE = "entities.parquet"
VECTORS_FILE = "semantic.faiss"
LEXICAL_FOLDER = "lexical"
VOCABULARY_FILE = "vocabulary.json"
REJECTED_FILE = "rejected.jsonl"
LISTENERS_FILE = "listeners.json"
MANIFEST_FILE = "manifest.json"

_TEXTS = pa.list_(pa.string())

ENTITIES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("artists", _TEXTS),
        pa.field("genres", _TEXTS),
        pa.field("moods", _TEXTS),
        pa.field("topics", _TEXTS),
        pa.field("tags", _TEXTS),
        pa.field("languages", _TEXTS),
        pa.field("release_date", pa.string()),
        pa.field("release_precision", pa.string()),
        pa.field("popularity", pa.uint8(), nullable=False),
        pa.field("duration_s", pa.int32()),
        pa.field("explicit", pa.bool_()),
        pa.field("description", pa.string()),
        pa.field("parent_id", pa.string()),
        pa.field("members", _TEXTS),
    ]
)
"""One row an entity. `members` holds the track ids of a playlist; the rest is `types.Item`."""

_LISTS = {"artists", "genres", "moods", "topics", "tags", "languages"}
_ITEM_FIELDS = tuple(field.name for field in fields(Item))


def item_of(row: dict[str, Any]) -> Item:
    """One row of the entity table as an item."""
    values: dict[str, Any] = {name: row[name] for name in _ITEM_FIELDS}
    values.update({name: tuple(values[name] or ()) for name in _LISTS})
    return Item(**values)


def row_of(item: Item, members: tuple[str, ...] = ()) -> dict[str, Any]:
    """An item as a row of the entity table."""
    row: dict[str, Any] = {name: getattr(item, name) for name in _ITEM_FIELDS}
    return row | {"members": list(members) or None}


class FileRecord(BaseModel):
    """A file of a version: its size in bytes and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a catalog version is made of. Written last: a folder without one is half-written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: int
    version: str
    built_at: str
    snapshot_date: date
    embedder_id: str
    dimensions: int
    rows: dict[str, int]
    rows_read: int
    rejected: int
    sources: dict[str, str]
    seconds: dict[str, float]
    files: dict[str, FileRecord]
