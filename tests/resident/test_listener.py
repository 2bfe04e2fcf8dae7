"""Who gets an answer: this user's commands, and neither another user nor a student's code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.resident import messages, peers
from blindgrade.resident.client import Resident
from blindgrade.resident.listener import Listener
from blindgrade.resident.place import Place

ASK = """
import sys
from pathlib import Path
from blindgrade.resident.client import Resident
from blindgrade.resident.place import Place
resident = Resident(Place(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "loopback"), Path())
sock = resident.find()
print("connected" if sock is not None else "refused")
"""
NO_NEW_PRIVILEGES = "import ctypes; ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\n"
# A process whose command line names a worker's module is above this one.
BELOW_A_WORKER = """
import os, subprocess, sys
if "blindgrade.engine.worker.zygote" not in sys.orig_argv and os.environ.get("BELOW") is None:
    above = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.run(sys.argv[2:]).returncode)"]
    done = subprocess.run([*above, "blindgrade.engine.worker.zygote", *sys.orig_argv], env={**os.environ, "BELOW": "1"})
    sys.exit(done.returncode)
"""


def taken(listener: Listener, seconds: float = 10.0) -> list[Any]:
    """What the listener accepts in a thread; the list is filled later."""
    found: list[Any] = []
    threading.Thread(target=lambda: found.append(listener.accept(seconds)), daemon=True).start()
    return found


def asked_by(before: str, listener: Listener) -> str:
    """Answer to another process that first runs `before`."""
    place = listener.place
    how = "loopback" if place.loopback else "socket"
    command = [sys.executable, "-c", textwrap.dedent(before) + ASK, str(place.folder), place.name, how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(params=["socket", "loopback"])
def listener(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.chdir(tmp_path)
    one = Listener(Place(Path(os.path.relpath(tmp_path)), "one", request.param == "loopback"))
    one.place = Place(tmp_path, "one", request.param == "loopback") if request.param == "loopback" else one.place
    yield one
    one.close()


def test_a_command_of_this_user_is_let_in(listener: Listener) -> None:
    found = taken(listener)
    resident = Resident(listener.place, Path())
    sock = resident.find()
    assert sock is not None
    messages.send_data(sock, messages.REQUEST, {"op": "status", "proof": resident._proof})
    while not found:
        pass
    assert found[0][1]["op"] == "status"
    sock.close()
    found[0][0].close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("before", [NO_NEW_PRIVILEGES, BELOW_A_WORKER], ids=["flag", "below"])
def test_code_of_a_student_gets_no_answer(listener: Listener, before: str) -> None:
    found = taken(listener)
    assert asked_by(before, listener) == "refused"
    while not found:
        pass
    assert found == [None]


def test_another_user_gets_no_answer(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "getuid"):
        pytest.skip("users have no numbers here")
    mine = os.getuid()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as other:
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
        accepted, _ = server.accept()
        with accepted:
            assert "another user" in peers.stranger(accepted)
        del other


def test_a_wrong_token_gets_no_answer(tmp_path: Path) -> None:
    listener = Listener(Place(tmp_path, "one", loopback=True))
    found = taken(listener)
    with socket.create_connection(("127.0.0.1", listener.card.port)) as sock:
        messages.send_data(sock, messages.ASK, {"nonce": "ab"})
        messages.receive(sock, 5)
        messages.send_data(sock, messages.REQUEST, {"op": "status", "proof": "guessed"})
        with pytest.raises(messages.Gone):
            messages.receive(sock, 5)
    while not found:
        pass
    listener.close()
    assert found == [None]


def test_a_command_gives_nothing_to_a_listener_without_the_token(tmp_path: Path) -> None:
    """Another user may listen at the port of a resident that is gone."""
    listener = Listener(Place(tmp_path, "one", loopback=True))
    listener._token = "another"
    found = taken(listener)
    assert Resident(listener.place, Path()).find() is None
    while not found:
        pass
    assert found == [None]
    listener.close()


def test_the_socket_is_closed_to_others_and_removed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    listener = Listener(Place(Path("."), "one"))
    assert listener.place.socket.stat().st_mode & 0o777 == 0o600
    assert listener.owns_address()
    listener.close()
    assert list(tmp_path.iterdir()) == []


def test_a_later_listener_takes_the_address_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old = Listener(Place(Path("."), "one"))
    new = Listener(Place(Path("."), "one"))
    assert (old.owns_address(), new.owns_address()) == (False, True)
    old.close()
    assert new.owns_address()
    new.close()
