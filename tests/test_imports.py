"""The packages import in one direction: posttrain, evaluation, router, tools."""

from __future__ import annotations

import ast
from pathlib import Path

ORDER = ["tools", "router", "evaluation", "posttrain"]
ROOT = Path(__file__).parent.parent


def imported(file: Path) -> set[str]:
    """Top-level names of every module that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def test_nothing_imports_upwards() -> None:
    """A package imports itself and those below it."""
    for rank, package in enumerate(ORDER):
        above = set(ORDER[rank + 1 :])
        for file in (ROOT / package).rglob("*.py"):
            assert not imported(file) & above, file


def test_nothing_pickles() -> None:
    """No file of the product imports pickle."""
    for package in ORDER:
        for file in (ROOT / package).rglob("*.py"):
            assert "pickle" not in imported(file), file


def test_langgraph_stays_in_the_graph() -> None:
    """Only the graph knows LangGraph."""
    for file in (ROOT / "router").rglob("*.py"):
        assert "langgraph" not in imported(file) or file.name == "graph.py", file


def test_serving_needs_no_torch() -> None:
    """Neither tools nor router import torch or transformers."""
    for package in ("tools", "router"):
        for file in (ROOT / package).rglob("*.py"):
            assert not imported(file) & {"torch", "transformers"}, file
