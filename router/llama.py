"""The embedded llama.cpp server: a process of its own, started, watched, restarted and stopped.

One owner per service; every worker talks to it over loopback with a random key. llama.cpp in a
thread of the service itself dies with two callers and takes the service along.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from router.errors import EngineError

_log = structlog.get_logger(__name__)

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
LONGEST_BACKOFF_S = 30.0
STEADY_S = 60.0  # a server that ran this long starts its back-off anew
GGUF_MAGIC = b"GGUF"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """`context_tokens` is shared by `slots` requests in parallel. `adapter` is a GGUF LoRA."""

    model: Path
    adapter: Path | None = None
    threads: int = 2
    slots: int = 2
    context_tokens: int = 4096


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible server answers: base URL with `/v1`, and its key."""

    base_url: str
    api_key: str


class EmbeddedServer:
    """Owns the server process. The endpoint stays the same over restarts."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._key = secrets.token_urlsafe(24)
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self.restarts = 0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"http://127.0.0.1:{self._port}/v1", self._key)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> Endpoint:
        """Blocks until the server answers, then watches it. Raises `EngineError`."""
        check_model(self._options.model)
        if self._options.adapter:
            check_model(self._options.adapter)
        self._launch()
        self._watcher = threading.Thread(target=self._watch, name="llama-watch", daemon=True)
        self._watcher.start()
        return self.endpoint

    def stop(self) -> None:
        """Ends the server: politely, then for good."""
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._watcher:
            self._watcher.join(STOP_TIMEOUT_S)

    def _launch(self) -> None:
        # The key travels in the environment: arguments are visible to every user.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "router.llama", *_arguments(self._options, self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PFR_LLAMA_KEY": self._key},
            text=True,
        )
        self._port = self._announced_port(self._process)
        self._wait_until_healthy()

    def _announced_port(self, process: subprocess.Popen[str]) -> int:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            process.kill()
            process.wait()
            raise EngineError(
                f"llama.cpp could not load {self._options.model}: the file may be truncated or of "
                "a kind it does not know; run `pfr setup` to fetch it again."
            )
        return int(line)

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        url = f"http://127.0.0.1:{self._port}/health"
        while time.monotonic() < deadline and not self._stopping.is_set():
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if httpx.get(url, timeout=1.0).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise EngineError("The embedded LLM server did not become healthy: see `pfr llm info`.")

    def _watch(self) -> None:
        backoff = 0.5
        while not self._stopping.is_set():
            started = time.monotonic()
            assert self._process is not None
            code = self._process.wait()
            if self._stopping.is_set():
                return
            backoff = 0.5 if time.monotonic() - started > STEADY_S else backoff
            _log.warning("llama_died", code=code, restart_in_s=backoff)
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)
            self._restart()

    def _restart(self) -> None:
        if self._stopping.is_set():
            return
        self.restarts += 1
        try:
            self._launch()
        except EngineError as error:
            _log.error("llama_restart_failed", error=str(error))


def check_model(path: Path) -> None:
    """Raises `EngineError` unless the file starts as a GGUF file does and has some size."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise EngineError(f"{path} cannot be read: run `pfr setup` to fetch the model.") from error
    if magic != GGUF_MAGIC or path.stat().st_size < 1024:
        raise EngineError(f"{path} is no GGUF model: run `pfr setup` to fetch it again.")


def _arguments(options: EngineOptions, port: int) -> list[str]:
    arguments = [
        f"--model={options.model}",
        f"--threads={options.threads}",
        f"--slots={options.slots}",
        f"--context-tokens={options.context_tokens}",
        f"--port={port}",
    ]
    return arguments + ([f"--adapter={options.adapter}"] if options.adapter else [])


def serve(arguments: Sequence[str]) -> None:
    """The child: serves until its parent dies or closes its standard input."""
    parser = argparse.ArgumentParser(prog="router.llama")
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter")
    for name in ("threads", "slots", "context-tokens", "port"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parsed = parser.parse_args(arguments)
    _die_with_parent()
    import xllamacpp

    server = xllamacpp.Server(_parameters(xllamacpp, parsed))
    port = str(server.listening_address).rsplit(":", 1)[-1].strip("/")
    print(port, flush=True)
    sys.stdin.read()


def _parameters(xllamacpp, parsed: argparse.Namespace):  # type: ignore[no-untyped-def]
    params = xllamacpp.CommonParams()
    params.model.path = parsed.model
    params.hostnames = ["127.0.0.1"]
    params.port = parsed.port
    params.api_keys = [os.environ["PFR_LLAMA_KEY"]]
    params.n_ctx = parsed.context_tokens
    params.n_parallel = parsed.slots
    params.cpuparams.n_threads = parsed.threads
    params.cpuparams_batch.n_threads = parsed.threads
    params.n_threads_http = 4
    params.cache_prompt = True
    params.endpoint_slots = False
    if parsed.adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(parsed.adapter, 1.0)]
    return params


def _die_with_parent() -> None:
    """The kernel ends this process when its parent dies, a kill -9 included (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1:])
