"""What each search is for, on a catalog small enough to know by heart."""

from __future__ import annotations

from tests.fakes import WordEmbedder
from tools.artist_catalog import ArtistCatalog
from tools.catalog.catalog import Catalog
from tools.fused import FusedSearch
from tools.known_item import KnownItem
from tools.new_releases import NewReleases
from tools.ranking import fuse
from tools.recommendations import Recommendations
from tools.similar_artists import SimilarArtists
from tools.types import Filters, Found, Listener, ToolParams


def titles(found: Found) -> list[str]:
    return [hit.item.title for hit in found.hits]


def test_the_named_thing_comes_first(catalog: Catalog) -> None:
    """Title and artist together name one track."""
    params = ToolParams("karma police radiohead", ("Radiohead",), ("Karma Police",))
    assert titles(KnownItem(lambda: catalog)(params, None))[0] == "Karma Police"


def test_a_wrong_kind_is_given_up_and_said(catalog: Catalog) -> None:
    """Someone who says playlist for an album still gets it."""
    params = ToolParams("ok computer", filters=Filters(kinds=("podcast",)), titles=("OK Computer",))
    found = KnownItem(lambda: catalog)(params, None)
    assert titles(found)[0] == "OK Computer" and found.relaxed == ("entity_types",)


def test_a_page_past_the_end_gives_nothing_up(catalog: Catalog) -> None:
    """What is relaxed does not depend on the page, kinds included."""
    filters = Filters(kinds=("artist",))
    params = ToolParams("radiohead", filters=filters, offset=50)
    found = KnownItem(lambda: catalog)(params, None)
    assert found.hits == () and found.relaxed == ()


def test_an_artist_is_shown_whole(catalog: Catalog) -> None:
    """Albums and tracks of the artist alternate."""
    found = ArtistCatalog(lambda: catalog)(ToolParams(artists=("Radiohead",)), None)
    assert {hit.item.artists[0] for hit in found.hits} == {"Radiohead"}
    assert [hit.item.kind for hit in found.hits][:2] == ["album", "track"]


def test_fresh_work_widens_its_window(catalog: Catalog) -> None:
    """Nothing from this week: the recency is loosened, the genre is kept, both are told."""
    filters = Filters(genres=("indie rock",), max_weeks=1, kinds=("album",), exclude=("day one",))
    found = NewReleases(lambda: catalog)(ToolParams(filters=filters), None)
    assert titles(found) == ["Day Zero"] and found.relaxed == ("weeks",)


def test_latest_by_an_artist_goes_by_date(catalog: Catalog) -> None:
    """The newest album first."""
    params = ToolParams(artists=("The Newcomers",), filters=Filters(kinds=("album",)))
    assert titles(NewReleases(lambda: catalog)(params, None)) == ["Day One", "Day Zero"]


def test_a_listener_moves_fresh_work(catalog: Catalog) -> None:
    """A liked artist is named as the reason."""
    listener = Listener("x", liked_artists=("The Newcomers",))
    found = NewReleases(lambda: catalog)(ToolParams(), listener)
    assert "by an artist you like" in found.hits[0].why


def test_similar_artists_leave_the_named_one_out(catalog: Catalog) -> None:
    """Artists that share genres come, the named one does not."""
    tool = SimilarArtists(lambda: catalog, WordEmbedder())
    params = ToolParams("like radiohead", ("Radiohead",), filters=Filters(kinds=("artist",)))
    found = tool(params, None)
    assert titles(found)[0] == "Coldplay" and "Radiohead" not in titles(found)
    assert "alternative rock" in found.hits[0].why


def test_recommendations_stay_within_the_facets(catalog: Catalog) -> None:
    """A decade and an artist are strict."""
    params = ToolParams(
        "radiohead 90s",
        ("Radiohead",),
        filters=Filters(kinds=("track",), year_from=1996, year_to=1999),
    )
    found = Recommendations(lambda: catalog, WordEmbedder())(params, None)
    assert titles(found) == ["No Surprises", "Karma Police"]


def test_talk_is_found_by_topic(catalog: Catalog) -> None:
    """Podcasts answer to their topics and languages."""
    tool = FusedSearch(lambda: catalog, WordEmbedder(), ("podcast",))
    filters = Filters(topics=("learning english",), languages=("spanish",))
    assert titles(tool(ToolParams("english lessons", filters=filters), None)) == [
        "English for Beginners"
    ]


def test_fusion_is_reciprocal_rank() -> None:
    """Worked by hand: 1/61 + 1/62 beats 1/61 alone."""
    ranked = fuse([(1.0, [7, 8]), (1.0, [8, 9])])
    assert [row for row, _ in ranked] == [8, 7, 9]
    assert abs(ranked[0][1] - (1 / 62 + 1 / 61)) < 1e-12
