"""From a call to the sections that will run: the route's bundle, without what makes no sense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from router.call import Call, Facets, FusedCall, RouteCall
from router.canonical import canonicalise, without_unknown_facets
from router.routes import POST_FUSION, RESCUE, ROUTES, Ask, Section
from router.serp import Planned
from tools.catalog.catalog import Catalog
from tools.catalog.vocabulary import COLUMNS
from tools.types import Vector


@dataclass(frozen=True, slots=True)
class Request:
    """What a plan is made for. `vector` is the embedding of the query."""

    query: str
    vector: Vector | None
    limit: int
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The call in the catalog's words, and its sections in page order."""

    call: Call
    sections: tuple[Planned, ...]
    rescue: Planned


def plan(call: Call, request: Request, catalog: Catalog) -> Plan:
    """The bundle of a call. An unsure route also shows what plain search finds."""
    if isinstance(call, FusedCall):
        calls = tuple(canonicalise(c, request.query, catalog) for c in call.calls)
        call = FusedCall(calls=calls)
        wanted: list[tuple[Section, Facets]] = [(POST_FUSION[c.tool], c) for c in calls]
    else:
        call = canonicalise(call, request.query, catalog)
        wanted = [(section, call) for section in _bundle(call, request.unsure)]
    sections = tuple(_planned(wanted, request, catalog))
    rescue = _section(len(sections), RESCUE, Facets(), request, catalog)
    assert rescue is not None
    return Plan(call, sections or (rescue,), rescue)


def _bundle(call: RouteCall, unsure: bool) -> tuple[Section, ...]:
    sections = ROUTES[call.route].sections
    if not unsure or call.route == "search":
        return sections
    # Safe for both readings: what the route thinks of, and what a plain search box would show.
    plain = [s for s in ROUTES["search"].sections if s.id not in {x.id for x in sections}]
    return (*sections, *plain)


def _planned(
    wanted: Sequence[tuple[Section, Facets]],
    request: Request,
    catalog: Catalog,
) -> Iterator[Planned]:
    position = 0
    ids: set[str] = set()
    for section, facets in wanted:
        planned = _section(position, section, facets, request, catalog)
        if planned is not None and planned.id not in ids:
            ids.add(planned.id)
            position += 1
            yield planned


def _section(
    position: int, section: Section, facets: Facets, request: Request, catalog: Catalog
) -> Planned | None:
    known = without_unknown_facets(facets, catalog)
    text = _with_unknown(facets.query or request.query, facets, known)
    params = section.params(Ask(known, text, request.limit))
    if params is None:
        return None
    params = replace(params, vector=request.vector)
    title = section.title.format(artists=", ".join(facets.artists), genres=", ".join(facets.genres))
    return Planned(position, section.id, title, section.tool, params)


def _with_unknown(text: str, facets: Facets, known: Facets) -> str:
    """The text to retrieve by, with the facets that no filter of this catalog can carry."""
    dropped = [
        word
        for field in COLUMNS
        for word in getattr(facets, field)
        if word not in getattr(known, field) and word not in text
    ]
    return " ".join((text, *dropped))
