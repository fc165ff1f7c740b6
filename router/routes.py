"""The route table: the single source of prompt text, schema, grammar, bundles and layouts.

Adding a route is one entry in `ROUTES` (and its name in `call.RouteName`, which a test holds
equal). Each section is one tool call; sections of a route run in parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from router.call import Facets, RouteName, ToolName
from tools.types import Filters, Kind, ToolParams

Layout = Literal["hero", "shelves", "list"]
BundleTool = ToolName | Literal["editorial_playlists", "assistant"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a section's parameters are made from: the facets, the text to retrieve by, the page."""

    facets: Facets
    text: str
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Section:
    """One tool call of a bundle. `params` gives None where the section makes no sense.

    `title` may name `{artists}`, `{titles}` and `{genres}`.
    """

    id: str
    title: str
    tool: BundleTool
    params: Callable[[Ask], ToolParams | None]


@dataclass(frozen=True, slots=True)
class Route:
    """One intent. `intent` and `cues` are what a prompted model and the documentation read."""

    name: RouteName
    intent: str
    cues: str
    layout: Layout
    sections: tuple[Section, ...]


def filters_of(facets: Facets) -> Filters:
    """The strict part of a call. Activities and traits are no catalog columns: they stay text."""
    return Filters(
        kinds=facets.entity_types,
        genres=facets.genres,
        moods=facets.moods,
        topics=facets.topics,
        languages=facets.languages,
        year_from=facets.year_from,
        year_to=facets.year_to,
        max_weeks=facets.max_weeks_from_release,
        exclude=facets.exclude,
    )


def _everything(ask: Ask) -> ToolParams:
    return ToolParams(
        text=ask.text,
        artists=ask.facets.artists,
        titles=ask.facets.titles,
        filters=filters_of(ask.facets),
        limit=ask.limit,
    )


def _plain(ask: Ask) -> ToolParams:
    """By the text alone: what a search box without a router would do."""
    kept = Filters(exclude=ask.facets.exclude)
    return ToolParams(text=ask.text, filters=kept, limit=ask.limit)


def _kinds(*kinds: Kind) -> Callable[[Ask], ToolParams | None]:
    def params(ask: Ask) -> ToolParams:
        asked = _everything(ask)
        return replace(asked, filters=asked.filters.of_kinds(*kinds))

    return params


def _if_named(*kinds: Kind) -> Callable[[Ask], ToolParams | None]:
    def params(ask: Ask) -> ToolParams | None:
        return _kinds(*kinds)(ask) if ask.facets.artists or ask.facets.titles else None

    return params


def _if_artist(*kinds: Kind) -> Callable[[Ask], ToolParams | None]:
    def params(ask: Ask) -> ToolParams | None:
        return _kinds(*kinds)(ask) if ask.facets.artists else None

    return params


def _fresh_everywhere(ask: Ask) -> ToolParams:
    """New music whoever made it: names and genre belong to the sections beside this one."""
    asked = _everything(ask)
    filters = replace(asked.filters, genres=(), kinds=asked.filters.kinds or ("album", "track"))
    return replace(asked, artists=(), titles=(), filters=filters)


def _fresh_by_artist(ask: Ask) -> ToolParams | None:
    if not ask.facets.artists:
        return None
    asked = _everything(ask)
    kinds = asked.filters.kinds or ("album", "track")
    return replace(asked, filters=replace(asked.filters, genres=(), kinds=kinds))


def _fresh_in_genre(ask: Ask) -> ToolParams | None:
    if not ask.facets.genres:
        return None
    asked = _everything(ask)
    kinds = asked.filters.kinds or ("album", "track")
    return replace(asked, artists=(), titles=(), filters=replace(asked.filters, kinds=kinds))


def _audiobooks(ask: Ask) -> ToolParams | None:
    return _kinds("audiobook")(ask) if "audiobook" in ask.facets.entity_types else None


ROUTES: dict[RouteName, Route] = {
    route.name: route
    for route in (
        Route(
            name="known_item",
            intent="find one named thing to play or open",
            cues="a title, an artist's name, a show, a lyric, often misspelt",
            layout="hero",
            sections=(
                Section("top", "Top result", "known_item", _everything),
                Section("more", "More from the artist", "artist_catalog", _everything),
                Section("similar", "You might also like", "similar_artists", _if_named("artist")),
            ),
        ),
        Route(
            name="similar_artists",
            intent="artists or music like a named one",
            cues="similar to, like, sounds like, if I love",
            layout="shelves",
            sections=(
                Section("artists", "Similar artists", "similar_artists", _kinds("artist")),
                Section("tracks", "Tracks by them", "similar_artists", _kinds("track")),
                Section("about", "From {artists}", "artist_catalog", _if_artist("album", "track")),
            ),
        ),
        Route(
            name="new_releases",
            intent="fresh music or shows",
            cues="new, latest, this week, just released, upcoming",
            layout="shelves",
            sections=(
                Section("latest", "Latest from {artists}", "new_releases", _fresh_by_artist),
                Section("genre", "New in {genres}", "new_releases", _fresh_in_genre),
                Section("fresh", "New releases", "new_releases", _fresh_everywhere),
            ),
        ),
        Route(
            name="personalized_recs",
            intent="explore music by genre, era, language, artist or trait",
            cues="a genre, a decade, best of, songs by, hits",
            layout="shelves",
            sections=(
                Section("tracks", "Tracks", "recommendations", _kinds("track")),
                Section("albums", "Albums", "recommendations", _kinds("album")),
                Section("artists", "Artists", "recommendations", _kinds("artist")),
                Section("playlists", "Playlists", "editorial_playlists", _kinds("playlist")),
            ),
        ),
        Route(
            name="playlist",
            intent="a session for a mood, an activity, an occasion or one's taste",
            cues="music for, playlist for, something I would like",
            layout="list",
            sections=(
                Section("playlist", "Your playlist", "playlist", _kinds("track")),
                Section("ready", "Ready-made playlists", "editorial_playlists", _kinds("playlist")),
            ),
        ),
        Route(
            name="podcasts",
            intent="explore podcasts, episodes or audiobooks by topic, kind or person",
            cues="podcast, episode, show about, audiobook, interview, lessons",
            layout="shelves",
            sections=(
                Section("audiobooks", "Audiobooks", "podcasts", _audiobooks),
                Section("shows", "Shows", "podcasts", _kinds("podcast")),
                Section("episodes", "Episodes", "podcasts", _kinds("episode")),
            ),
        ),
        Route(
            name="assistant",
            intent="needs outside knowledge or several steps of reasoning",
            cues="sampled in, soundtrack of that film, who wrote, the band the drummer formed",
            layout="list",
            sections=(
                Section("answer", "Best guesses", "assistant", _plain),
                Section("search", "Search results", "lexical", _plain),
            ),
        ),
        Route(
            name="search",
            intent="anything else: random strings, no media request",
            cues="gibberish, small talk, commands",
            layout="list",
            sections=(
                Section("lexical", "Matches", "lexical", _plain),
                Section("semantic", "Related", "semantic", _plain),
            ),
        ),
    )
}

RESCUE = Section("lexical", "Matches", "lexical", _plain)

POST_FUSION: dict[str, Section] = {
    section.tool: section
    for section in (
        Section("lexical", "Matches", "lexical", _everything),
        Section("semantic", "Related", "semantic", _everything),
        Section("similar", "Similar artists", "similar_artists", _kinds("artist")),
        Section("tracks", "Tracks", "recommendations", _everything),
        Section("latest", "New releases", "new_releases", _everything),
        Section("shows", "Podcasts", "podcasts", _everything),
        Section("playlist", "Playlist", "playlist", _kinds("track")),
        Section("top", "Top result", "known_item", _everything),
        Section("artist", "From the artist", "artist_catalog", _everything),
    )
}
