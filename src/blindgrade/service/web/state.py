"""What every request of the web process uses."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from blindgrade.service.accepting import Acceptor
from blindgrade.service.service import Service
from blindgrade.service.web.waiting import Waiting


@dataclass
class WebState:
    """The service's parts, the thread that accepts submissions, and the requests that wait for results."""

    service: Service
    acceptor: Acceptor
    waiting: Waiting


def state_of(request: Request) -> WebState:
    """State of the application that got the request."""
    state: WebState = request.app.state.web
    return state
