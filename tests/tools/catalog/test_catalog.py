"""An opened catalog: filters, words and vectors agree with the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import WordEmbedder
from tools.catalog.catalog import Catalog
from tools.catalog.vectors import VectorIndex, build_index
from tools.types import Filters


def titles(catalog: Catalog, filters: Filters) -> set[str]:
    mask = catalog.select(filters)
    assert mask is not None
    return {catalog.item(int(row)).title for row in np.flatnonzero(mask)}


def test_filters_by_year_kind_and_genre(catalog: Catalog) -> None:
    """Conditions are joined by and; a genre means its narrower genres too."""
    nineties = Filters(kinds=("track",), genres=("rock",), year_from=1990, year_to=1999)
    assert titles(catalog, nineties) == {"Creep", "Karma Police", "No Surprises", "Everlong"}


def test_filters_by_recency_from_the_snapshot(catalog: Catalog) -> None:
    """Weeks are counted back from the newest release."""
    assert titles(catalog, Filters(kinds=("album",), max_weeks=4)) == {"Day One"}
    assert titles(catalog, Filters(kinds=("album",), max_weeks=13)) == {"Day One", "Day Zero"}


def test_excludes_artists_genres_and_words(catalog: Catalog) -> None:
    """What must not appear is taken out, whichever of the three it is."""
    everything = titles(catalog, Filters(kinds=("track",)))
    for word, gone in (
        ("coldplay", "Yellow"),
        ("reggaeton", "Dákiti"),
        ("surprises", "No Surprises"),
    ):
        kept = titles(catalog, Filters(kinds=("track",), exclude=(word,)))
        assert gone in everything and gone not in kept


def test_forgives_typos(catalog: Catalog) -> None:
    """A misspelt name still finds its artist first."""
    best = catalog.lexical.search("radiohed", 1)
    assert catalog.item(best[0].row).id == "artist:radiohead"


def test_whole_names_come_first(catalog: Catalog) -> None:
    """A query that is a title puts that title on top."""
    best = catalog.lexical.search("karma police", 1)
    assert catalog.item(best[0].row).title == "Karma Police"


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_lexical_search_takes_any_text(text: str) -> None:
    """No text is a syntax error."""
    catalog = _CATALOGS[0]
    catalog.lexical.search(text, 5)
    catalog.lexical.named(text)
    catalog.lexical.containing(text, 5)


_CATALOGS: list[Catalog] = []


@pytest.fixture(autouse=True)
def _keep(catalog: Catalog) -> None:
    _CATALOGS[:] = [catalog]


def test_vector_search_obeys_its_mask(catalog: Catalog) -> None:
    """Only selected rows are found, in falling order of cosine."""
    vector = WordEmbedder().embed(["alternative rock"])[0]
    mask = catalog.select(Filters(kinds=("artist",)))
    found = catalog.vectors.search(vector, 50, mask)
    assert mask is not None and len(found.rows) == int(mask.sum())
    assert all(catalog.kind(int(row)) == "artist" for row in found.rows)
    assert np.all(np.diff(found.cosines) <= 0)


def test_inverted_lists_find_what_exact_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the exact limit recall at 10 stays above 0.9, and 1.0 under a narrow filter."""
    monkeypatch.setattr("tools.catalog.vectors.EXACT_ROWS", 1000)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(5000, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = VectorIndex(build_index(vectors))
    mask = np.zeros(5000, np.bool_)
    mask[::50] = True
    recall = []
    for query in vectors[:50]:
        exact = set(np.argsort(-(vectors @ query))[:10].tolist())
        recall.append(len(exact & set(index.search(query, 10).rows.tolist())) / 10)
        narrow = np.flatnonzero(mask)
        best = narrow[np.argsort(-(vectors[narrow] @ query))[:10]]
        assert set(index.search(query, 10, mask).rows.tolist()) == set(best.tolist())
    assert np.mean(recall) > 0.9


def test_aliases_and_parents(catalog: Catalog) -> None:
    """Spellings meet the canonical word, and a missing genre has broader ones."""
    words = catalog.vocabulary
    assert words.canonical("genres", "dnb") == "drum and bass"
    assert words.canonical("genres", "Hip-Hop") == "hip hop"
    assert words.canonical("moods", "upbeat") == "happy"
    assert words.canonical("genres", "no such genre") is None
    assert "hard rock" in words.genres_meant("rock")
    assert words.broader("indie folk") == ("indie",)
