"""The processes of a service are started again when they end."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blindgrade.service.serving import CANNOT, Child, ServeError


def child(code: str) -> Child:
    return Child("grader", [sys.executable, "-c", code], ())


def looks(one: Child, say: Callable[[str], None], until: Callable[[], bool], seconds: float = 20) -> None:
    """Look again and again, until something is true."""
    ends = time.monotonic() + seconds
    while not until() and time.monotonic() < ends:
        one.look(say)
        time.sleep(0.02)
    assert until()


def test_a_process_that_was_killed_starts_again_and_that_is_said_once() -> None:
    said: list[str] = []
    one = child("import time; time.sleep(60)")
    one.start()
    assert one.process is not None
    first = one.process.pid
    one.process.send_signal(signal.SIGKILL)
    looks(one, said.append, lambda: one.process is not None and one.process.pid != first)
    assert len(said) == 1 and "signal 9" in said[0] and "nothing that was accepted is lost" in said[0]
    one.process.kill()
    one.process.wait()


def test_a_process_that_fails_at_once_is_not_started_all_the_time(tmp_path: Path) -> None:
    said: list[str] = []
    one = child(f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); raise SystemExit(1)")
    one.start()
    looks(one, said.append, lambda: one.failures >= 3)
    assert one.again - time.monotonic() > 0.1
    assert len((tmp_path / "runs").read_text()) == len(said) == 3


def test_a_process_that_cannot_work_ends_the_service() -> None:
    one = child(f"raise SystemExit({CANNOT})")
    one.start()
    with pytest.raises(ServeError, match="cannot work"):
        looks(one, lambda _: None, lambda: False, 10)


def test_a_renewed_process_starts_at_once_and_without_a_word() -> None:
    said: list[str] = []
    one = child("import time; time.sleep(60)")
    one.start()
    assert one.process is not None
    first = one.process.pid
    one.renew()
    looks(one, said.append, lambda: one.process is not None and one.process.pid != first)
    assert said == []
    one.process.kill()
    one.process.wait()
