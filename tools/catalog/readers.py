"""Rows of CSV, JSONL and Parquet files, one at a time, with their numbers."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tools.errors import BuildError

BATCH_ROWS = 4096
FORMATS = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSONL", ".parquet": "Parquet"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read. `number` is the line in a text file, the row in Parquet, from 1.

    `problem` says why a row could not be read at all; `values` is empty then.
    """

    number: int
    values: Mapping[str, Any]
    problem: str | None = None


def columns_of(path: Path) -> list[str]:
    """The columns of a file; of JSONL, the keys in its first 100 lines."""
    kind = _format(path)
    if kind == "Parquet":
        return list(_parquet(path).schema_arrow.names)
    if kind == "JSONL":
        head = (row for _, row in zip(range(100), _jsonl(path), strict=False))
        return list(dict.fromkeys(key for row in head for key in row.values))
    with path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            return next(csv.reader(lines, delimiter=_delimiter(path)), [])
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, 1) from error


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of the file, streamed. Raises `BuildError` where the file cannot be read on."""
    read = {"Parquet": _parquet_rows, "JSONL": _jsonl}.get(_format(path), _delimited)
    return read(path)


def _format(path: Path) -> str:
    if not path.is_file():
        raise BuildError(f"{path} is not a file: check the path.")
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        names = ", ".join(FORMATS)
        raise BuildError(f"{path} has no known format: use one of {names}.") from None


def _delimiter(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _delimited(path: Path) -> Iterator[Row]:
    reader = None
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, delimiter=_delimiter(path), strict=path.suffix == ".csv")
            header = next(reader, [])
            for cells in reader:
                yield _delimited_row(reader.line_num, header, cells)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, reader.line_num + 1 if reader else 1) from error
    except (OSError, csv.Error) as error:
        line = reader.line_num if reader else 1
        raise BuildError(f"{path} cannot be read past line {line}: {error}.") from error


def _delimited_row(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return Row(number, {}, f"{len(cells)} cells where the header has {len(header)}")
    return Row(number, {k: v for k, v in zip(header, cells, strict=True) if v.strip()})


def _jsonl(path: Path) -> Iterator[Row]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _json_row(number, line)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, number + 1) from error
    except OSError as error:
        raise BuildError(f"{path} cannot be read past line {number}: {error}.") from error


def _json_row(number: int, line: str) -> Row:
    try:
        values = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Row(number, {}, f"no JSON: {error}")
    if not isinstance(values, dict):
        return Row(number, {}, "no JSON object")
    return Row(number, values)


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} is no readable Parquet file: {error}.") from error


def _parquet_rows(path: Path) -> Iterator[Row]:
    number = 0
    try:
        for batch in _parquet(path).iter_batches(BATCH_ROWS):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, values)
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} cannot be read past row {number}: {error}.") from error


def _wrong_encoding(path: Path, line: int) -> BuildError:
    return BuildError(f"{path} is not UTF-8 near line {line}: convert it to UTF-8 first.")
