"""The route call: the flat, validated object that the router model writes (design: contract)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tools.types import Kind

RouteName = Literal[
    "known_item",
    "similar_artists",
    "new_releases",
    "personalized_recs",
    "playlist",
    "podcasts",
    "assistant",
    "search",
]

MAX_VALUES = 8  # a field with more values is a runaway generation, not a search
MAX_VALUE_CHARACTERS = 200
MAX_POST_CALLS = 4

Value = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_VALUE_CHARACTERS)
]
Values = Annotated[tuple[Value, ...], Field(max_length=MAX_VALUES)]
Year = Annotated[int, Field(ge=1000, le=2100)]


class Facets(BaseModel):
    """What the searcher said, apart from the intent. An absent field means "not said"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=512)] | None = None
    artists: Values = ()
    titles: Values = ()
    entity_types: Annotated[tuple[Kind, ...], Field(max_length=7)] = ()
    genres: Values = ()
    moods: Values = ()
    activities: Values = ()
    topics: Values = ()
    languages: Values = ()
    traits: Values = ()
    year_from: Year | None = None
    year_to: Year | None = None
    max_weeks_from_release: Annotated[int, Field(ge=1, le=520)] | None = None
    exclude: Values = ()

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.year_from and self.year_to and self.year_from > self.year_to:
            raise ValueError("year_from is after year_to")
        return self

    def said(self) -> dict[str, object]:
        """The fields that were said, as JSON values, in the contract's order."""
        return self.model_dump(mode="json", exclude_defaults=True)


class RouteCall(Facets):
    """Pre-fusion: one route and its parameters."""

    route: RouteName

    def said(self) -> dict[str, object]:
        """As `Facets.said`, with `route` first."""
        return {"route": self.route} | super().said()


ToolName = Literal[
    "lexical",
    "semantic",
    "similar_artists",
    "recommendations",
    "new_releases",
    "podcasts",
    "playlist",
    "known_item",
    "artist_catalog",
]


class ToolCall(Facets):
    """Post-fusion: one tool and its parameters."""

    tool: ToolName

    def said(self) -> dict[str, object]:
        """As `Facets.said`, with `tool` first."""
        return {"tool": self.tool} | super().said()


class FusedCall(BaseModel):
    """Post-fusion: the tool calls that the model put together itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: Annotated[tuple[ToolCall, ...], Field(min_length=1, max_length=MAX_POST_CALLS)]

    def said(self) -> dict[str, object]:
        return {"calls": [call.said() for call in self.calls]}


Call = RouteCall | FusedCall
