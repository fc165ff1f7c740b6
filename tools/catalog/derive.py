"""Entities out of staged rows: recordings, albums, artists, playlists, shows, episodes.

Tracks that share their first artist and title are one recording, dated by its earliest release:
a 1970s song on a later compilation keeps its year. Every function streams in a fixed order.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tools.catalog.names import short_hash, slug
from tools.catalog.staging import Staging
from tools.types import DatePrecision, Item

MAX_GENRES = 6
MAX_MOODS = 4
MAX_TAGS = 8
TOP_TRACKS = 5
RULED_TRACKS = 40
MIN_RULED_TRACKS = 12


@dataclass(frozen=True, slots=True)
class Entity:
    """An item and, for a playlist, the ids of its tracks."""

    item: Item
    members: tuple[str, ...] = ()


def entities(store: Staging) -> Iterator[Entity]:
    """Every entity. Albums come before tracks and tracks before playlists: each names the last."""
    yield from _albums(store)
    yield from _tracks(store)
    yield from _artists(store)
    yield from _playlists(store)
    yield from _ruled_playlists(store)
    yield from _shows(store)
    yield from _episodes(store)


def _albums(store: Staging) -> Iterator[Entity]:
    rows = store.select(
        "SELECT * FROM tracks WHERE album_key IS NOT NULL ORDER BY album_key, date IS NULL, date, n"
    )
    for key, group in groupby(rows, key=lambda row: str(row["album_key"])):
        tracks = list(group)
        first = tracks[0]
        artist = _loads(first["artists"])[0]
        wanted = f"album:{slug(artist)}-{slug(first['album'])}"
        album_id = store.claim_id(wanted, short_hash(key), f"album\n{key}")
        store.db.execute("INSERT INTO album_ids VALUES (?, ?)", (key, album_id))
        yield Entity(_album(album_id, first["album"], artist, tracks))


def _tracks(store: Staging) -> Iterator[Entity]:
    rows = store.select(
        "SELECT tracks.*, album_ids.id AS album_id, "
        "  (SELECT json_group_array(title) FROM (SELECT DISTINCT playlists.title AS title "
        "   FROM members JOIN playlists ON playlists.n = members.playlist "
        "   WHERE members.source = tracks.source ORDER BY playlists.n LIMIT 5)) AS on_playlists "
        "FROM tracks LEFT JOIN album_ids USING (album_key) "
        "ORDER BY recording, date IS NULL, date, tracks.n"
    )
    for key, group in groupby(rows, key=lambda row: str(row["recording"])):
        yield Entity(_recording(store, key, list(group)))


def _recording(store: Staging, key: str, rows: list[sqlite3.Row]) -> Item:
    first = rows[0]
    artists = _loads(first["artists"])
    wanted = f"track:{slug(artists[0])}-{slug(first['title'])}"
    track_id = store.claim_id(wanted, short_hash(key), f"track\n{key}")
    store.db.execute("INSERT INTO recording_ids VALUES (?, ?)", (key, track_id))
    return Item(
        id=track_id,
        kind="track",
        title=first["title"],
        artists=tuple(artists),
        genres=_common(rows, "genres", MAX_GENRES),
        moods=_common(rows, "moods", MAX_MOODS),
        topics=_common(rows, "topics", MAX_TAGS),
        tags=_common(rows, "tags", MAX_TAGS) + _common(rows, "on_playlists", 5),
        languages=_common(rows, "languages", MAX_TAGS),
        release_date=first["date"],
        release_precision=_precision(first),
        popularity=max(row["popularity"] for row in rows),
        duration_s=first["seconds"],
        explicit=_flag(first["explicit"]),
        description=first["description"],
        parent_id=first["album_id"],
    )


def _artists(store: Staging) -> Iterator[Entity]:
    rows = store.select(
        "SELECT credits.artist AS credited, credits.name AS name, tracks.*, "
        "  (SELECT json_group_array(title) FROM (SELECT playlists.title AS title "
        "   FROM members JOIN playlists ON playlists.n = members.playlist "
        "   WHERE members.source = tracks.source ORDER BY playlists.n LIMIT 3)) AS on_playlists "
        "FROM credits JOIN tracks ON tracks.n = credits.track "
        "ORDER BY credits.artist, tracks.popularity DESC, tracks.n"
    )
    for key, group in groupby(rows, key=lambda row: str(row["credited"])):
        tracks = list(group)
        name = Counter(str(row["name"]) for row in tracks).most_common(1)[0][0]
        artist_id = store.claim_id(f"artist:{slug(name)}", short_hash(key), f"artist\n{key}")
        yield Entity(_artist(artist_id, name, tracks))


def _artist(artist_id: str, name: str, tracks: list[sqlite3.Row]) -> Item:
    top = [row["popularity"] for row in tracks[:TOP_TRACKS]]
    decades = Counter(f"{row['date'][:3]}0s" for row in tracks if row["date"])
    # A guest takes its genres from its own records where it has any.
    own = [row for row in tracks if row["artist"] == tracks[0]["credited"]] or tracks
    return Item(
        id=artist_id,
        kind="artist",
        title=name,
        artists=(name,),
        genres=_common(own, "genres", MAX_GENRES),
        moods=_common(own, "moods", MAX_MOODS),
        topics=(),
        tags=_common(own, "tags", MAX_TAGS)
        + tuple(decade for decade, _ in decades.most_common(2))
        + _common(own, "on_playlists", 5),
        languages=_common(own, "languages", 2),
        popularity=round(sum(top) / len(top)),
    )


def _playlists(store: Staging) -> Iterator[Entity]:
    for row in list(store.select("SELECT * FROM playlists ORDER BY n")):
        members = _members(store, row["n"])
        if not members:
            continue
        title = str(row["title"])
        owner = f"playlist\n{row['n']}"
        playlist_id = store.claim_id(f"playlist:{slug(title)}", short_hash(owner), owner)
        item = Item(
            id=playlist_id,
            kind="playlist",
            title=title,
            genres=tuple(_loads(row["genres"])),
            moods=tuple(_loads(row["moods"])),
            tags=tuple(_loads(row["tags"])),
            description=row["description"],
            popularity=row["popularity"],
        )
        yield Entity(item, tuple(members))


def _members(store: Staging, playlist: int) -> list[str]:
    rows = store.select(
        "SELECT recording_ids.id AS id FROM members JOIN tracks USING (source) "
        "JOIN recording_ids USING (recording) WHERE members.playlist = ? ORDER BY position",
        playlist,
    )
    return list(dict.fromkeys(str(row["id"]) for row in rows))


_RULES: tuple[tuple[str, str, str], ...] = (
    ("genres", "{Value} Essentials", "The best-known {value} tracks of this catalog."),
    ("moods", "{Value} Mood", "Tracks of this catalog that sound {value}."),
)
"""Column, title and description of the playlists that a catalog makes by rule."""


def _ruled_playlists(store: Staging) -> Iterator[Entity]:
    """Editorial playlists by rule: the most popular recordings of each genre, mood and decade."""
    for column, title, description in _RULES:
        values = store.select(
            f"SELECT value, count(DISTINCT recording) AS size FROM tracks, json_each({column}) "
            "GROUP BY value HAVING size >= ? ORDER BY value",
            MIN_RULED_TRACKS,
        )
        for value in [str(row["value"]) for row in values]:
            where = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = ?)"
            names = {"value": value, "Value": value.title()}
            facets: dict[str, tuple[str, ...]] = {column: (value,)}
            yield from _ruled(
                store, where, value, title.format(**names), description.format(**names), facets
            )
    for row in list(
        store.select(
            "SELECT substr(date, 1, 3) AS decade, count(DISTINCT recording) AS size FROM tracks "
            "WHERE date IS NOT NULL GROUP BY decade HAVING size >= ? ORDER BY decade",
            MIN_RULED_TRACKS,
        )
    ):
        decade = f"{row['decade']}0s"
        described = f"The best-known tracks of this catalog from the {decade}."
        yield from _ruled(
            store, "substr(date, 1, 3) = ?", row["decade"], f"Best of the {decade}", described, {}
        )


def _ruled(
    store: Staging,
    where: str,
    value: str,
    title: str,
    description: str,
    facets: dict[str, tuple[str, ...]],
) -> Iterator[Entity]:
    rows = store.select(
        f"SELECT id, max(popularity) AS fame FROM tracks JOIN recording_ids USING (recording) "
        f"WHERE {where} GROUP BY id ORDER BY fame DESC, id LIMIT ?",
        value,
        RULED_TRACKS,
    )
    members = tuple(str(row["id"]) for row in rows)
    owner = f"ruled\n{title}"
    playlist_id = store.claim_id(f"playlist:{slug(title)}", short_hash(owner), owner)
    yield Entity(
        Item(
            id=playlist_id,
            kind="playlist",
            title=title,
            genres=facets.get("genres", ()),
            moods=facets.get("moods", ()),
            description=description,
            tags=("editorial",),
        ),
        members,
    )


def _shows(store: Staging) -> Iterator[Entity]:
    rows = store.select(
        "SELECT * FROM shows WHERE kind != 'episode' ORDER BY kind, show_key, artists, n"
    )
    for owner, group in groupby(rows, key=_show_identity):
        row = next(group)
        wanted = f"{row['kind']}:{slug(row['title'])}"
        yield Entity(_talk(row, store.claim_id(wanted, short_hash(owner), owner), None))


def _show_identity(row: sqlite3.Row) -> str:
    return f"{row['kind']}\n{row['show_key']}\n{row['artists']}"


def _episodes(store: Staging) -> Iterator[Entity]:
    rows = store.select(
        "SELECT episodes.*, shows.title AS show_title, shows.artists AS show_artists, "
        "shows.topics AS show_topics, shows.languages AS show_languages "
        "FROM shows AS episodes LEFT JOIN shows ON shows.show_key = episodes.show_key "
        "AND shows.kind = 'podcast' WHERE episodes.kind = 'episode' "
        "GROUP BY episodes.n ORDER BY episodes.show_key, episodes.n"
    )
    for row in rows:
        show = slug(row["show_key"])
        owner = f"episode\n{row['show_key']}\n{row['n']}"
        wanted = f"episode:{show}-{slug(row['title'])}"
        episode_id = store.claim_id(wanted, short_hash(owner), owner)
        parent = f"podcast:{show}" if row["show_title"] else None
        yield Entity(_talk(row, episode_id, parent))


def _talk(row: sqlite3.Row, item_id: str, parent_id: str | None) -> Item:
    kind = item_id.split(":", 1)[0]
    inherited = kind == "episode"
    artists = (row["show_title"] or row["show_key"],) if inherited else _loads(row["artists"])
    topics = _loads(row["topics"]) or (_loads(row["show_topics"]) if inherited else [])
    languages = _loads(row["languages"]) or (_loads(row["show_languages"]) if inherited else [])
    return Item(
        id=item_id,
        kind="episode" if inherited else "audiobook" if kind == "audiobook" else "podcast",
        title=row["title"],
        artists=tuple(artists),
        genres=tuple(_loads(row["genres"])),
        moods=tuple(_loads(row["moods"])),
        topics=tuple(topics),
        tags=tuple(_loads(row["tags"])),
        languages=tuple(languages),
        release_date=row["date"],
        release_precision=_precision(row),
        popularity=row["popularity"],
        duration_s=row["seconds"],
        explicit=_flag(row["explicit"]),
        description=row["description"],
        parent_id=parent_id,
    )


def _album(album_id: str, title: str, artist: str, tracks: list[sqlite3.Row]) -> Item:
    dated = next((row for row in tracks if row["date"]), tracks[0])
    warned = [row["explicit"] for row in tracks if row["explicit"] is not None]
    return Item(
        id=album_id,
        kind="album",
        title=title,
        artists=(artist,),
        genres=_common(tracks, "genres", MAX_GENRES),
        moods=_common(tracks, "moods", MAX_MOODS),
        topics=_common(tracks, "topics", MAX_TAGS),
        tags=_common(tracks, "tags", MAX_TAGS),
        languages=_common(tracks, "languages", 2),
        release_date=dated["date"],
        release_precision=_precision(dated),
        popularity=max(row["popularity"] for row in tracks),
        explicit=any(warned) if warned else None,
    )


def _common(rows: Iterable[sqlite3.Row], column: str, most: int) -> tuple[str, ...]:
    counts = Counter(value for row in rows for value in _loads(row[column]))
    return tuple(value for value, _ in counts.most_common(most))


def _loads(text: str | None) -> list[str]:
    return json.loads(text) if text else []


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _precision(row: sqlite3.Row) -> DatePrecision | None:
    precision: DatePrecision | None = row["precision"]
    return precision
