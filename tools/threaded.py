"""The one place where a tool leaves the event loop: a search function as a timed, typed tool."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog

from tools.types import Deadline, Found, Listener, Search, Status, ToolParams, ToolResult

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ThreadedTool:
    """Runs a blocking search in `pool`, keeps the deadline, and turns every end into a result.

    A search that misses its deadline cannot be interrupted: its thread finishes alone and the
    result is dropped. The pool bounds how many can do so at once.
    """

    name: str
    search: Search
    pool: Executor

    async def call(
        self, params: ToolParams, listener: Listener | None, deadline: Deadline
    ) -> ToolResult:
        start = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                found = await loop.run_in_executor(self.pool, self.search, params, listener)
        except TimeoutError:
            why = "It took longer than the time left for this search."
            return ToolResult(Status.TIMEOUT, took_ms=_since(start), why=why)
        except Exception as error:  # whatever a tool raises must not cost another its result
            _log.exception("tool_failed", tool=self.name)
            why = f"The tool failed with {type(error).__name__}."
            return ToolResult(Status.ERROR, took_ms=_since(start), why=why)
        return _finished(found, _since(start))


def _finished(found: Found, took_ms: float) -> ToolResult:
    status = Status.OK if found.hits else Status.EMPTY
    return ToolResult(status, found.hits, took_ms, found.relaxed, found.why)


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
