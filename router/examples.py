"""The few-shot examples nearest to a query: what a prompted model is shown.

For a small base model the choice of examples is most of its accuracy (kNN-prompting: Liu et al.
2022, "What Makes Good In-Context Examples for GPT-3?", §3).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import numpy as np

from router.prompts import Example, load_examples
from tools.embedder import Embedder

SHOWN = 5


class NearestExamples:
    """The `SHOWN` examples nearest to the query, the nearest last, beside the query itself."""

    def __init__(self, examples: Sequence[Example], embedder: Embedder) -> None:
        self._examples = tuple(examples)
        self._embedder = embedder
        self._vectors = embedder.embed([example.query for example in self._examples])

    def __call__(self, query: str) -> Sequence[Example]:
        """Blocks for one embedding, about 5 ms."""
        cosines = self._vectors @ self._embedder.embed([query])[0]
        nearest = np.lexsort((np.arange(len(cosines)), -cosines))[:SHOWN]
        return [self._examples[i] for i in reversed(nearest)]


def shipped_examples() -> tuple[Example, ...]:
    """The curated examples that come with the package (`few_shots.jsonl`)."""
    text = resources.files("router").joinpath("few_shots.jsonl").read_text("utf-8")
    return load_examples(text.splitlines())
