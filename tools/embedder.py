"""Text to vectors: a sentence encoder on ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tools.errors import ModelError

MAX_TOKENS = 128  # the encoder was trained on up to 128 word pieces
BATCH = 64

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Text to float32 (n, dimensions) of unit norm. `id` changes whenever the vectors would."""

    id: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class OnnxEmbedder:
    """Mean pooling over token states, then L2 normalisation (Sentence-BERT, arXiv 1908.10084 §3).

    Blocking: a query of ten words takes about 5 ms on one core. Safe to share between threads.
    Raises `ModelError` if a file is missing or is no encoder.
    """

    def __init__(self, model: Path, tokenizer: Path, threads: int = 1) -> None:
        self.id = _files_id(model, tokenizer)
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = ort.InferenceSession(str(model), _session_options(threads))
        except Exception as error:  # both libraries raise bare Exception subclasses
            raise ModelError(
                f"{model.name} or {tokenizer.name} cannot be loaded as an encoder: "
                "run `pfr setup` to fetch them again."
            ) from error
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = {node.name for node in self._session.get_inputs()}
        self.dimensions = self._encode(["dimensions"]).shape[1]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors in the order of `texts`: float32 (n, dimensions), unit norm; (0, d) for none."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(texts), BATCH):
            rows = by_length[start : start + BATCH]
            vectors[rows] = self._encode([texts[i] for i in rows])
        return vectors

    def _encode(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], np.int64)
        mask = np.array([e.attention_mask for e in encoded], np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (np.asarray(states) * weights).sum(1) / np.maximum(weights.sum(1), 1e-9)
        unit = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return np.asarray(unit, np.float32)


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning pool starves the LLM that shares the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _files_id(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        try:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        except OSError as error:
            raise ModelError(f"{file} cannot be read: run `pfr setup` to fetch it.") from error
    return digest.hexdigest()[:16]
