"""Where a build keeps its rows: an SQLite file, so that sorting and grouping never fill memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.catalog.moods import moods_of, traits_of
from tools.catalog.names import name_key, recording_key
from tools.catalog.records import Episode, Playlist, Podcast, Record, Track

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
CREATE TABLE tracks (
    n INTEGER PRIMARY KEY, source TEXT, recording TEXT, artist TEXT, album_key TEXT,
    title TEXT, artists TEXT, album TEXT, genres TEXT, moods TEXT, topics TEXT, tags TEXT,
    languages TEXT, date TEXT, precision TEXT, popularity INTEGER, seconds INTEGER,
    explicit INTEGER, description TEXT);
CREATE TABLE credits (artist TEXT, name TEXT, track INTEGER);
CREATE TABLE shows (
    n INTEGER PRIMARY KEY, show_key TEXT, kind TEXT, title TEXT, artists TEXT, topics TEXT,
    tags TEXT, languages TEXT, date TEXT, precision TEXT, popularity INTEGER, seconds INTEGER,
    explicit INTEGER, description TEXT, genres TEXT, moods TEXT);
CREATE TABLE playlists (n INTEGER PRIMARY KEY, title TEXT, genres TEXT, moods TEXT, tags TEXT,
    description TEXT, popularity INTEGER);
CREATE TABLE members (playlist INTEGER, position INTEGER, source TEXT);
CREATE TABLE ids (id TEXT PRIMARY KEY, owner TEXT);
CREATE TABLE album_ids (album_key TEXT PRIMARY KEY, id TEXT);
CREATE TABLE recording_ids (recording TEXT PRIMARY KEY, id TEXT);
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS tracks_by_source ON tracks (source);
CREATE INDEX IF NOT EXISTS members_by_source ON members (source);
CREATE INDEX IF NOT EXISTS members_by_playlist ON members (playlist, position);
CREATE INDEX IF NOT EXISTS tracks_by_recording ON tracks (recording);
CREATE INDEX IF NOT EXISTS tracks_by_album ON tracks (album_key);
CREATE INDEX IF NOT EXISTS credits_by_artist ON credits (artist);
CREATE INDEX IF NOT EXISTS shows_by_key ON shows (show_key);
"""


class Staging:
    """Validated records on disk, in the order read."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(_TABLES)

    def close(self) -> None:
        self.db.close()

    def index(self) -> None:
        """Call once after the last record, before anything is derived."""
        self.db.executescript(_INDEXES)
        self.db.commit()

    def add(self, record: Record) -> None:
        """Raises `ValueError` for a record that no entity can be made of."""
        match record:
            case Track():
                self._add_track(record)
            case Podcast():
                self._add_show(record, record.kind, record.title, _names(record.publisher))
            case Episode():
                self._add_show(record, "episode", record.show, ())
            case Playlist():
                self._add_playlist(record)

    def _add_track(self, track: Track) -> None:
        artist = name_key(track.artists[0])
        features = track.features()
        moods = _unique([*track.moods, *(moods_of(features) if features else ())])
        tags = _unique([*track.tags, *(traits_of(features) if features else ())])
        album_key = f"{artist}\n{name_key(track.album)}" if track.album else None
        row = self._insert(
            "tracks",
            source=track.id,
            recording=f"{artist}\n{recording_key(track.title)}",
            artist=artist,
            album_key=album_key,
            artists=_list(track.artists),
            album=track.album,
            **_shared(track, moods, tags),
        )
        credits = {name_key(name): name for name in track.artists}
        self.db.executemany(
            "INSERT INTO credits VALUES (?, ?, ?)", [(k, name, row) for k, name in credits.items()]
        )

    def _add_show(self, show: Record, kind: str, key: str, artists: tuple[str, ...]) -> None:
        values = _shared(show, _unique(show.moods), _unique(show.tags))
        self._insert("shows", show_key=name_key(key), kind=kind, artists=_list(artists), **values)

    def _add_playlist(self, playlist: Playlist) -> None:
        row = self._insert(
            "playlists",
            title=playlist.title,
            genres=_list(playlist.genres),
            moods=_list(playlist.moods),
            tags=_list(playlist.tags),
            description=playlist.description,
            popularity=playlist.popularity,
        )
        members = [(row, i, source) for i, source in enumerate(playlist.track_ids)]
        self.db.executemany("INSERT INTO members VALUES (?, ?, ?)", members)

    def _insert(self, table: str, **values: Any) -> int:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # names are ours, not input
        return self.db.execute(sql, tuple(values.values())).lastrowid or 0

    def select(self, sql: str, *parameters: Any) -> Iterator[sqlite3.Row]:
        """Rows streamed from a cursor of their own."""
        yield from self.db.execute(sql, parameters)

    def claim_id(self, wanted: str, suffix: str, owner: str) -> str:
        """`wanted`, or `wanted~suffix` where another owner has it. Stable for a given input."""
        for candidate in (wanted, f"{wanted}~{suffix}"):
            row = self.db.execute("SELECT owner FROM ids WHERE id = ?", (candidate,)).fetchone()
            if row is None:
                self.db.execute("INSERT INTO ids VALUES (?, ?)", (candidate, owner))
                return candidate
            if row["owner"] == owner:
                return candidate
        raise ValueError(f"two entities hash to the id {wanted}~{suffix}")


@contextmanager
def staging(path: Path) -> Iterator[Staging]:
    store = Staging(path)
    try:
        yield store
    finally:
        store.close()


def _shared(record: Record, moods: list[str], tags: list[str]) -> dict[str, Any]:
    date, precision = record.released() or (None, None)
    return {
        "title": record.title,
        "genres": _list(_unique(record.genres)),
        "moods": _list(moods),
        "topics": _list(_unique(record.topics)),
        "tags": _list(tags),
        "languages": _list(_unique(record.languages)),
        "date": date,
        "precision": precision,
        "popularity": record.popularity,
        "seconds": record.seconds(),
        "explicit": record.explicit,
        "description": record.description,
    }


def _unique(values: Iterable[str]) -> list[str]:
    stripped = (" ".join(value.split()) for value in values)
    return list(dict.fromkeys(value for value in stripped if value))


def _names(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
