"""Nearest neighbours among the catalog's vectors, with the facets applied before the search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from tools.embedder import Vectors
from tools.errors import CatalogDamaged

Mask = NDArray[np.bool_]

_faiss: Any = faiss  # its C++ classes take keyword arguments that its annotations lack

EXACT_ROWS = 200_000  # flat search of 100k x 384 takes 6 ms a core, and grows linearly
EXACT_SELECTION = 50_000  # below this a filtered search visits every list: 3 ms, recall 1
PROBED_LISTS = 64
DEPTH = 512  # fetched whatever is asked for, so that ties are cut alike on every page


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows by falling cosine, ties by row. Both arrays have one dimension and equal length."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]


def build_index(vectors: Vectors) -> Any:
    """Exact up to `EXACT_ROWS` rows, inverted lists above (4 sqrt(n) of them, FAISS guidelines)."""
    count, dimensions = vectors.shape
    flat = faiss.IndexFlatIP(dimensions)
    if count <= EXACT_ROWS:
        flat.add(vectors)
        return flat
    lists = int(4 * np.sqrt(count))
    index = faiss.IndexIVFFlat(flat, dimensions, lists, faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).choice(count, min(count, 40 * lists), replace=False)
    index.train(vectors[np.sort(sample)])
    for start in range(0, count, EXACT_ROWS):
        index.add(vectors[start : start + EXACT_ROWS])
    return index


def save_index(index: Any, path: Path) -> None:
    faiss.write_index(index, str(path))


class VectorIndex:
    """An opened index. Blocking; searches may run in several threads at once."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._inverted = isinstance(index, faiss.IndexIVF)
        if self._inverted:
            index.make_direct_map()

    @classmethod
    def open(cls, path: Path) -> VectorIndex:
        """Maps the file, so that the workers of a machine share its pages."""
        try:
            return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise CatalogDamaged(f"{path} is no FAISS index: build the catalog again.") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def vector(self, row: int) -> Vectors:
        """The unit vector of a row, shape (dimensions,)."""
        return np.asarray(self._index.reconstruct(int(row)), np.float32)

    def search(self, vector: Vectors, limit: int, mask: Mask | None = None) -> Neighbours:
        """The `limit` nearest rows by cosine where `mask` holds; fewer where fewer exist."""
        selected = len(self) if mask is None else int(np.count_nonzero(mask))
        depth = min(max(limit, DEPTH), selected)
        if min(limit, depth) == 0:
            return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
        query = np.ascontiguousarray(vector, np.float32).reshape(1, -1)
        cosines, rows = self._index.search(query, depth, params=self._params(mask, selected))
        found = rows[0] >= 0
        rows, cosines = rows[0][found], cosines[0][found]
        order = np.lexsort((rows, -cosines))[:limit]
        return Neighbours(rows[order], cosines[order])

    def _params(self, mask: Mask | None, selected: int) -> Any:
        selector = None if mask is None else _selector(mask)
        if not self._inverted:
            return _faiss.SearchParameters(sel=selector) if selector else None
        every = mask is not None and selected <= EXACT_SELECTION
        probes = self._index.nlist if every else min(PROBED_LISTS, self._index.nlist)
        return _faiss.SearchParametersIVF(sel=selector, nprobe=probes)


def _selector(mask: Mask) -> Any:
    # FAISS reads bit i of byte i // 8, least significant first.
    return _faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
