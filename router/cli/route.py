"""`pfr route`: the route call of a query, or of a file of queries."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import typer

from router.cli.batches import run_batch
from router.errors import BadRequest
from router.prompts import Mode
from router.routing import Routed
from router.services import services
from router.settings import Settings


def route(
    query: str | None = typer.Argument(None, help="1 to 512 characters"),
    as_json: bool = typer.Option(False, "--json", help="print the whole answer as JSON"),
    batch: Path | None = typer.Option(None, help='JSON lines of {"id", "query"}'),
    out: Path | None = typer.Option(None, help="where the batch's answers go, as JSON lines"),
    cache: bool = typer.Option(False, help="let a batch read and fill the route cache"),
    post: bool = typer.Option(False, help="post-fusion: let the model list the tool calls"),
) -> None:
    """Ask the router alone, without searching."""
    mode: Mode = "post" if post else "pre"
    if batch is not None and out is not None:
        asyncio.run(_batch(batch, out, mode, cache))
    elif query is not None:
        found = asyncio.run(_one(query, mode))
        print(json.dumps(found if as_json else found["call"], ensure_ascii=False))
    else:
        raise BadRequest("Give a query, or --batch IN.jsonl with --out OUT.jsonl.")


async def _one(query: str, mode: Mode) -> dict[str, Any]:
    settings = Settings()
    async with services(settings) as running:
        routed = await running.search.route(query, mode, settings.deadline_ms, use_cache=True)
        return _fields(routed)


async def _batch(source: Path, target: Path, mode: Mode, cache: bool) -> None:
    settings = Settings()
    async with services(settings) as running:

        async def work(query: str) -> dict[str, Any]:
            patient_ms = 60_000
            return _fields(await running.search.route(query, mode, patient_ms, use_cache=cache))

        await run_batch(source, target, work)


def _fields(routed: Routed) -> dict[str, Any]:
    return {
        "call": routed.call.said(),
        "confidence": routed.confidence,
        "alpha": None,
        "source": routed.source,
        "latency_ms": round(routed.took_ms, 2),
    }
