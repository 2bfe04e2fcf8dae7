"""Requests to a grading service, by the standard library alone."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ValidationError

from blindgrade.submitting.sign_ins import LOOPBACK
from blindgrade.submitting.wire_models import DeviceCode, DeviceToken, Refusal, SubmissionStatus, WhoAmI

API = "/api/v1"
SECONDS = 30.0  # of silence until the service counts as down
WAIT = 25  # seconds that one request waits for a result
LONGEST = 64 << 20  # bytes of an answer
Answer = TypeVar("Answer", bound=BaseModel)


class Unreachable(Exception):
    """The service does not answer, or nothing at the address is one. A later try may succeed."""


class RefusedByService(Exception):
    """The service refused the request. `code` is its word for programs."""

    def __init__(self, status: int, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.status, self.code, self.retry_after = status, refusal.error, refusal.retry_after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the address that the user typed, and never to one that an answer names."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Client:
    """A service at an address. `clock_differs` is the service's clock minus this machine's, at the last answer."""

    url: str
    token: str = ""
    clock_differs: float = 0.0

    def whoami(self) -> WhoAmI:
        """Person of the token."""
        return self._ask(WhoAmI, "GET", "/whoami")

    def logout(self) -> None:
        """Revoke the token."""
        self._send("POST", "/logout")

    def begin_device(self) -> DeviceCode:
        """Code with which the user signs this terminal in."""
        return self._ask(DeviceCode, "POST", "/device")

    def take_device(self, device_code: str) -> DeviceToken:
        """Token, when the user has entered the code."""
        return self._ask(DeviceToken, "POST", "/device/token", {"device_code": device_code})

    def join(self, invitation: str) -> DeviceToken:
        """Token for an invitation."""
        return self._ask(DeviceToken, "POST", "/join", {"invitation": invitation})

    def submit(self, lesson: str, uuid: str, files: dict[str, str]) -> SubmissionStatus:
        """Hand in files."""
        return self._ask(SubmissionStatus, "PUT", _path(lesson, uuid), {"files": files})

    def status(self, lesson: str, uuid: str, wait: int = 0) -> SubmissionStatus:
        """State of a submission. The service answers when it is done, or after `wait` seconds."""
        return self._ask(SubmissionStatus, "GET", f"{_path(lesson, uuid)}?wait={wait}", seconds=SECONDS + wait)

    def _ask(
        self, model: type[Answer], method: str, path: str, body: object = None, seconds: float = SECONDS
    ) -> Answer:  # fmt: skip
        content = self._send(method, path, body, seconds)
        try:
            return model.model_validate_json(content)
        except ValidationError:
            text = f"what answers at {self.url} is no grading service that this version knows; check the address"
            raise Unreachable(text) from None

    def _send(self, method: str, path: str, body: object = None, seconds: float = SECONDS) -> bytes:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self.url}{API}{path}", data, headers, method=method)
        send = self._opener().open
        try:
            with send(request, timeout=seconds) as answer:
                self._note_clock(answer.headers.get("Date"))
                return bytes(answer.read(LONGEST))
        except urllib.error.HTTPError as error:
            with error:
                self._note_clock(error.headers.get("Date"))
                raise self._refused(error, error.read(LONGEST)) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the service at {self.url} does not answer ({_why(error)})") from None

    def _opener(self) -> urllib.request.OpenerDirector:
        near = [urllib.request.ProxyHandler({})] if urlsplit(self.url).hostname in LOOPBACK else []
        return urllib.request.build_opener(_NoRedirect, *near)

    def _refused(self, error: urllib.error.HTTPError, content: bytes) -> Exception:
        if 300 <= error.code < 400:
            there = error.headers.get("Location", "another address")
            return Unreachable(f"{self.url} sends everybody to {there}; run `grade login` with that address")
        try:
            refusal = Refusal.model_validate_json(content)
        except ValidationError:
            if error.code in (502, 503, 504):
                return Unreachable(f"the service at {self.url} is down now (it answered {error.code})")
            return Unreachable(f"{self.url} answered {error.code} and is no grading service; check the address")
        return RefusedByService(error.code, refusal)

    def _note_clock(self, date: str | None) -> None:
        try:
            there = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if there.tzinfo is None:
            return
        self.clock_differs = (there - datetime.now(UTC)).total_seconds()


def _path(lesson: str, uuid: str) -> str:
    return f"/lessons/{quote(lesson, safe='')}/submissions/{quote(uuid, safe='')}"


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not valid here: {reason.verify_message}; is this machine's clock right?"
    if isinstance(reason, TimeoutError):
        return "it took too long"
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
