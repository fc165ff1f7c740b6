"""HTTP handlers. Each is thin: check the input, call the service, shape the answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from router.errors import BadRequest
from router.grammar import json_schema
from router.prompts import Mode
from router.routes import ROUTES
from router.search import Asked, timings, usage
from router.serp import (
    Done,
    Planned,
    SearchAnswer,
    is_partial,
    item_fields,
    layout_of,
    section_answer,
)
from router.services import Services
from tools.artist_catalog import works
from tools.types import Filters, Listener

MAX_LIMIT = 50
RETRY_AFTER_S = 1

router = APIRouter()


class RouteRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str
    mode: Mode = "pre"


class Admission:
    """Counts searches in flight and refuses at once past the limit."""

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def __aenter__(self) -> None:
        if self._free.locked():
            raise HTTPException(503, "Too many searches at once: try again in a second.")
        await self._free.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _listener(services: Services, user_id: str | None) -> Listener | None:
    """The profile that tools see; a listener nobody knows yet has an empty one."""
    if user_id is None:
        return None
    return services.catalog().listeners.get(user_id) or Listener(user_id)


QueryText = Annotated[str, Query(description="1 to 512 characters")]
UserId = Annotated[str | None, Query(min_length=1, max_length=128)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items per section")]
Personalization = Annotated[float | None, Query(ge=0, le=1, description="overrides alpha")]
DeadlineMs = Annotated[int | None, Query(ge=50, le=60_000)]


async def _asked(
    request: Request,
    q: QueryText,
    user_id: UserId = None,
    limit: Limit = 10,
    personalization: Personalization = None,
    mode: Mode = "pre",
    deadline_ms: DeadlineMs = None,
) -> Asked:
    """The parameters that the plain and the streamed search share."""
    services = _services(request)
    listener = _listener(services, user_id)
    return Asked(q, listener, limit, mode, deadline_ms or services.settings.deadline_ms)


AskedSearch = Annotated[Asked, Depends(_asked)]


@router.get("/v1/search")
async def search(request: Request, asked: AskedSearch) -> Response:
    async with request.app.state.admission:
        found: SearchAnswer = await _services(request).search.search(asked)
    return Response(found.model_dump_json(), media_type="application/json")


@router.get("/v1/search/stream")
async def stream(request: Request, asked: AskedSearch) -> StreamingResponse:
    # Problems that a status code can tell are found before the stream begins.
    events = _admitted(request.app.state.admission, _events(_services(request), asked))
    first = await anext(events)
    return StreamingResponse(_with_first(first, events), media_type="text/event-stream")


async def _admitted(
    admission: Admission, events: AsyncGenerator[str, None]
) -> AsyncGenerator[str, None]:
    """The events, counted as a search in flight until the last one or the client is gone."""
    async with admission, aclosing(events):
        async for event in events:
            yield event


async def _with_first(first: str, rest: AsyncGenerator[str, None]) -> AsyncIterator[str]:
    async with aclosing(rest):
        yield first
        async for event in rest:
            yield event


async def _events(services: Services, asked: Asked) -> AsyncGenerator[str, None]:
    started = await services.search.start(asked)
    began = time.perf_counter()
    yield _event(
        "route",
        {
            "query": started.query,
            "request_id": started.request_id,
            "call": started.plan.call.said(),
            "source": started.routed.source,
            "confidence": started.routed.confidence,
            "alpha": None,
            "layout": layout_of(started.plan.call),
            "sections": [_announced(planned) for planned in started.plan.sections],
            "timings_ms": {"route": round(started.routed.took_ms, 1)},
        },
    )
    ended: list[Done] = []
    async for done in services.search.sections(started):
        ended.append(done)
        yield _event("section", section_answer(done).model_dump(mode="json"))
    tools_ms = (time.perf_counter() - began) * 1000
    yield _event(
        "done",
        {
            "partial": is_partial(ended),
            "timings_ms": timings(started, tools_ms).model_dump(),
            "usage": usage(started.routed).model_dump(),
        },
    )


def _announced(planned: Planned) -> dict[str, str]:
    return {"id": planned.id, "title": planned.title, "tool": planned.tool}


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


@router.post("/v1/route")
async def route(request: Request, body: RouteRequest) -> dict[str, Any]:
    services = _services(request)
    ms = services.settings.deadline_ms
    routed = await services.search.route(body.query, body.mode, ms, use_cache=True)
    return {
        "call": routed.call.said(),
        "source": routed.source,
        "confidence": routed.confidence,
        "alpha": None,
        "latency_ms": round(routed.took_ms, 2),
    }


@router.get("/v1/items/{item_id:path}")
async def item(request: Request, item_id: str) -> dict[str, Any]:
    catalog = _services(request).catalog()
    found = catalog.find(item_id)
    if found is None:
        raise HTTPException(404, f"The catalog has no item {item_id!r}.")
    fields = item_fields(found)
    if found.kind == "artist":
        names = (found.title,)
        for name, kind in (("albums", "album"), ("top_tracks", "track")):
            rows = [row for row, _ in works(catalog, names, Filters(), kind)[:20]]  # type: ignore[arg-type]
            fields[name] = [item_fields(i) for i in catalog.items(rows)]
    else:
        rows = [match.row for match in catalog.lexical.children(item_id)]
        tracks = catalog.items(rows) or catalog.members(item_id)
        if tracks:
            fields["tracks"] = [item_fields(i) for i in tracks]
    return fields


@router.get("/v1/routes")
async def routes() -> dict[str, Any]:
    return {
        "routes": [
            {
                "name": r.name,
                "intent": r.intent,
                "layout": r.layout,
                "sections": [{"id": s.id, "title": s.title, "tool": s.tool} for s in r.sections],
            }
            for r in ROUTES.values()
        ],
        "schema": {"pre": json_schema("pre"), "post": json_schema("post")},
    }


@router.get("/v1/listeners")
async def listeners(request: Request) -> dict[str, Any]:
    """The synthetic listeners of a demo catalog; none where a catalog brings none."""
    known = _services(request).catalog().listeners.values()
    return {"listeners": [{"id": x.id, "name": x.name, "about": x.about} for x in known]}


@router.get("/v1/users/{user_id}")
async def user(request: Request, user_id: str) -> dict[str, Any]:
    found = _services(request).catalog().listeners.get(user_id)
    if found is None:
        raise HTTPException(404, f"There is no listener {user_id!r}.")
    return asdict(found)


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, Any]:
    """Ready once models and catalog are loaded and the canary passed: start-up waits for it."""
    catalog = _services(request).catalog()
    return {"ready": True, "catalog": catalog.version, "items": len(catalog)}


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/", include_in_schema=False)
async def page() -> Response:
    html = resources.files("router").joinpath("web/index.html").read_text("utf-8")
    return Response(html, media_type="text/html")


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """A problem document (RFC 9457)."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def add_problems(app: FastAPI) -> None:
    """Every failure that a caller can cause ends as a problem document."""

    @app.exception_handler(BadRequest)
    async def bad_request(_: Request, error: Exception) -> Response:
        return problem(400, "Bad request", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, "Invalid request", f"{where}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = {404: "Not found", 405: "Method not allowed", 503: "Busy"}.get(
            error.status_code, "Request refused"
        )
        return problem(error.status_code, title, str(error.detail))


def static_files() -> StaticFiles:
    return StaticFiles(directory=Path(str(resources.files("router").joinpath("web"))))
