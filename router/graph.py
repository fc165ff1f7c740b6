"""The fan-out: every section of a plan at once, each with its own end (LangGraph Send)."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from router.plan import Plan
from router.serp import FAILED, Done, Planned
from tools.types import Deadline, Listener, Status, Tool, ToolResult

RESCUE_MS = 300
GRACE_S = 0.02  # a tool that keeps its own deadline ends within this after it


class _State(TypedDict):
    plan: Plan
    listener: Listener | None
    deadline: Deadline
    done: Annotated[list[Done], operator.add]


class _Branch(TypedDict):
    planned: Planned
    listener: Listener | None
    deadline: Deadline


class FanOut:
    """Runs plans over a table of tools. Order of sections is the plan's, whoever ends first."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools
        graph = StateGraph(_State)
        graph.add_node("section", self._section, input_schema=_Branch)
        graph.add_conditional_edges(START, _sections, ["section"])
        graph.add_edge("section", END)
        self._graph = graph.compile()

    async def stream(
        self, plan: Plan, listener: Listener | None, deadline: Deadline
    ) -> AsyncIterator[Done]:
        """Sections as they end. A section that fails, or never ends, costs no other anything."""
        state = _State(plan=plan, listener=listener, deadline=deadline, done=[])
        all_failed = True
        async for update in self._graph.astream(state, stream_mode="updates"):
            for change in update.values():
                for done in change["done"]:
                    all_failed = all_failed and done.result.status in FAILED
                    yield done
        if all_failed:
            # Plain search still answers, with a little time of its own.
            yield await self._ended(plan.rescue, None, Deadline.after_ms(RESCUE_MS))

    async def run(
        self, plan: Plan, listener: Listener | None, deadline: Deadline
    ) -> tuple[Done, ...]:
        """All sections, in page order."""
        done = [section async for section in self.stream(plan, listener, deadline)]
        return tuple(sorted(done, key=lambda d: d.planned.position))

    async def _section(self, state: _Branch) -> dict[str, Any]:
        planned = state["planned"]
        return {"done": [await self._ended(planned, state["listener"], state["deadline"])]}

    async def _ended(self, planned: Planned, listener: Listener | None, deadline: Deadline) -> Done:
        try:
            async with asyncio.timeout(deadline.remaining_s() + GRACE_S):
                result = await self._tools[planned.tool].call(planned.params, listener, deadline)
        except TimeoutError:
            result = ToolResult(Status.TIMEOUT, why="The tool did not keep its deadline.")
        except Exception as error:  # a broken tool must not lose its siblings' results
            result = ToolResult(Status.ERROR, why=f"The tool failed with {type(error).__name__}.")
        return Done(planned, result)


def _sections(state: _State) -> list[Send]:
    shared = {"listener": state["listener"], "deadline": state["deadline"]}
    return [Send("section", {"planned": p, **shared}) for p in state["plan"].sections]
