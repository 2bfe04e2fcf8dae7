"""Bodies of requests, read up to a limit and checked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import Request

from blindgrade.service.blobs import RefusedFiles, checked
from blindgrade.service.web.refusals import Refused
from blindgrade.submitting.wire_models import MAX_BODY

BODY_SECONDS = 30  # a client that sends more slowly gives up its connection


async def files_in(request: Request) -> dict[str, str]:
    """Files of a submission. Refused if the body is too large, too slow, no JSON, or not files."""
    data = await json_in(request, MAX_BODY)
    if not isinstance(data, dict) or set(data) != {"files"}:
        raise Refused(400, "not_files", 'the body must be {"files": {"NAME": "TEXT"}} and nothing else')
    try:
        return checked(data["files"])
    except RefusedFiles as error:
        raise Refused(400, "not_files", str(error)) from None


async def json_in(request: Request, limit: int) -> Any:
    """JSON value of the body."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await _read(request, limit)
    except TimeoutError:
        raise Refused(408, "too_slow", f"the request took more than {BODY_SECONDS} s to arrive; try again") from None
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(400, "not_json", "the body is not JSON in UTF-8") from None


async def _read(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> Refused:
    text = f"the submission is larger than {limit >> 20} MiB; leave out large files, or make them smaller"
    return Refused(413, "too_large", text)
