"""`pfr serve`: the search service and its page."""

from __future__ import annotations

import os
import socket

import typer
import uvicorn

from router.errors import EngineError
from router.llama import EmbeddedServer
from router.services import engine_options
from router.settings import Settings

GRACE_S = 5


def serve(
    host: str | None = typer.Option(None, help="address to listen on"),
    port: int | None = typer.Option(None, help="port to listen on"),
    workers: int | None = typer.Option(None, help="server processes"),
) -> None:
    """Serve HTTP until interrupted. Starts the embedded LLM unless PFR_LLM_BASE_URL is set."""
    settings = Settings()
    host, port = host or settings.host, port if port is not None else settings.port
    _check_port(host, port)
    server = None if settings.llm_base_url else EmbeddedServer(engine_options(settings))
    try:
        if server is not None:
            _share(server)
        print(f"pfr on http://{host}:{port}", flush=True)
        uvicorn.run(
            "router.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers or settings.workers,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
        )
    finally:
        if server is not None:
            server.stop()


def _share(server: EmbeddedServer) -> None:
    """Hands the one LLM server to every worker through their environment."""
    endpoint = server.start()
    os.environ["PFR_LLM_BASE_URL"] = endpoint.base_url
    os.environ["PFR_LLM_API_KEY"] = endpoint.api_key
    os.environ["PFR_LLM_SHARED"] = "1"


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise EngineError(
                f"Port {port} on {host} is taken or not allowed: "
                "stop what uses it, or set PFR_PORT."
            ) from error
