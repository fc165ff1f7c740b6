"""The route cache: one call for many, nothing stale, nothing unpickled, nothing fatal."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
from concurrent.futures import Executor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.cache import RouteCache, cache_key, fingerprint


async def test_two_hundred_equal_misses_make_one_call(tmp_path: Path, pool: Executor) -> None:
    """Whoever comes while a value is made waits for it."""
    cache = RouteCache(tmp_path / "c", pool)
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        return b"value"

    found = await asyncio.gather(*(cache.get_or_make("k", make) for _ in range(200)))
    assert made == 1 and {f.value for f in found} == {b"value"}
    assert (await cache.get_or_make("k", make)).tier == "memory"
    cache.close()


async def test_a_cancelled_leader_does_not_cancel_followers(tmp_path: Path, pool: Executor) -> None:
    """The making goes on when its first asker gives up."""
    cache = RouteCache(tmp_path / "c", pool)

    async def make() -> bytes:
        await asyncio.sleep(0.1)
        return b"value"

    leader = asyncio.create_task(cache.get_or_make("k", make))
    await asyncio.sleep(0.03)
    follower = asyncio.create_task(cache.get_or_make("k", make))
    await asyncio.sleep(0.01)
    leader.cancel()
    assert (await follower).value == b"value"
    cache.close()


async def test_failures_are_not_kept(tmp_path: Path, pool: Executor) -> None:
    """After a failure the next asker tries again."""
    cache = RouteCache(tmp_path / "c", pool)

    async def fail() -> bytes:
        raise ConnectionError

    async def make() -> bytes:
        return b"value"

    with pytest.raises(ConnectionError):
        await cache.get_or_make("k", fail)
    assert (await cache.get_or_make("k", make)).tier == "made"
    cache.close()


async def test_survives_a_restart(tmp_path: Path, pool: Executor) -> None:
    """A second process finds what the first made."""

    async def make() -> bytes:
        return b"value"

    first = RouteCache(tmp_path / "c", pool)
    await first.get_or_make("k", make)
    first.close()
    second = RouteCache(tmp_path / "c", pool)
    assert (await second.get_or_make("k", make)).tier == "disk"
    assert second.clear() == 1
    second.close()


class Bomb:
    """Sets a flag when unpickled."""

    gone_off = False

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (exec, ("from tests.router.test_cache import Bomb; Bomb.gone_off = True",))


async def test_a_pickled_row_is_refused(tmp_path: Path, pool: Executor) -> None:
    """A planted pickle is never loaded, is counted, and is replaced."""

    async def make() -> bytes:
        return b"value"

    cache = RouteCache(tmp_path / "c", pool)
    await cache.get_or_make("k", make)
    cache.close()
    with sqlite3.connect(tmp_path / "c" / "cache.db") as db:
        db.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Bomb()),))
    cache = RouteCache(tmp_path / "c", pool)
    found = await cache.get_or_make("k", make)
    assert not Bomb.gone_off
    assert found.tier == "made" and cache.stats()["refused"] == 1
    cache.close()


@pytest.mark.parametrize("damage", ["zeroed", "truncated", "noise"])
async def test_a_damaged_file_is_set_aside(tmp_path: Path, pool: Executor, damage: str) -> None:
    """The service starts, serves and keeps the damaged file for whoever wants to look."""

    async def make() -> bytes:
        return b"value"

    cache = RouteCache(tmp_path / "c", pool)
    await cache.get_or_make("k", make)
    cache.close()
    file = tmp_path / "c" / "cache.db"
    content = file.read_bytes()
    broken = {"zeroed": bytes(100) + content[100:], "truncated": content[:700]}
    file.write_bytes(broken.get(damage, b"no database" * 500))
    for side in ("cache.db-wal", "cache.db-shm"):
        (tmp_path / "c" / side).unlink(missing_ok=True)
    cache = RouteCache(tmp_path / "c", pool)
    assert (await cache.get_or_make("k", make)).value == b"value"
    cache.close()


@given(st.text(), st.text())
def test_keys_depend_on_query_and_fingerprint_alone(query: str, other: str) -> None:
    """Equal inputs share a key; any other query or fingerprint has its own."""
    mark = fingerprint("model", "prompt")
    assert cache_key(mark, "pre", query) == cache_key(mark, "pre", query)
    assert (cache_key(mark, "pre", query) == cache_key(mark, "pre", other)) == (query == other)
    assert cache_key(mark, "pre", query) != cache_key(mark, "post", query)
    assert cache_key(mark, "pre", query) != cache_key(fingerprint("model", "p2"), "pre", query)
