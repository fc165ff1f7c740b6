"""The web application: where concrete things are built and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router import __version__
from router.api import Admission, add_problems, router, static_files
from router.services import Services, services
from router.settings import Settings

_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; img-src 'self' data:"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class SecurityHeaders:
    """Plain ASGI: a middleware class of the framework costs 300 us a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        docs = scope["type"] == "http" and scope["path"] in {"/docs", "/redoc"}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not docs:
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, sending)


def create_app(settings: Settings | None = None, built: Services | None = None) -> FastAPI:
    """The application; `built` services are used as they are, and left open."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.admission = Admission(settings.max_in_flight)
        if built is not None:
            app.state.services = built
            yield
            return
        async with services(settings) as running:
            app.state.services = running
            yield

    app = FastAPI(title="pfr", version=__version__, lifespan=lifespan)
    app.include_router(router)
    app.mount("/static", static_files(), "static")
    add_problems(app)
    app.add_middleware(SecurityHeaders)
    return app
