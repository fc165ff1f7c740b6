"""The route cache: memory, then disk, one call for many equal misses; never user data.

Values are bytes. diskcache would unpickle what it finds in its file (CVE-2025-69872): the disk tier
here reads raw bytes and refuses every other kind of row.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import diskcache
import structlog
from cachetools import LRUCache

from router.prompts import Mode

_log = structlog.get_logger(__name__)

MEMORY_ENTRIES = 50_000  # about 2 kB each
DISK_BYTES = 512 * 2**20
DISK_WAIT_S = 0.2  # a locked file is a miss, not a stall

Tier = Literal["memory", "disk", "made", "shared"]


@dataclass(frozen=True, slots=True)
class Cached:
    """A value and where it came from; `shared` waited for another caller's miss."""

    value: bytes
    tier: Tier


def fingerprint(*parts: str) -> str:
    """One hash of everything a cached decision depends on besides the query."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def cache_key(fingerprint: str, mode: Mode, query: str) -> str:
    """The key of a normalised query. Nothing about the listener can enter: there is no place."""
    return hashlib.sha256(f"{fingerprint}\n{mode}\n{query}".encode()).hexdigest()


class _BytesDisk(diskcache.Disk):  # type: ignore[misc]  # the library has no types
    """Stores bytes and reads nothing else, so that a row in the file can never run code."""

    def store(self, value: Any, read: bool, key: Any = diskcache.UNKNOWN) -> Any:
        if not isinstance(value, bytes):
            raise TypeError("the route cache stores bytes alone")
        return super().store(value, False, key)

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> Any:
        if mode == diskcache.core.MODE_RAW and isinstance(value, bytes):
            return value
        if mode == diskcache.core.MODE_BINARY and filename:
            return super().fetch(mode, filename, value, False)
        raise PoisonedRow

    def get(self, key: Any, raw: bool) -> Any:
        return key if raw else None


class PoisonedRow(Exception):
    """A row of the cache file that is not bytes."""


class RouteCache:
    """Safe for several tasks of one loop; the folder may be shared by several processes."""

    def __init__(self, folder: Path, pool: Executor) -> None:
        self._folder = folder
        self._pool = pool
        self._memory: LRUCache[str, bytes] = LRUCache(MEMORY_ENTRIES)
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._counts = {"memory": 0, "disk": 0, "made": 0, "shared": 0, "refused": 0}
        self._disk = self._open()

    async def get_or_make(self, key: str, make: Callable[[], Awaitable[bytes]]) -> Cached:
        """The value of `key`; on a miss what `make` returns, made once however many ask.

        An exception of `make` goes to everyone who waits and is not kept. A caller that is
        cancelled does not cancel the making.
        """
        remembered = self.peek(key)
        if remembered is not None:
            return remembered
        value = await self._on_disk(self._read, key)
        if value is not None:
            self._memory[key] = value
            return self._counted(value, "disk")
        task = self._making.get(key)
        if task is not None:
            return self._counted(await asyncio.shield(task), "shared")
        task = asyncio.ensure_future(self._make(key, make))
        self._making[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))
        return self._counted(await asyncio.shield(task), "made")

    def peek(self, key: str) -> Cached | None:
        """What memory holds, at the price of a dictionary; None says nothing of the disk."""
        value = self._memory.get(key)
        return None if value is None else self._counted(value, "memory")

    def stats(self) -> dict[str, int]:
        """Lookups by tier, rows refused, entries in memory, bytes on disk."""
        volume = self._disk.volume() if self._disk is not None else 0
        entries = len(self._disk) if self._disk is not None else 0
        sizes = {"memory_entries": len(self._memory), "disk_entries": entries}
        return {**self._counts, **sizes, "disk_bytes": volume}

    def clear(self) -> int:
        """Forgets everything; the number of entries that were on disk."""
        self._memory.clear()
        return int(self._disk.clear()) if self._disk is not None else 0

    def close(self) -> None:
        if self._disk is not None:
            self._disk.close()

    def _counted(self, value: bytes, tier: Tier) -> Cached:
        self._counts[tier] += 1
        return Cached(value, tier)

    async def _make(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        value = await make()
        self._memory[key] = value
        await self._on_disk(self._write, key, value)
        return value

    def _forget(self, key: str, done: asyncio.Task[bytes]) -> None:
        self._making.pop(key, None)
        if not done.cancelled():
            done.exception()  # read, so that a failure nobody waited for is not reported twice

    async def _on_disk(self, work: Callable[..., bytes | None], *arguments: Any) -> bytes | None:
        """The one place where the cache leaves the event loop."""
        if self._disk is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work, *arguments)
        except (sqlite3.Error, diskcache.Timeout, OSError) as error:
            _log.warning("cache_disk_failed", error=str(error))
            return None

    def _read(self, key: str) -> bytes | None:
        try:
            value = self._disk.get(key)
        except PoisonedRow:
            self._counts["refused"] += 1
            _log.warning("cache_row_refused", key=key)
            self._disk.delete(key)
            return None
        return value if isinstance(value, bytes) else None

    def _write(self, key: str, value: bytes) -> None:
        self._disk.set(key, value)

    def _open(self) -> Any:
        """The disk tier; a file that cannot be opened is set aside, and memory serves alone
        where no new one can be made either."""
        for _ in range(2):
            try:
                return diskcache.Cache(
                    str(self._folder),
                    disk=_BytesDisk,
                    timeout=DISK_WAIT_S,
                    size_limit=DISK_BYTES,
                    disk_min_file_size=2**20,
                )
            except (sqlite3.Error, diskcache.Timeout, OSError, PoisonedRow) as error:
                _log.warning("cache_set_aside", folder=str(self._folder), error=str(error))
                if not self._set_aside():
                    break
        return None

    def _set_aside(self) -> bool:
        try:
            shutil.move(
                self._folder, self._folder.with_name(f"{self._folder.name}-bad-{time.time_ns()}")
            )
        except OSError:
            return False
        return True
