"""`pfr search`: a whole search in the terminal, or a file of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from router.call import RouteCall
from router.cli.batches import run_batch
from router.errors import BadRequest
from router.search import Asked, checked
from router.serp import SearchAnswer, item_answer
from router.services import Services, services
from router.settings import Settings
from tools.lexical import LexicalSearch
from tools.types import Listener, ToolParams

System = Literal["pfr", "lexical"]


def search(
    query: str | None = typer.Argument(None, help="1 to 512 characters"),
    user: str | None = typer.Option(None, help="id of the listener"),
    limit: int = typer.Option(10, min=1, max=50, help="items per section"),
    as_json: bool = typer.Option(False, "--json", help="print the answer as JSON"),
    batch: Path | None = typer.Option(None, help='JSON lines of {"id", "query"}'),
    out: Path | None = typer.Option(None, help="where the batch's answers go, as JSON lines"),
    system: str = typer.Option("pfr", help="pfr, or lexical for plain search without a router"),
) -> None:
    """Search the catalog as the page does."""
    if system not in ("pfr", "lexical"):
        raise BadRequest(f"There is no system {system!r}: use pfr or lexical.")
    if batch is not None and out is not None:
        asyncio.run(_batch(batch, out, limit, system))
    elif query is not None:
        found = asyncio.run(_one(query, user, limit))
        if as_json:
            print(found.model_dump_json(indent=1))
        else:
            _show(found)
    else:
        raise BadRequest("Give a query, or --batch IN.jsonl with --out OUT.jsonl.")


async def _one(query: str, user: str | None, limit: int) -> SearchAnswer:
    settings = Settings()
    async with services(settings) as running:
        known = running.catalog().listeners
        listener = known.get(user, Listener(user)) if user else None
        return await running.search.search(
            Asked(query, listener, limit, deadline_ms=settings.deadline_ms)
        )


async def _batch(source: Path, target: Path, limit: int, system: str) -> None:
    settings = Settings()
    async with services(settings) as running:

        async def work(query: str) -> dict[str, Any]:
            if system == "lexical":
                return _plain(running, query, limit)
            asked = Asked(query, None, limit, deadline_ms=60_000)
            return (await running.search.search(asked)).model_dump(mode="json")

        await run_batch(source, target, work)


def _plain(running: Services, query: str, limit: int) -> dict[str, Any]:
    """The baseline: one section of lexical matches for the query as typed."""
    text = checked(query)
    found = LexicalSearch(running.catalog)(ToolParams(text, limit=limit), None)
    items = [item_answer(hit).model_dump(mode="json") for hit in found.hits]
    status = "ok" if items else "empty"
    section = {"id": "lexical", "title": "Matches", "tool": "lexical", "status": status}
    call = RouteCall(route="search").said()
    return {"query": text, "call": call, "sections": [{**section, "items": items}]}


def _show(found: SearchAnswer) -> None:
    console = Console()
    console.print(f"[bold]{found.call}[/]  {found.source}  {found.timings_ms.total:.0f} ms")
    for section in found.sections:
        table = Table(title=f"{section.title} ({section.status})", title_justify="left")
        for column in ("kind", "title", "artists", "released", "why"):
            table.add_column(column)
        for item in section.items:
            released = item.release_date or ""
            table.add_row(item.kind, item.title, ", ".join(item.artists), released, item.why)
        console.print(table)
