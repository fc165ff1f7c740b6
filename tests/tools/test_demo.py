"""The demo tables hold together."""

from __future__ import annotations

from tools.catalog.demo.tables import SNAPSHOT, table
from tools.catalog.records import parse_date
from tools.catalog.vocabulary import load_lexicon


def test_albums_name_known_artists_once() -> None:
    """Every album has its artist, a real date before the snapshot, tracks, and no twin."""
    artists = {row["name"] for row in table("artists.tsv")}
    albums = table("albums.tsv")
    assert len({(a["artist"], a["title"]) for a in albums}) == len(albums)
    for album in albums:
        assert album["artist"] in artists, album
        assert parse_date(album["released"])[0] <= SNAPSHOT.isoformat(), album
        assert album["tracks"], album


def test_the_demo_spans_the_world() -> None:
    """Many artists, genres and languages, and shows beside the music."""
    artists = table("artists.tsv")
    assert len(artists) >= 260
    assert len({genre for a in artists for genre in a["genres"].split(", ")}) >= 60
    assert len({a["country"] for a in artists}) >= 40
    assert len(table("podcasts.tsv")) >= 80


def test_facets_are_in_the_lexicon() -> None:
    """The demo's genres and moods are words that the lexicon knows."""
    lexicon = load_lexicon()
    for artist in table("artists.tsv"):
        for genre in artist["genres"].split(", "):
            assert lexicon.canonical("genres", genre), genre
        for mood in artist["moods"].split(", "):
            assert lexicon.canonical("moods", mood) == mood, mood


def test_genres_have_no_cycles() -> None:
    """No genre is its own ancestor, and every parent is a genre."""
    lexicon = load_lexicon()
    for genre, parents in lexicon.parents.items():
        for parent in parents:
            assert parent in lexicon.parents, (genre, parent)
            assert parent == genre or genre not in lexicon.parents.get(parent, ())
            assert parent not in lexicon.descendants(genre) - {genre} or parent == genre


def test_listeners_like_artists_of_the_demo() -> None:
    """Tastes refer to artists that are there."""
    artists = {row["name"] for row in table("artists.tsv")}
    for listener in table("listeners.tsv"):
        liked = {name.strip() for name in listener["liked_artists"].split("|")}
        assert liked <= artists, liked - artists
