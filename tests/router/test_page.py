"""The page in a real Chromium, over a real server, model and demo catalog."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from router.settings import Settings
from tests.conftest import HOSTILE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is absent: apt-get install chromium"
)


@pytest.fixture(scope="module")
def address(real: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`pfr serve` as its user starts it, with a home of its own over the real models."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(real.models)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PFR_HOME": str(home),
        "PFR_CATALOG": str(real.catalog_root),
        "PFR_DEADLINE_MS": "20000",
    }
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "pfr"), "serve", "--port", str(port)], env=environment
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.2)
    yield url
    process.terminate()
    assert process.wait(15) in (0, -15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Page]:
    """A fresh tab that fails the test on any script error or request to elsewhere."""
    opened = browser.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda r: troubles.append(r.url) if address not in r.url else None)
    yield opened
    opened.close()
    assert not [t for t in troubles if not t.startswith(("data:", "blob:"))]


def test_the_model_then_the_cache_over_http(address: str) -> None:
    """The first answer is the model's, the second is remembered, sections have items."""
    ask = {"q": "new indie rock releases"}
    first = httpx.get(f"{address}/v1/search", params=ask, timeout=60).json()
    second = httpx.get(f"{address}/v1/search", params=ask, timeout=60).json()
    assert (first["source"], second["source"]) == ("llm", "cache")
    assert first["call"]["route"] == "new_releases"
    assert all(section["items"] for section in first["sections"])


def test_a_search_shows_chips_sections_and_source(page: Page, address: str) -> None:
    """Typing and Enter: understood, streamed, announced, and in the address."""
    page.goto(address)
    page.get_by_test_id("search-input").fill("new indie rock releases")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("section").first).to_have_attribute(
        "data-status", "ok", timeout=30_000
    )
    expect(page.get_by_test_id("chips")).to_contain_text("new releases")
    expect(page.get_by_test_id("chips")).to_contain_text("indie rock")
    expect(page.get_by_test_id("status")).to_contain_text("results")
    assert "q=new+indie+rock+releases" in page.url


def test_keys_move_through_results(page: Page, address: str) -> None:
    """Down from the box to the first card, right to the next, slash back to the box."""
    page.goto(f"{address}/?q=radiohead")
    expect(page.get_by_test_id("status")).to_contain_text("results", timeout=30_000)
    page.get_by_test_id("search-input").focus()
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.dataset.itemId")
    page.keyboard.press("ArrowRight")
    assert first == "artist:radiohead"
    assert page.evaluate("document.activeElement.dataset.itemId") != first
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


def test_an_item_opens_and_closes(page: Page, address: str) -> None:
    """A click shows an album's tracks; Escape closes."""
    page.goto(f"{address}/?q=ok computer radiohead")
    page.locator("[data-item-id='album:radiohead-ok-computer']").first.click(timeout=30_000)
    expect(page.get_by_role("dialog")).to_contain_text("Karma Police")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_an_empty_search_and_a_long_one_get_a_sentence(page: Page, address: str) -> None:
    """A query of control characters is refused in words."""
    page.goto(f"{address}/?q=%01")
    expect(page.get_by_test_id("problem")).to_contain_text("empty", timeout=10_000)


def sections(*found: dict[str, Any]) -> str:
    """A stream as the server would send it."""
    route = {
        "query": "x",
        "request_id": "1",
        "call": {"route": "search", "artists": [HOSTILE]},
        "source": "llm",
        "confidence": 0.5,
        "alpha": None,
        "layout": "list",
        "sections": [{"id": f["id"], "title": f["title"], "tool": "lexical"} for f in found],
        "timings_ms": {"route": 1.0},
    }
    done = {"partial": True, "timings_ms": {"route": 1, "tools": 2, "total": 3}, "usage": {}}
    events = [("route", route), *(("section", f) for f in found), ("done", done)]
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)


def one(name: str, status: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": name,
        "title": name.title(),
        "tool": "lexical",
        "status": status,
        "took_ms": 1.0,
        "relaxed": [],
        "why": "",
        "items": items,
    }


def test_failing_empty_and_hostile_sections(page: Page, address: str) -> None:
    """A failed tool and an empty one say so; markup in titles stays text."""
    item = {
        "id": "track:x",
        "kind": "track",
        "title": HOSTILE,
        "artists": [HOSTILE],
        "genres": ["<b>x</b>"],
        "release_date": None,
        "release_precision": None,
        "score": 1.0,
        "why": HOSTILE,
        "description": None,
        "popularity": 1,
        "parent_id": None,
    }
    body = sections(
        one("first", "ok", [item]), one("second", "error", []), one("third", "empty", [])
    )
    page.route(
        "**/v1/search/stream*",
        lambda route: route.fulfill(body=body, content_type="text/event-stream"),
    )
    page.goto(f"{address}/?q=anything")
    expect(page.get_by_test_id("item").first).to_contain_text(HOSTILE)
    expect(page.locator("[data-section-id=second]")).to_contain_text("could not be loaded")
    expect(page.locator("[data-section-id=third]")).to_contain_text("nothing here")
    expect(page.locator(".partial")).to_be_visible()
    assert page.locator("#results img").count() == 0


def test_the_listener_switch_searches_again(page: Page, address: str) -> None:
    """Choosing a listener puts them into the address."""
    page.goto(f"{address}/?q=radiohead")
    expect(page.get_by_test_id("status")).to_contain_text("results", timeout=30_000)
    page.get_by_test_id("listener-switch").select_option("mira")
    page.wait_for_url("**user_id=mira**")
