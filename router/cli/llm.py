"""`pfr llm`: the router model by itself."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading

import typer

from router.llama import EmbeddedServer, check_model
from router.services import engine_options, services
from router.settings import Settings

app = typer.Typer(help="The router's language model.", no_args_is_help=True)


@app.command()
def serve() -> None:
    """Run the embedded server alone until interrupted; prints its address and key."""
    server = EmbeddedServer(engine_options(Settings()))
    endpoint = server.start()
    print(f"PFR_LLM_BASE_URL={endpoint.base_url}\nPFR_LLM_API_KEY={endpoint.api_key}", flush=True)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with contextlib.suppress(KeyboardInterrupt):
        ended.wait()
    server.stop()


@app.command()
def info() -> None:
    """Which model serves, and whether its output constraints hold."""
    settings = Settings()
    where = settings.llm_base_url or f"llama.cpp over {settings.router_model_path}"
    if not settings.llm_base_url:
        check_model(settings.router_model_path)
    print(f"model: {where}\nwrites: {settings.codec}, {settings.llm_prompt}")
    asyncio.run(_canary(settings))
    print("canary: constraints hold")


async def _canary(settings: Settings) -> None:
    async with services(settings):
        pass
