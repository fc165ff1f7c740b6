"""The values that cross the border of a tool. All frozen: a result may be shared, never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

Kind = Literal["track", "album", "artist", "playlist", "podcast", "episode", "audiobook"]
KINDS: tuple[Kind, ...] = (
    "track",
    "album",
    "artist",
    "playlist",
    "podcast",
    "episode",
    "audiobook",
)
MUSIC: tuple[Kind, ...] = ("track", "album", "artist", "playlist")
TALK: tuple[Kind, ...] = ("podcast", "episode", "audiobook")

DatePrecision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Item:
    """One entity of the catalog.

    `id` is `kind:slug`. `release_date` is an ISO date whose unknown parts are `01`;
    `release_precision` says which parts are known. `popularity` is 0-100 within its catalog.
    `parent_id` is the album of a track and the show of an episode.
    """

    id: str
    kind: Kind
    title: str
    artists: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    release_date: str | None = None
    release_precision: DatePrecision | None = None
    popularity: int = 0
    duration_s: int | None = None
    explicit: bool | None = None
    description: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Strict conditions on items; an empty field asks for nothing.

    Values within a field are alternatives, fields are joined by "and". `max_weeks` is counted
    back from the catalog's snapshot date. `exclude` holds names, genres or words that must not
    occur in an item.
    """

    kinds: tuple[Kind, ...] = ()
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    max_weeks: int | None = None
    exclude: tuple[str, ...] = ()

    def of_kinds(self, *kinds: Kind) -> Filters:
        """The same conditions on items of `kinds` alone."""
        return replace(self, kinds=kinds)


@dataclass(frozen=True, slots=True)
class ToolParams:
    """What a bundle asks of one tool.

    `text` is what to retrieve by, as typed or rewritten; `artists` and `titles` are names the
    searcher gave, in the catalog's spelling where it knows them. `limit` >= 1, `offset` >= 0.
    `vector` is the embedding of `text` where the caller has it already, shape (dimensions,).
    """

    text: str = ""
    artists: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    limit: int = 10
    offset: int = 0
    vector: Vector | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is asking. Joined after the route cache, never before it."""

    id: str
    name: str = ""
    about: str = ""
    liked_artists: tuple[str, ...] = ()
    disliked_artists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that a tool found. Scores order the hits of one result; they compare nothing else."""

    item: Item
    score: float
    why: str


class Status(StrEnum):
    """How a tool call ended, in the words of the HTTP contract."""

    OK = "ok"
    EMPTY = "empty"
    TIMEOUT = "timeout"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found before it is timed: hits in order, and the facets it had to give up."""

    hits: tuple[Hit, ...] = ()
    relaxed: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A finished tool call. A failure is a status and a reason, never an exception or prose."""

    status: Status
    hits: tuple[Hit, ...] = ()
    took_ms: float = 0.0
    relaxed: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after_ms(cls, budget_ms: float) -> Deadline:
        return cls(time.monotonic() + budget_ms / 1000)

    def remaining_s(self) -> float:
        """Seconds left; 0.0 when the deadline has passed."""
        return max(0.0, self.at - time.monotonic())


class Tool(Protocol):
    """The one contract of everything a route can call."""

    async def call(
        self, params: ToolParams, listener: Listener | None, deadline: Deadline
    ) -> ToolResult:
        """Answers by the deadline. Raises nothing but cancellation."""
        ...


class Search(Protocol):
    """The plain function inside a tool: blocking, pure, and free to raise."""

    def __call__(self, params: ToolParams, listener: Listener | None) -> Found: ...
