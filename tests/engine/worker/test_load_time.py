from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from blindgrade.engine.worker.lesson import Names, load
from blindgrade.engine.worker.load_time import IMPORTING, WAITING, bounded


def test_a_statement_that_takes_too_long_is_left_out_and_the_next_ones_run() -> None:
    with bounded("/box/slow.py", 0.2):
        loaded = load(
            "slow_lesson", "a = 1\nwhile True:\n    pass\nb = 2\nwhile a:\n    b += 1\nc = 3\n", "/box/slow.py"
        )
    del sys.modules["slow_lesson"]
    assert [(one.error.type, one.line) for one in loaded.problems] == [("TooLong", 2), ("TooLong", 5)]
    assert {one.error.message for one in loaded.problems} == {""}
    assert (loaded.names.a, loaded.names.c) == (1, 3)


def test_a_slow_import_is_distinguished_from_a_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "slow_library.py").write_text("while True: pass\n")
    monkeypatch.syspath_prepend(library)
    with bounded("/box/slow.py", 0.2):
        loaded = load("slow_lesson", "import slow_library\nfor n in range(10**12):\n    n + 1\n", "/box/slow.py")
    del sys.modules["slow_lesson"]
    assert [one.error.message for one in loaded.problems] == [IMPORTING, ""]


def test_the_loader_itself_is_not_stopped() -> None:
    with bounded("/box/another.py", 0.05):
        total = sum(range(10_000_000))
    assert total > 0


def test_without_signals_a_thread_stops_the_same_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.delattr(signal, "setitimer", raising=False)
    library = tmp_path / "library"
    library.mkdir()
    (library / "another_slow_library.py").write_text("while True: pass\n")
    monkeypatch.syspath_prepend(library)
    text = "a = 1\nwhile True:\n    pass\nimport another_slow_library\nb = 2\n"
    with bounded("/box/slow.py", 0.2):
        loaded = load("slow_lesson", text, "/box/slow.py")
    del sys.modules["slow_lesson"]
    found = [(one.error.type, one.error.message, one.line) for one in loaded.problems]
    assert found == [("TooLong", "", 2), ("TooLong", IMPORTING, 4)]
    assert (loaded.names.a, loaded.names.b) == (1, 2)


def test_without_signals_the_loader_itself_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer", raising=False)
    threads = threading.active_count()
    with bounded("/box/another.py", 0.05):
        total = sum(range(10_000_000))
    assert total > 0 and threading.active_count() == threads


SLEEPS = "import time\na = 1\ntime.sleep(60)\nb = 2\ntime.sleep(60)\nc = 3\n"


def _loaded(text: str, *, waiting: float = 0.6) -> tuple[list[tuple[str, str, int]], Names]:
    with bounded("/box/waits.py", 5.0, waiting, 0.3):
        loaded = load("waiting_lesson", text, "/box/waits.py")
    del sys.modules["waiting_lesson"]
    return [(one.error.type, one.error.message, one.line) for one in loaded.problems], loaded.names


@pytest.mark.parametrize("signals", [True, False])
def test_a_statement_that_only_waits_is_left_out_and_the_next_ones_run(
    signals: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not signals:
        monkeypatch.delattr(signal, "setitimer", raising=False)
    begun = time.monotonic()
    problems, names = _loaded(SLEEPS)
    assert problems == [("TooLong", WAITING, 3), ("TooLong", WAITING, 5)]
    assert (names.a, names.b, names.c) == (1, 2, 3)
    assert time.monotonic() - begun < 30


def test_a_short_wait_is_no_fault() -> None:
    problems, names = _loaded("import time\ntime.sleep(0.7)\na = 1\n", waiting=5.0)
    assert problems == [] and names.a == 1


def test_an_import_that_waits_is_left_to_the_grader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "library_on_a_slow_disk.py").write_text("import time\ntime.sleep(1.5)\n")
    monkeypatch.syspath_prepend(library)
    problems, _ = _loaded("import library_on_a_slow_disk\n")
    assert problems == []


def test_afterwards_the_signals_are_as_before() -> None:
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGALRM", "SIGPROF") if hasattr(signal, name)]
    kept = [signal.getsignal(number) for number in numbers]
    _loaded("a = 1\n")
    assert [signal.getsignal(number) for number in numbers] == kept
    if hasattr(signal, "getitimer"):
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
