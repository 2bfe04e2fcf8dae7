"""The start page, which says what this address is."""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from blindgrade.service.web.auth import needs
from blindgrade.service.web.permissions import Permission
from blindgrade.service.web.state import state_of

router = APIRouter(include_in_schema=False)
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: grading service</title></head>
<body><main><h1>{title}</h1>
<p>This is the grading service of this course. Sign in on your own machine with your token:</p>
<pre>grade login {url} --token TOKEN</pre>
<p>Then hand in a lesson:</p>
<pre>grade LESSON --submit</pre>
</main></body></html>
"""


@router.get("/", response_class=HTMLResponse)
def start(request: Request, _: Annotated[None, needs(Permission.ANYBODY)]) -> HTMLResponse:
    """The start page."""
    service = state_of(request).service
    title, url = escape(service.lessons.catalog.course.title), escape(service.settings.url)
    return HTMLResponse(PAGE.format(title=title, url=url))
