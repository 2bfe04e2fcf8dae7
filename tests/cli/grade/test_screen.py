"""Standard output of `grade`, also where it is a console or a pipe of Windows."""

from __future__ import annotations

import ctypes
import errno
import io
import sys
from typing import Any

import pytest

from blindgrade.cli.grade import screen


class Closed(io.StringIO):
    """A pipe that nobody reads any more, as Windows reports it."""

    def write(self, text: str) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")


def test_a_pipe_that_windows_reports_as_closed_ends_without_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screen, "_forget_output", lambda: None)
    with pytest.raises(SystemExit) as ended, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Closed())
        screen.put("text")
    assert ended.value.code == 3 and capsys.readouterr().err == ""


@pytest.mark.parametrize("console", [True, False])
def test_a_console_of_windows_is_asked_to_read_escapes(console: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        def __init__(self) -> None:
            self.GetStdHandle: Any = lambda number: 7 if number == -11 else 0

        def GetConsoleMode(self, handle: ctypes.c_void_p, mode: Any) -> int:
            ctypes.cast(mode, ctypes.POINTER(ctypes.c_uint32)).contents.value = 3
            return int(console)

        def SetConsoleMode(self, handle: ctypes.c_void_p, mode: ctypes.c_uint32) -> int:
            asked.append(mode.value)
            return 1

    library = Library()
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: library, raising=False)
    screen.accept_escapes()
    assert asked == ([7] if console else [])
