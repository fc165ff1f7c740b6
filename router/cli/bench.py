"""`pfr bench`: measurements that the documentation quotes."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import typer

from router.cli.bench_retrieval import measure
from router.search import Asked
from router.services import services
from router.settings import Settings
from tools.catalog.versions import open_catalog
from tools.catalog.vocabulary import load_lexicon
from tools.embedder import OnnxEmbedder

app = typer.Typer(help="Measurements.", no_args_is_help=True)

QUERIES = (
    "new indie rock releases",
    "artists that sound like radiohead",
    "calm piano for studying late",
    "best disco hits of the 1980s",
    "podcasts about world history",
    "latin pop for a dinner party",
    "songs about the sea in french",
    "what should i play at a wedding",
)


@app.command()
def serve(rounds: int = typer.Option(50, min=1, help="cached searches per query")) -> None:
    """Latency of a search in this process, uncached and cached, by stage; milliseconds."""
    print(json.dumps(asyncio.run(_serve(rounds)), indent=1))


@app.command()
def retrieval(
    rows: list[int] = typer.Option([10_000, 100_000], help="catalog sizes, in items"),
) -> None:
    """FAISS and tantivy: latency in milliseconds, recall, megabytes and seconds to build."""
    settings = Settings()
    embedder = OnnxEmbedder(settings.embedder_model_path, settings.embedder_tokenizer_path)
    catalog = open_catalog(settings.catalog_root, load_lexicon(), embedder.id)
    for size in rows:
        print(json.dumps(measure(catalog, size)), flush=True)


async def _serve(rounds: int) -> dict[str, Any]:
    settings = Settings()
    async with services(settings) as running:
        running.cache.clear()
        cold = [await running.search.search(Asked(q, deadline_ms=60_000)) for q in QUERIES]
        warm = []
        start = time.perf_counter()
        for _ in range(rounds):
            for query in QUERIES:
                warm.append(await running.search.search(Asked(query)))
        seconds = time.perf_counter() - start
    return {
        "uncached": _percentiles([a.timings_ms.total for a in cold]),
        "uncached_route": _percentiles([a.timings_ms.route for a in cold]),
        "completion_tokens": statistics.mean(a.usage.completion_tokens for a in cold),
        "cached": _percentiles([a.timings_ms.total for a in warm]),
        "cached_route": _percentiles([a.timings_ms.route for a in warm]),
        "cached_tools": _percentiles([a.timings_ms.tools for a in warm]),
        "cached_searches_a_second": round(len(warm) / seconds, 1),
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return {f"p{p}": round(ordered[round(p / 100 * last)], 2) for p in (50, 75, 95, 99)}
