"""What retrieval costs as a catalog grows: latency, recall, bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tools.catalog.catalog import Catalog
from tools.catalog.lexical import LexicalIndex, LexicalWriter
from tools.catalog.vectors import VectorIndex, build_index, save_index
from tools.embedder import Vectors

QUERIES = 50
NOISE = 0.05  # a component's standard deviation: neighbours stay neighbours, copies differ


def measure(catalog: Catalog, rows: int) -> dict[str, Any]:
    """One size. Rows beyond the catalog's are its own, with noise and numbered titles."""
    rng = np.random.default_rng(0)
    picked = rng.integers(len(catalog), size=rows)
    with tempfile.TemporaryDirectory() as folder:
        return {
            "rows": rows,
            "faiss": _faiss(catalog, picked, rng, Path(folder)),
            "tantivy": _tantivy(catalog, picked, Path(folder)),
        }


def _faiss(
    catalog: Catalog, picked: np.ndarray[Any, Any], rng: np.random.Generator, folder: Path
) -> dict[str, Any]:
    own = np.array([catalog.vectors.vector(row) for row in range(len(catalog))])
    vectors: Vectors = own[picked]
    for start in range(0, len(vectors), 10_000):
        part = vectors[start : start + 10_000]
        part += rng.normal(scale=NOISE, size=part.shape).astype(np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    start_s = time.perf_counter()
    save_index(build_index(vectors), folder / "index")
    built_s = time.perf_counter() - start_s
    index = VectorIndex.open(folder / "index")
    queries = own[rng.integers(len(own), size=QUERIES)]
    recall = [_recall(index, vectors, query) for query in queries]
    return {
        **_timed([partial(index.search, query, 10) for query in queries]),
        "recall_at_10": round(float(np.mean(recall)), 4),
        "megabytes": round((folder / "index").stat().st_size / 1e6, 1),
        "build_s": round(built_s, 1),
    }


def _recall(index: VectorIndex, vectors: Vectors, query: Vectors) -> float:
    exact = np.argsort(-(vectors @ query))[:10]
    return len(set(exact.tolist()) & set(index.search(query, 10).rows.tolist())) / 10


def _tantivy(catalog: Catalog, picked: np.ndarray[Any, Any], folder: Path) -> dict[str, Any]:
    start_s = time.perf_counter()
    writer = LexicalWriter(folder / "lexical")
    for row, own in enumerate(picked.tolist()):
        item = catalog.item(own)
        writer.add(row, replace(item, id=f"{item.id}-{row}", title=f"{item.title} {row % 997}"))
    writer.close()
    built_s = time.perf_counter() - start_s
    index = LexicalIndex(folder / "lexical")
    titles = [catalog.item(own).title for own in picked[:QUERIES].tolist()]
    size = sum(file.stat().st_size for file in (folder / "lexical").iterdir())
    found = [any(m.row == i for m in index.search(f"{t} {i}", 10)) for i, t in enumerate(titles)]
    return {
        **_timed([partial(index.search, title, 10) for title in titles]),
        "own_title_in_10": round(sum(found) / len(found), 4),
        "megabytes": round(size / 1e6, 1),
        "build_s": round(built_s, 1),
    }


def _timed(calls: list[Callable[[], object]]) -> dict[str, float]:
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    ordered = sorted(taken)
    return {
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p95_ms": round(ordered[int(0.95 * len(ordered))], 2),
    }
