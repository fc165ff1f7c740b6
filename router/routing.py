"""A query to its call: memory, fast path, disk, model, fallback, in that order.

The fast path asks the catalog's index some ten times, about 2 ms: memory is looked at before it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import structlog

from router.cache import RouteCache, cache_key
from router.call import Call, FusedCall, RouteCall
from router.errors import DecisionError
from router.fast_path import fast_path
from router.llm import Decision, RouterModel
from router.prompts import Mode
from router.serp import Source
from tools.catalog.catalog import Catalog
from tools.embedder import Embedder
from tools.types import Deadline, Vector

_log = structlog.get_logger(__name__)

MODEL_BUDGET_MS = 30_000  # a decision that its asker gave up on is still worth caching


@dataclass(frozen=True, slots=True)
class Routed:
    """A call and where it came from. `vector` embeds the query; None after a fallback."""

    call: Call
    source: Source
    confidence: float | None
    vector: Vector | None
    prompt_tokens: int
    completion_tokens: int
    took_ms: float


class Routing:
    """Knows queries and the catalog's names; nothing of listeners."""

    def __init__(
        self,
        model: RouterModel,
        cache: RouteCache,
        fingerprint: str,
        embedder: Embedder,
        pool: Executor,
        catalog: Callable[[], Catalog],
    ) -> None:
        self._model = model
        self._cache = cache
        self._fingerprint = fingerprint
        self._embedder = embedder
        self._pool = pool
        self._catalog = catalog

    async def route(
        self, query: str, mode: Mode, deadline: Deadline, *, use_cache: bool = True
    ) -> Routed:
        """The call of a normalised query by the deadline, whatever the model does."""
        start = time.perf_counter()
        key = cache_key(self._fingerprint, mode, query)
        remembered = self._cache.peek(key) if use_cache else None
        if remembered is not None:
            return _unpacked(remembered.value, mode, "cache", _since(start))
        named = fast_path(query, self._catalog()) if mode == "pre" else None
        if named is not None:
            vector = await self._embed(query)
            return Routed(named, "fast_path", 1.0, vector, 0, 0, _since(start))
        try:
            return await self._decided(query, mode, key if use_cache else None, deadline, start)
        except (DecisionError, TimeoutError) as error:
            _log.warning("route_fallback", error=str(error) or "the model was too slow")
            call = RouteCall(route="search")
            return Routed(call, "fallback", None, None, 0, 0, _since(start))

    async def _decided(
        self, query: str, mode: Mode, key: str | None, deadline: Deadline, start: float
    ) -> Routed:
        async def make() -> bytes:
            decision, vector = await asyncio.gather(
                self._model.decide(query, mode, Deadline.after_ms(MODEL_BUDGET_MS)),
                self._embed(query),
            )
            return _packed(decision, vector)

        async with asyncio.timeout(deadline.remaining_s()):
            if key is None:
                return _unpacked(await make(), mode, "llm", _since(start))
            cached = await self._cache.get_or_make(key, make)
        source: Source = "cache" if cached.tier in {"memory", "disk"} else "llm"
        return _unpacked(cached.value, mode, source, _since(start))

    async def _embed(self, query: str) -> Vector:
        loop = asyncio.get_running_loop()
        vectors = await loop.run_in_executor(self._pool, self._embedder.embed, [query])
        return np.asarray(vectors[0], np.float32)


def _packed(decision: Decision, vector: Vector) -> bytes:
    """What is a function of the query alone, as one cache value."""
    return json.dumps(
        {
            "call": decision.call.said(),
            "confidence": decision.confidence,
            "tokens": [decision.prompt_tokens, decision.completion_tokens],
            "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode(),
        }
    ).encode()


def _unpacked(value: bytes, mode: Mode, source: Source, took_ms: float) -> Routed:
    fields = json.loads(value)
    model = RouteCall if mode == "pre" else FusedCall
    prompt_tokens, completion_tokens = fields["tokens"] if source == "llm" else (0, 0)
    return Routed(
        model.model_validate(fields["call"]),
        source,
        fields["confidence"],
        np.frombuffer(base64.b64decode(fields["vector"]), "<f4"),
        prompt_tokens,
        completion_tokens,
        took_ms,
    )


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
