"""What a row of each input table must hold: validation and the mapping of columns to fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tools.catalog.moods import FEATURES
from tools.errors import BuildError
from tools.types import DatePrecision

TableName = Literal["tracks", "podcasts", "episodes", "playlists"]


def _texts(value: Any) -> Any:
    """A list as such, a JSON list in a cell, or a cell with `|` or `;` between its values."""
    if value is None:
        return ()
    if isinstance(value, str):
        if value.startswith("["):
            return json.loads(value)
        return [part for part in value.replace(";", "|").split("|")]
    return value


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in (" ".join(v.split()) for v in values) if v))


def _facets(value: Any) -> Any:
    return [v.lower() if isinstance(v, str) else v for v in _texts(value)]


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=1_000)]
Texts = Annotated[list[str], BeforeValidator(_texts)]
FacetTexts = Annotated[list[str], BeforeValidator(_facets)]
Percent = Annotated[int, Field(ge=0, le=100)]
Unit = Annotated[float, Field(ge=0)]


class Record(BaseModel):
    """The fields that every table shares. Unmapped columns are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str | None = None
    title: Text
    genres: FacetTexts = []
    moods: FacetTexts = []
    topics: FacetTexts = []
    tags: Texts = []
    languages: FacetTexts = []
    release_date: str | None = None
    release_precision: DatePrecision | None = None
    popularity: Percent = 0
    duration_s: Annotated[float, Field(ge=0)] | None = None
    duration_ms: Annotated[float, Field(ge=0)] | None = None
    explicit: bool | None = None
    description: str | None = None

    def released(self) -> tuple[str, DatePrecision] | None:
        """The release date, unknown parts as 01, with its precision; None where unsaid.

        Raises `ValueError` if the date does not exist.
        """
        if not self.release_date:
            return None
        return parse_date(self.release_date, self.release_precision)

    def seconds(self) -> int | None:
        if self.duration_ms is not None:
            return round(self.duration_ms / 1000)
        return None if self.duration_s is None else round(self.duration_s)


class Track(Record):
    """A track as released on an album."""

    artists: Annotated[Texts, Field(min_length=1)]
    album: str | None = None
    playlist_ids: Texts = []
    danceability: Unit | None = None
    energy: Unit | None = None
    valence: Unit | None = None
    acousticness: Unit | None = None
    instrumentalness: Unit | None = None
    speechiness: Unit | None = None
    tempo: Unit | None = None

    def features(self) -> dict[str, float] | None:
        """The audio features, or None unless all of them are there."""
        values = {name: getattr(self, name) for name in FEATURES}
        return None if None in values.values() else values


class Podcast(Record):
    """A show or an audiobook; `publisher` is the author of a book."""

    kind: Literal["podcast", "audiobook"] = "podcast"
    publisher: str | None = None


class Episode(Record):
    """An episode; its show is found by title."""

    show: Text


class Playlist(Record):
    """A playlist and the source ids of its tracks."""

    track_ids: Texts = []


@dataclass(frozen=True, slots=True)
class Table:
    """An input table: its record, and the column names understood without being told."""

    name: TableName
    record: type[Record]
    known: Mapping[str, tuple[str, ...]]


_COMMON = {
    "id": ("id", "track_id", "show_id", "playlist_id"),
    "title": ("title", "name", "track_name", "playlist_name", "episode_title"),
    "release_date": ("release_date", "released", "date", "last_episode_date", "first_released"),
    "release_precision": ("release_precision", "release_date_precision"),
    "genres": ("genres", "subgenres", "genre"),
    "topics": ("topics", "categories"),
    "languages": ("languages", "language"),
    "popularity": ("popularity", "fame"),
    "description": ("description", "episode_description"),
}

TABLES: dict[TableName, Table] = {
    table.name: table
    for table in (
        Table("tracks", Track, {"artists": ("artists", "artist"), "album": ("album",)}),
        Table("podcasts", Podcast, {"publisher": ("publisher", "author")}),
        Table("episodes", Episode, {"show": ("show", "show_title"), "id": ("id", "episode_id")}),
        Table("playlists", Playlist, {"track_ids": ("track_ids", "tracks")}),
    )
}

_MERGED = {"genres"}  # several columns together, where others take the first that is there


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of one file fill which fields of its record."""

    table: Table
    sources: Mapping[str, tuple[str, ...]]

    def record(self, values: Mapping[str, Any]) -> Record:
        """The validated record of a row. Raises pydantic's `ValidationError`."""
        fields: dict[str, Any] = {}
        for name, columns in self.sources.items():
            found = [values[c] for c in columns if values.get(c) is not None]
            if found:
                fields[name] = found[0] if len(found) == 1 else _merged(found)
        return self.table.record.model_validate(fields)


def columns_for(
    table: Table, path: Path, present: list[str], mapping: Mapping[str, str]
) -> Columns:
    """The mapping of a file's columns, from `--map FIELD=COLUMN[,COLUMN]` and known names.

    Raises `BuildError` for a field that records lack, a column that the file lacks, or a
    required field that nothing fills.
    """
    for name in mapping:
        if name not in table.record.model_fields:
            fields = ", ".join(table.record.model_fields)
            raise BuildError(f"{table.name} have no field {name!r}: map one of {fields}.")
    sources = {name: _sources(table, name, path, present, mapping) for name in _fields(table)}
    missing = [
        n for n, f in table.record.model_fields.items() if f.is_required() and not sources[n]
    ]
    if missing:
        raise BuildError(
            f"{path} has no column for {', '.join(missing)}: name it with "
            f"--map {missing[0]}=COLUMN (the file has {', '.join(present)})."
        )
    return Columns(table, {name: columns for name, columns in sources.items() if columns})


def _fields(table: Table) -> list[str]:
    return list(table.record.model_fields)


def _sources(
    table: Table, name: str, path: Path, present: list[str], mapping: Mapping[str, str]
) -> tuple[str, ...]:
    if name in mapping:
        columns = tuple(column.strip() for column in mapping[name].split(","))
        for column in columns:
            if column not in present:
                have = ", ".join(present)
                raise BuildError(f"{path} has no column {column!r}: it has {have}.")
        return columns
    known = table.known.get(name, ()) or _COMMON.get(name, (name,))
    found = tuple(column for column in known if column in present)
    return found if name in _MERGED else found[:1]


def _merged(found: list[Any]) -> list[Any]:
    return [value for part in found for value in _texts(part)]


def parse_date(text: str, precision: DatePrecision | None = None) -> tuple[str, DatePrecision]:
    """`1997`, `1997-05` or `1997-05-21` as an ISO date with its precision.

    A stated `precision` wins over the one that the text shows. Raises `ValueError`.
    """
    shown: dict[int, DatePrecision] = {4: "year", 7: "month", 10: "day"}
    stripped = text.strip()
    if len(stripped) not in shown:
        raise ValueError(f"{text!r} is no date: write 1997, 1997-05 or 1997-05-21")
    full = stripped + "-01-01"[len(stripped) - 10 :] if len(stripped) < 10 else stripped
    return date.fromisoformat(full).isoformat(), precision or shown[len(stripped)]
