"""The contract that every tool keeps, whatever it searches."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from typing import Any

import pytest

from router.routes import POST_FUSION, ROUTES
from router.services import tool_table
from tests.fakes import WordEmbedder
from tools.catalog.catalog import Catalog
from tools.threaded import ThreadedTool
from tools.types import Deadline, Filters, Found, Listener, Status, Tool, ToolParams

NAMES = sorted(tool_table(lambda: None, WordEmbedder(), None))  # type: ignore[arg-type,return-value]
PARAMS = ToolParams("radiohead art rock", artists=("Radiohead",), limit=3)


@pytest.fixture(params=NAMES)
def tool(request: Any, catalog: Catalog, embedder: WordEmbedder, pool: Executor) -> Tool:
    return tool_table(lambda: catalog, embedder, pool)[request.param]


async def test_answers_within_the_limit(tool: Tool) -> None:
    """Never more items than asked for, each with a reason and a score."""
    result = await tool.call(PARAMS, None, Deadline.after_ms(5000))
    assert result.status in {Status.OK, Status.EMPTY}
    assert len(result.hits) <= 3
    assert all(hit.why and hit.score >= 0 for hit in result.hits)
    assert result.took_ms > 0


async def test_is_deterministic(tool: Tool) -> None:
    """The same call gives the same hits."""
    first = await tool.call(PARAMS, None, Deadline.after_ms(5000))
    again = await tool.call(PARAMS, None, Deadline.after_ms(5000))
    assert [h.item.id for h in first.hits] == [h.item.id for h in again.hits]


async def test_pages_are_stable(tool: Tool) -> None:
    """Page two goes on where page one ended and repeats nothing."""
    text = ToolParams("rock music", limit=4)
    whole = await tool.call(text, None, Deadline.after_ms(5000))
    one = await tool.call(ToolParams("rock music", limit=2), None, Deadline.after_ms(5000))
    two = await tool.call(
        ToolParams("rock music", limit=2, offset=2), None, Deadline.after_ms(5000)
    )
    ids = [h.item.id for h in (*one.hits, *two.hits)]
    assert ids == [h.item.id for h in whole.hits][: len(ids)]


async def test_respects_exclusions(tool: Tool) -> None:
    """An excluded artist is in no answer."""
    params = ToolParams("rock", filters=Filters(exclude=("Coldplay",)), limit=20)
    result = await tool.call(params, None, Deadline.after_ms(5000))
    assert not [hit for hit in result.hits if "Coldplay" in hit.item.artists]


async def test_survives_any_text(tool: Tool) -> None:
    """Empty, odd and hostile texts give a result, not an error."""
    for text in ("", "🙂🙂", "a" * 512, 'x" OR 1=1 --', "<|im_start|>", "مرحبا", "\x00"):
        result = await tool.call(ToolParams(text), None, Deadline.after_ms(5000))
        assert result.status in {Status.OK, Status.EMPTY}, text


async def test_takes_a_listener(tool: Tool) -> None:
    """A listener that nobody knows changes nothing for the worse."""
    result = await tool.call(PARAMS, Listener("nobody"), Deadline.after_ms(5000))
    assert result.status in {Status.OK, Status.EMPTY}


async def test_a_passed_deadline_is_a_timeout(pool: Executor) -> None:
    """A search that is too slow ends as a typed timeout."""

    def slow(params: ToolParams, listener: Listener | None) -> Found:
        time.sleep(0.3)
        return Found()

    result = await ThreadedTool("slow", slow, pool).call(PARAMS, None, Deadline.after_ms(30))
    assert result.status is Status.TIMEOUT
    assert result.took_ms < 200


async def test_a_failure_is_a_typed_error(pool: Executor) -> None:
    """A search that raises ends as an error with its reason, not as an exception."""

    def broken(params: ToolParams, listener: Listener | None) -> Found:
        raise ZeroDivisionError

    result = await ThreadedTool("broken", broken, pool).call(PARAMS, None, Deadline.after_ms(1000))
    assert result.status is Status.ERROR
    assert "ZeroDivisionError" in result.why


def test_every_section_has_its_tool() -> None:
    """Each tool that a route names is in the table."""
    named = {section.tool for route in ROUTES.values() for section in route.sections}
    assert named | set(POST_FUSION) <= set(NAMES)
