"""Answers to requests that are not done: one form for all, with a word for programs and a sentence for people."""

from __future__ import annotations

import math
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from blindgrade.submitting.wire_models import Refusal


class Refused(Exception):
    """The request is refused with this status."""

    def __init__(self, status: int, error: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status, self.refusal = status, Refusal(error=error, message=message, retry_after=retry_after)


def answer(status: int, refusal: Refusal) -> JSONResponse:
    """Response with the refusal."""
    headers = {"Retry-After": str(math.ceil(refusal.retry_after))} if refusal.retry_after is not None else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(refusal.model_dump(), status, headers)


async def on_refused(_: Request, error: Exception) -> JSONResponse:
    """Answer to `Refused`."""
    assert isinstance(error, Refused)
    return answer(error.status, error.refusal)


async def on_http(_: Request, error: Exception) -> JSONResponse:
    """Answer to a route or method that does not exist."""
    assert isinstance(error, HTTPException)
    known = {404: "there is nothing at this address", 405: "this address does not know the method"}
    text = known.get(error.status_code, str(error.detail))
    refused = answer(error.status_code, Refusal(error="no_such_route", message=text))
    refused.headers.update(error.headers or {})
    return refused


async def on_invalid(_: Request, error: Exception) -> JSONResponse:
    """Answer to parameters that do not fit. What was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    places = [".".join(str(part) for part in one["loc"]) for one in error.errors()[:5]]
    text = f"not as the service expects it: {', '.join(places)}; docs/openapi.json describes requests"
    return answer(422, Refusal(error="invalid", message=text))


async def on_fault(_: Request, error: Exception) -> JSONResponse:
    """Answer to a fault of ours. The log has it; the answer does not, because it could hold private data."""
    text = "the service made a mistake; nothing is lost, so try again; if it stays, ask your instructor"
    return answer(500, Refusal(error="fault", message=text, retry_after=10))


# Described in OpenAPI for every route.
RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": text}
    for code, text in {
        400: "The request cannot be read.",
        401: "No valid token came with the request.",
        403: "The person of the token may not do this.",
        404: "There is no such lesson or submission, or it is somebody else's.",
        422: "A parameter does not fit.",
        503: "The service cannot do this now.",
    }.items()
}
