"""Stand-ins for the slow parts: an encoder by hashed words, a model that says what it is told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import numpy as np

from router.call import RouteCall
from router.errors import DecisionError
from router.llm import Decision
from router.prompts import Mode
from tools.catalog.names import name_key
from tools.embedder import Vectors
from tools.types import Deadline


class WordEmbedder:
    """Texts that share words are close. Deterministic, 64 dimensions."""

    id = "words-64"
    dimensions = 64

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._one(text) for text in texts], np.float32).reshape(-1, 64)

    def _one(self, text: str) -> Vectors:
        vector = np.full(64, 1e-3, np.float32)
        for word in name_key(text).split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 64] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


class ScriptedModel:
    """Answers every query with one call, or fails; counts how often it is asked."""

    def __init__(
        self,
        call: RouteCall | None = None,
        error: DecisionError | None = None,
        delay_s: float = 0.0,
        confidence: float = 0.9,
    ) -> None:
        self.call = call or RouteCall(route="search")
        self.error = error
        self.delay_s = delay_s
        self.confidence = confidence
        self.asked: list[str] = []

    async def decide(self, query: str, mode: Mode, deadline: Deadline) -> Decision:
        self.asked.append(query)
        await asyncio.sleep(self.delay_s)
        if self.error:
            raise self.error
        return Decision(self.call, self.confidence, 10, 5, 1.0)
