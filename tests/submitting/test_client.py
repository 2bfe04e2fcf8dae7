"""Requests to something that is not, or not yet, the service that a student expects."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from blindgrade.submitting.client import Client, RefusedByService, Unreachable

Reply = tuple[int, dict[str, str], bytes]


class Stub:
    """A server that answers every request as it was asked to, and remembers the requests."""

    def __init__(self) -> None:
        self.reply: Callable[[], Reply] = lambda: (200, {}, b"{}")
        self.seen: list[tuple[str, str, str | None]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                stub.seen.append((self.command, self.path, self.headers.get("Authorization")))
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, body = stub.reply()
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def stub() -> Iterator[Stub]:
    found = Stub()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, {}, b"<html>"), "no grading service"),
        ((200, {}, b"{}"), "no grading service"),
        ((404, {}, b"not here"), "no grading service"),
        ((502, {}, b"<html>bad gateway"), "down now"),
        ((503, {}, b""), "down now"),
        ((301, {"Location": "https://other.example.org/"}, b""), "https://other.example.org/"),
    ],
)
def test_what_is_no_service_or_is_down_is_named_and_nothing_is_lost(stub: Stub, reply: Reply, said: str) -> None:
    stub.reply = lambda: reply
    with pytest.raises(Unreachable, match=said):
        Client(stub.url, "bgt_x").whoami()


def test_a_token_goes_to_no_other_address(stub: Stub) -> None:
    other = Stub()
    stub.reply = lambda: (307, {"Location": f"{other.url}/api/v1/whoami"}, b"")
    with pytest.raises(Unreachable):
        Client(stub.url, "bgt_secret").whoami()
    assert other.seen == [] and stub.seen[0][2] == "Bearer bgt_secret"
    other.server.shutdown()
    other.server.server_close()


def test_a_refusal_has_its_word_and_when_to_try_again(stub: Stub) -> None:
    body = json.dumps({"error": "closed", "message": "it is closed", "retry_after": 3.5}).encode()
    stub.reply = lambda: (403, {}, body)
    with pytest.raises(RefusedByService, match="it is closed") as caught:
        Client(stub.url, "bgt_x").submit("lesson-1", "u", {"a.py": ""})
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (403, "closed", 3.5)
    assert stub.seen[0][:2] == ("PUT", "/api/v1/lessons/lesson-1/submissions/u")


def test_the_difference_of_the_clocks_is_known_after_an_answer(stub: Stub) -> None:
    who = {"student": "a", "name": "", "role": "student", "section": "", "course": "C", "server_time": ""}
    ahead = formatdate(time.time() + 600, usegmt=True)
    stub.reply = lambda: (200, {"Date": ahead}, json.dumps(who).encode())
    client = Client(stub.url, "bgt_x")
    assert client.whoami().student == "a"
    assert client.clock_differs == pytest.approx(600, abs=5)
    stub.reply = lambda: (200, {"Date": "soon"}, json.dumps(who).encode())
    client.whoami()  # a date that cannot be read changes nothing


def test_a_port_where_nobody_listens_is_a_service_that_does_not_answer() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        Client("http://127.0.0.1:9", "bgt_x").whoami()
