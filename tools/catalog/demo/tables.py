"""The demo's tables of facts as rows that the catalog build reads.

`artists.tsv` says what an artist is, `albums.tsv` holds an album a line with its best-known tracks
first, `podcasts.tsv` shows and audiobooks, `listeners.tsv` invented listeners with real likes.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from tools.catalog.build import Plan, Source
from tools.types import Listener

SNAPSHOT = date(2025, 6, 30)
FADE = 4  # popularity that each next track of an album loses against its artist's fame


@contextmanager
def demo_plan(root: Path) -> Iterator[Plan]:
    """A plan that builds the demo into `root`; its input files live as long as the context."""
    with tempfile.TemporaryDirectory() as folder:
        tracks = _write(Path(folder) / "tracks.jsonl", track_rows())
        podcasts = _write(Path(folder) / "podcasts.jsonl", podcast_rows())
        sources = (Source("tracks", tracks), Source("podcasts", podcasts))
        yield Plan(sources, root, SNAPSHOT, 0.0, tuple(listeners()))


def track_rows() -> Iterator[dict[str, Any]]:
    """One row a track, with its artist's facets where the album has none of its own."""
    artists = {row["name"]: row for row in table("artists.tsv")}
    for album in table("albums.tsv"):
        artist = artists[album["artist"]]
        for position, title in enumerate(_split(album["tracks"], "|")):
            yield {
                "title": title,
                "artists": [album["artist"]],
                "album": album["title"],
                "release_date": album["released"],
                "genres": _split(album["genres"] or artist["genres"], ","),
                "moods": _split(artist["moods"], ","),
                "languages": _split(artist["languages"], ","),
                "popularity": max(1, int(artist["fame"]) - FADE * position),
                "tags": [artist["country"].lower()],
            }


def podcast_rows() -> Iterator[dict[str, Any]]:
    for row in table("podcasts.tsv"):
        lists = {name: _split(row[name], ",") for name in ("topics", "languages")}
        yield {**row, **lists, "popularity": int(row["fame"]), "release_date": row["released"]}


def listeners() -> Iterator[Listener]:
    for row in table("listeners.tsv"):
        yield Listener(
            row["id"],
            row["name"],
            row["about"],
            tuple(_split(row["liked_artists"], "|")),
            tuple(_split(row["disliked_artists"], "|")),
        )


def table(name: str) -> list[dict[str, str]]:
    """The rows of one of the tables, every cell a string."""
    text = resources.files("tools.catalog.demo").joinpath(name).read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
    return list(rows)


def _split(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _write(path: Path, rows: Iterator[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path
