"""The answer of a search (design: HTTP contract), and how results become sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from router.call import Call, RouteCall
from router.routes import ROUTES, Layout
from tools.types import Hit, Item, Status, ToolParams, ToolResult

FAILED = frozenset({Status.TIMEOUT, Status.ERROR})

Source = Literal["cache", "llm", "fast_path", "fallback"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemAnswer(_Answer):
    """One item. `release_date` has `01` for parts that `release_precision` leaves out."""

    id: str
    kind: str
    title: str
    artists: list[str]
    genres: list[str]
    moods: list[str]
    topics: list[str]
    release_date: str | None
    release_precision: str | None
    popularity: int
    duration_s: int | None
    description: str | None
    parent_id: str | None
    score: float
    why: str


class SectionAnswer(_Answer):
    """One tool's results. `took_ms` is the tool's wall time."""

    id: str
    title: str
    tool: str
    status: Status
    took_ms: float
    relaxed: list[str]
    why: str
    items: list[ItemAnswer]


class Timings(_Answer):
    """Wall time in milliseconds."""

    route: float
    tools: float
    total: float


class Usage(_Answer):
    prompt_tokens: int
    completion_tokens: int


class SearchAnswer(_Answer):
    """The whole results page."""

    query: str
    request_id: str
    call: dict[str, Any]
    source: Source
    confidence: float | None
    alpha: float | None
    layout: Layout
    partial: bool
    sections: list[SectionAnswer]
    timings_ms: Timings
    usage: Usage


@dataclass(frozen=True, slots=True)
class Planned:
    """One section that will be asked for: where it stands, and the tool call behind it."""

    position: int
    id: str
    title: str
    tool: str
    params: ToolParams


@dataclass(frozen=True, slots=True)
class Done:
    """A planned section and how it ended."""

    planned: Planned
    result: ToolResult


def layout_of(call: Call) -> Layout:
    return ROUTES[call.route].layout if isinstance(call, RouteCall) else "shelves"


def section_answer(done: Done) -> SectionAnswer:
    return SectionAnswer(
        id=done.planned.id,
        title=done.planned.title,
        tool=done.planned.tool,
        status=done.result.status,
        took_ms=round(done.result.took_ms, 1),
        relaxed=list(done.result.relaxed),
        why=done.result.why,
        items=[item_answer(hit) for hit in done.result.hits],
    )


def item_answer(hit: Hit) -> ItemAnswer:
    return ItemAnswer(**item_fields(hit.item), score=hit.score, why=hit.why)


def item_fields(item: Item) -> dict[str, Any]:
    """An item as JSON values, without what only a search knows of it."""
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "artists": list(item.artists),
        "genres": list(item.genres),
        "moods": list(item.moods),
        "topics": list(item.topics),
        "release_date": item.release_date,
        "release_precision": item.release_precision,
        "popularity": item.popularity,
        "duration_s": item.duration_s,
        "description": item.description,
        "parent_id": item.parent_id,
    }


def is_partial(done: Sequence[Done]) -> bool:
    """Whether a section is missing that should have been there."""
    return any(d.result.status in FAILED for d in done)
