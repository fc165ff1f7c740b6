"""`pfr cache`: what the route cache holds, and forgetting it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import typer

from router.cache import RouteCache
from router.settings import Settings

app = typer.Typer(help="The route cache on disk.", no_args_is_help=True)


@app.command()
def stats() -> None:
    """Entries and bytes on disk."""
    cache = _open()
    found = cache.stats()
    print(json.dumps({key: found[key] for key in ("disk_entries", "disk_bytes")}))
    cache.close()


@app.command()
def clear() -> None:
    """Forget every cached route."""
    cache = _open()
    print(f"{cache.clear()} entries forgotten")
    cache.close()


def _open() -> RouteCache:
    return RouteCache(Settings().cache_folder, ThreadPoolExecutor(1))
