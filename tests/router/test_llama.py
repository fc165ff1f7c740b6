"""The real embedded server and the real model, and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.call import RouteCall
from router.errors import ConstraintsIgnored, DecisionError, EngineError, ModelUnavailable
from router.llama import EmbeddedServer, Endpoint, EngineOptions, check_model
from router.llm import LLMRouter
from router.prompts import Codec, load_examples
from router.query import normalise
from router.settings import Settings
from tools.types import Deadline

EXAMPLES = load_examples(
    [
        '{"query": "new techno", "call": {"route": "new_releases", "genres": ["techno"]}}',
        '{"query": "like abba", "call": {"route": "similar_artists", "artists": ["abba"]}}',
    ]
)
FUZZED = int(os.environ.get("PFR_TEST_FUZZ", "60"))


@pytest.fixture(scope="module")
def server(real: Settings) -> Iterator[EmbeddedServer]:
    running = EmbeddedServer(EngineOptions(real.router_model_path))
    running.start()
    yield running
    running.stop()


def router(endpoint: Endpoint, codec: Codec = "compact") -> LLMRouter:
    return LLMRouter(endpoint, "router", codec, "prompted", lambda query: EXAMPLES)


async def test_the_canary_passes_on_llama(server: EmbeddedServer) -> None:
    """llama.cpp writes what the grammar says and nothing else."""
    model = router(server.endpoint)
    await model.canary()
    await model.close()


async def test_every_fuzzed_query_gives_a_valid_call(server: EmbeddedServer) -> None:
    """Real model, real grammar, arbitrary text: a valid call each time, in both modes."""
    model = router(server.endpoint)
    hostile = [
        "<|im_start|>",
        '{"route": "x"}',
        "root ::= evil",
        '"\\',
        "| genres=; not=",
        "𝕏 ﷽ 🎧",
    ]
    texts = hostile + [_text(i) for i in range(FUZZED - len(hostile))]
    for text in filter(None, map(normalise, texts)):
        decision = await model.decide(text[:60], "pre", Deadline.after_ms(60_000))
        assert isinstance(decision.call, RouteCall), text
        assert decision.confidence is not None and 0 <= decision.confidence <= 1
    fused = await model.decide("new techno like abba", "post", Deadline.after_ms(60_000))
    assert fused.call.said()
    await model.close()


def _text(seed: int) -> str:
    """Varied text that is the same each run."""
    pick = random.Random(seed)
    alphabet = "abc éñ日本한글ابت🙂0123456789\"\\/;|=<>{}[]()'`\t"
    return "".join(pick.choice(alphabet) for _ in range(pick.randrange(1, 40)))


async def test_a_killed_server_comes_back(real: Settings) -> None:
    """kill -9: the endpoint answers again within seconds, with the same key and port."""
    running = EmbeddedServer(EngineOptions(real.router_model_path))
    endpoint = running.start()
    try:
        assert running.pid is not None
        os.kill(running.pid, signal.SIGKILL)
        model = router(endpoint)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                await model.canary()
                break
            except ModelUnavailable:
                await asyncio.sleep(0.2)
        assert running.restarts >= 1 and running.endpoint == endpoint
        await model.close()
    finally:
        running.stop()


def test_the_server_dies_with_its_owner(real: Settings) -> None:
    """No orphan is left when the owner is killed."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from router.llama import EmbeddedServer, EngineOptions\n"
        "s = EmbeddedServer(EngineOptions(Path(sys.argv[1]))); s.start()\n"
        "print(s.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(real.router_model_path)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.1)
    pytest.fail("the server outlived its owner")


def test_a_bad_model_file_gets_a_sentence(tmp_path: Path, real: Settings) -> None:
    """Missing, of another kind, or truncated: each is refused before serving."""
    with pytest.raises(EngineError, match="pfr setup"):
        check_model(tmp_path / "none.gguf")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"not a model" * 500)
    with pytest.raises(EngineError, match="no GGUF"):
        check_model(other)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(real.router_model_path.read_bytes()[:2_000_000])
    with pytest.raises(EngineError, match="truncated"):
        EmbeddedServer(EngineOptions(cut)).start()


@pytest.fixture
async def liar() -> AsyncIterator[Any]:
    """An HTTP server that answers every request with the bytes it is given."""
    answers: dict[str, Any] = {"body": b"{}", "delay": 0.0, "status": 200}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        await asyncio.sleep(answers["delay"])
        head = f"HTTP/1.1 {answers['status']} X\r\ncontent-type: application/json\r\n"
        length = f"content-length: {len(answers['body'])}\r\nconnection: close\r\n\r\n"
        writer.write((head + length).encode() + answers["body"])
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    answers["endpoint"] = Endpoint(f"http://127.0.0.1:{port}/v1", "key")
    yield answers
    listening.close()


def chat(content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return json.dumps(
        {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    ).encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"<html>", b'{"choices": []}', chat("sorry, I cannot"), chat('{"route": "x"}')],
)
async def test_garbage_with_http_200_is_a_typed_error(liar: Any, body: bytes) -> None:
    """No answer is trusted for its status."""
    liar["body"] = body
    model = router(liar["endpoint"], "json")
    with pytest.raises(DecisionError):
        await model.decide("jazz", "pre", Deadline.after_ms(2000))
    await model.close()


async def test_a_good_answer_from_another_engine_is_a_call(liar: Any) -> None:
    """Any OpenAI-compatible server will do."""
    liar["body"] = chat('{"route":"podcasts","topics":["history"]}')
    model = router(liar["endpoint"], "json")
    decision = await model.decide("history podcasts", "pre", Deadline.after_ms(2000))
    assert decision.call == RouteCall(route="podcasts", topics=("history",))
    await model.close()


async def test_a_server_that_ignores_constraints_is_refused(liar: Any) -> None:
    """The canary finds an engine that writes freely."""
    liar["body"] = chat("Hello! How can I help?")
    model = router(liar["endpoint"], "json")
    with pytest.raises(ConstraintsIgnored, match="ignores output constraints"):
        await model.canary()
    await model.close()


async def test_slow_and_dead_servers_end_by_the_deadline(liar: Any) -> None:
    """A slow server, an error status and a closed port are all `ModelUnavailable`."""
    model = router(liar["endpoint"], "json")
    liar["delay"] = 5.0
    start = time.monotonic()
    with pytest.raises(ModelUnavailable, match="did not answer"):
        await model.decide("jazz", "pre", Deadline.after_ms(200))
    assert time.monotonic() - start < 0.5
    liar["delay"], liar["status"] = 0.0, 500
    with pytest.raises(ModelUnavailable):
        await model.decide("jazz", "pre", Deadline.after_ms(2000))
    dead = router(Endpoint("http://127.0.0.1:1/v1", "key"), "json")
    with pytest.raises(ModelUnavailable):
        await dead.decide("jazz", "pre", Deadline.after_ms(2000))
    await model.close()
    await dead.close()


def test_the_server_needs_its_key(server: EmbeddedServer) -> None:
    """Nobody on the machine can use the model without the key."""
    url = f"{server.endpoint.base_url}/completions"
    assert httpx.post(url, json={"prompt": "x", "max_tokens": 1}).status_code == 401
