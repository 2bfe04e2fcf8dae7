"""The web application: the API, and the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from blindgrade.service.accepting import Acceptor
from blindgrade.service.places import Settings
from blindgrade.service.service import Service
from blindgrade.service.waking import wake
from blindgrade.service.web import health, refusals, signing_in, submissions
from blindgrade.service.web.headers import Headers
from blindgrade.service.web.pages import start
from blindgrade.service.web.state import WebState
from blindgrade.service.web.waiting import Waiting

API = "/api/v1"
# Every router with its prefix. A test walks all of their routes.
ROUTERS: tuple[tuple[str, APIRouter], ...] = (
    (API, submissions.router),
    (API, signing_in.router),
    (API, health.router),
    ("", start.router),
)


class App(FastAPI):
    """Application whose description says how the token is sent."""

    def openapi(self) -> dict[str, Any]:
        """Description of the API."""
        found = super().openapi()
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}, {}]  # {}: the routes that sign somebody in need no token
        return found


def make_app(settings: Settings) -> FastAPI:
    """Application with these settings."""
    service = Service(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        acceptor = Acceptor(service.database, service.blobs, lambda: wake(settings.wake[0]))
        state = WebState(service, acceptor, Waiting(service.pace))
        app.state.web = state
        watching = asyncio.create_task(state.waiting.watch(service.database, settings.wake[0], asyncio.Event()))
        yield
        watching.cancel()
        state.acceptor.close()
        service.database.close()

    app = App(
        title="blindgrade",
        summary="The grading service of a course",
        version=version("blindgrade"),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # these pages would load scripts from other servers
        redoc_url=None,
        lifespan=life,
    )
    for prefix, router in ROUTERS:
        app.include_router(router, prefix=prefix)
    app.add_exception_handler(refusals.Refused, refusals.on_refused)
    app.add_exception_handler(RequestValidationError, refusals.on_invalid)
    app.add_exception_handler(HTTPException, refusals.on_http)
    app.add_exception_handler(Exception, refusals.on_fault)

    app.add_middleware(Headers)
    return app
