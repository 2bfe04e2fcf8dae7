"""When a resident ends, and what it answers meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blindgrade.resident import messages
from blindgrade.resident.client import Answer, Resident
from blindgrade.resident.connection import Connection
from blindgrade.resident.listener import Listener
from blindgrade.resident.messages import ERR, OUT
from blindgrade.resident.place import Place
from blindgrade.resident.server import Server


class Service:
    """Prints what it is asked to, and waits if it has to."""

    def __init__(self) -> None:
        self.why = ""
        self.rested = self.shedded = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.gone = False

    def serve(self, request: dict[str, Any], connection: Connection) -> None:
        connection.send(OUT, request["text"].encode())
        connection.send(ERR, b"said\n")
        while not self.go_on.wait(0.01) and not self.gone:
            self.gone = connection.gone()
        connection.end(request["code"])

    def rest(self) -> None:
        self.rested += 1

    def outdated(self) -> str:
        return self.why

    def shed(self) -> None:
        self.shedded += 1

    def described(self) -> dict[str, Any]:
        return {"lessons": ["lesson-1.1.1"]}


@contextmanager
def serving(service: Service, **options: Any) -> Iterator[tuple[Place, list[str]]]:
    options.setdefault("used", lambda: 100)  # this process is pytest, which is larger than a resident may be
    listener = Listener(Place(Path("."), "one"))
    ended: list[str] = []
    thread = threading.Thread(target=lambda: ended.append(Server(listener, service, **options).run()), daemon=True)
    thread.start()
    yield listener.place, ended
    service.why = service.why or "the test is over"
    ask(listener.place)
    thread.join(10)
    assert not thread.is_alive()


def ask(place: Place, text: str = "one\ntwo\n", code: int = 1) -> tuple[Answer, bytes, bytes]:
    resident, out, err = Resident(place, Path()), bytearray(), bytearray()
    sock = resident.find()
    if sock is None:
        return Answer(), b"", b""
    answer = resident.work(sock, {"text": text, "code": code}, out.extend, err.extend)
    return answer, bytes(out), bytes(err)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def _short_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has little room
    monkeypatch.setattr("blindgrade.resident.server.LOOK_SECONDS", 0.05)


def test_a_command_gets_prints_and_exit_code() -> None:
    service = Service()
    with serving(service) as (place, _):
        assert ask(place) == (Answer(code=1, lines=2), b"one\ntwo\n", b"said\n")
        until(lambda: service.rested)


def test_an_idle_resident_ends_and_removes_its_address() -> None:
    with serving(Service(), idle=0.2) as (place, ended):
        until(lambda: ended)
        assert ended == ["nobody asked for 0 s"]
        assert not place.socket.exists() and not place.card.exists()


def test_a_resident_that_grew_gives_back_memory_and_ends_if_that_is_not_enough() -> None:
    service, used = Service(), [700, 500]
    with serving(service, used=lambda: used.pop(0) if len(used) > 1 else used[0]) as (place, ended):
        ask(place)
        until(lambda: service.shedded)
        assert ended == [] and ask(place)[0].code == 1
    service = Service()
    with serving(service, used=lambda: 700) as (place, ended):
        assert ask(place)[0].code == 1
        until(lambda: ended)
        assert ended == ["it used 700 MB, more than 600 MB"]


def test_an_outdated_resident_sends_the_command_away_and_ends() -> None:
    service = Service()
    with serving(service) as (place, ended):
        service.why = "torch changed"
        assert ask(place)[0] == Answer(why="torch changed")
        until(lambda: ended)


def test_a_resident_whose_address_is_gone_ends() -> None:
    with serving(Service()) as (place, ended):
        place.forget()  # as a logout does
        until(lambda: ended)
        assert "logout" in ended[0]


def test_a_second_command_is_sent_away_and_status_is_told() -> None:
    service = Service()
    service.go_on.clear()
    with serving(service) as (place, ended):
        first: list[Any] = []
        thread = threading.Thread(target=lambda: first.append(ask(place)))
        thread.start()
        resident = Resident(place, Path())

        def status() -> dict[str, Any]:
            sock = resident.find()
            assert sock is not None
            return resident.ask(sock, "status")

        until(lambda: status()["busy"])
        assert ask(place)[0].why == "it grades for another terminal"
        found = status()
        assert (found["pid"], found["lessons"]) == (os.getpid(), ["lesson-1.1.1"])
        service.go_on.set()
        thread.join()
        assert first[0][0].code == 1
        sock = resident.find()
        assert sock is not None
        assert resident.ask(sock, "end") == {"pid": os.getpid()}
        until(lambda: ended)
        assert ended == ["a command ended it"]


def test_a_command_that_ends_ends_its_work() -> None:
    service = Service()
    service.go_on.clear()
    with serving(service) as (place, _):
        resident = Resident(place, Path())
        sock = resident.find()
        assert sock is not None
        messages.send_data(sock, messages.REQUEST, {"op": "grade", "text": "x", "code": 0, "proof": ""})
        for _ in range(2):  # what it prints and what it says: only then does the service wait
            messages.receive(sock, 5)
        sock.close()
        until(lambda: service.gone)
        service.go_on.set()
        until(lambda: ask(place)[0].code == 1)


def test_a_command_that_hears_nothing_works_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.resident.client.SILENCE", 0.3)
    monkeypatch.setattr("blindgrade.resident.connection.BEAT_SECONDS", 60)
    service = Service()
    service.go_on.clear()
    with serving(service) as (place, _):
        answer, out, _ = ask(place)
        assert (answer.code, answer.lines, out) == (None, 2, b"one\ntwo\n")
        service.go_on.set()
