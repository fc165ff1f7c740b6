"""One search, start to end: normalise, route, plan, fan out, assemble."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from router.errors import BadRequest
from router.graph import FanOut
from router.plan import Plan, Request, plan
from router.prompts import Mode
from router.query import MAX_QUERY_CHARACTERS, normalise
from router.routing import Routed, Routing
from router.serp import (
    Done,
    SearchAnswer,
    Timings,
    Usage,
    is_partial,
    layout_of,
    section_answer,
)
from tools.catalog.catalog import Catalog
from tools.types import Deadline, Listener


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as asked. `deadline_ms` covers everything."""

    query: str
    listener: Listener | None = None
    limit: int = 10
    mode: Mode = "pre"
    deadline_ms: int = 4000
    use_cache: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """A search whose call is known and whose sections are about to run."""

    asked: Asked
    request_id: str
    query: str
    routed: Routed
    plan: Plan
    deadline: Deadline
    began: float


class Search:
    """The service behind the HTTP handlers and the command line."""

    def __init__(
        self,
        routing: Routing,
        fan_out: FanOut,
        catalog: Callable[[], Catalog],
        confidence_threshold: float,
        tool_share: float,
    ) -> None:
        self._routing = routing
        self._fan_out = fan_out
        self._catalog = catalog
        self._threshold = confidence_threshold
        self._tool_share = tool_share

    async def route(self, query: str, mode: Mode, deadline_ms: int, *, use_cache: bool) -> Routed:
        """The route call alone. Raises `BadRequest`."""
        deadline = Deadline.after_ms(deadline_ms)
        return await self._routing.route(checked(query), mode, deadline, use_cache=use_cache)

    async def start(self, asked: Asked) -> Started:
        """Routes and plans. Raises `BadRequest` for a query outside the contract."""
        began = time.perf_counter()
        query = checked(asked.query)
        deadline = Deadline.after_ms(asked.deadline_ms)
        for_route = Deadline.after_ms(asked.deadline_ms * (1 - self._tool_share))
        routed = await self._routing.route(query, asked.mode, for_route, use_cache=asked.use_cache)
        unsure = routed.confidence is not None and routed.confidence < self._threshold
        request = Request(query, routed.vector, asked.limit, unsure)
        planned = plan(routed.call, request, self._catalog())
        return Started(asked, uuid.uuid4().hex[:16], query, routed, planned, deadline, began)

    def sections(self, started: Started) -> AsyncIterator[Done]:
        """Sections in the order in which they end."""
        return self._fan_out.stream(started.plan, started.asked.listener, started.deadline)

    async def search(self, asked: Asked) -> SearchAnswer:
        started = await self.start(asked)
        tools_began = time.perf_counter()
        done = await self._fan_out.run(started.plan, asked.listener, started.deadline)
        return answer(started, done, (time.perf_counter() - tools_began) * 1000)


def checked(query: str) -> str:
    """The normalised query. Raises `BadRequest` where it is empty or too long."""
    if len(query) > MAX_QUERY_CHARACTERS:
        raise BadRequest(
            f"The query has {len(query)} characters: send at most {MAX_QUERY_CHARACTERS}."
        )
    normal = normalise(query)
    if not normal:
        raise BadRequest("The query is empty: send at least one visible character.")
    return normal[:MAX_QUERY_CHARACTERS]


def answer(started: Started, done: tuple[Done, ...], tools_ms: float) -> SearchAnswer:
    routed = started.routed
    return SearchAnswer(
        query=started.query,
        request_id=started.request_id,
        call=started.plan.call.said(),
        source=routed.source,
        confidence=routed.confidence,
        alpha=None,
        layout=layout_of(started.plan.call),
        partial=is_partial(done),
        sections=[section_answer(d) for d in done],
        timings_ms=timings(started, tools_ms),
        usage=usage(routed),
    )


def timings(started: Started, tools_ms: float) -> Timings:
    """Where the time went until now."""
    return Timings(
        route=round(started.routed.took_ms, 1),
        tools=round(tools_ms, 1),
        total=round((time.perf_counter() - started.began) * 1000, 1),
    )


def usage(routed: Routed) -> Usage:
    return Usage(prompt_tokens=routed.prompt_tokens, completion_tokens=routed.completion_tokens)
