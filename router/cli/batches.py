"""JSON lines in, JSON lines out, for the commands that take a file of queries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.progress import track

from router.errors import BadRequest

Work = Callable[[str], Awaitable[dict[str, Any]]]


async def run_batch(source: Path, target: Path, work: Work) -> int:
    """Answers each `{"id", "query"}` line in order; the number of lines written.

    A query outside the contract gets a line with `error`. Raises `BadRequest` for a file that is
    no such JSON lines, before anything is asked.
    """
    rows = read_queries(source)
    with target.open("w", encoding="utf-8") as out:
        for row in track(rows, description=source.name):
            try:
                found = await work(row["query"])
            except BadRequest as error:
                found = {"error": str(error)}
            out.write(json.dumps({"id": row["id"], **found}, ensure_ascii=False) + "\n")
            out.flush()
    return len(rows)


def read_queries(source: Path) -> list[dict[str, Any]]:
    try:
        lines = source.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{source} cannot be read as UTF-8 text: check the path.") from error
    return [_row(source, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(source: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        return {"id": row["id"], "query": str(row["query"])}
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(
            f'{source} line {number} is no object with "id" and "query": mend the line.'
        ) from error
