from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import pytest

from blindgrade.engine.worker.lesson import load
from blindgrade.engine.worker.load_time import IMPORTING, bounded


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
    monkeypatch.delattr(signal, "setitimer")
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
    monkeypatch.delattr(signal, "setitimer")
    threads = threading.active_count()
    with bounded("/box/another.py", 0.05):
        total = sum(range(10_000_000))
    assert total > 0 and threading.active_count() == threads
