"""Work is done as if in the command's own process, and nothing of it stays."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from blindgrade.resident.caller import described, of_libraries, standing_in
from blindgrade.resident.messages import ERR, OUT, Gone


class Heard:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, bytes]] = []
        self.deaf = False

    def send(self, kind: bytes, content: bytes) -> None:
        if self.deaf:
            raise Gone
        self.sent.append((kind, content))


def caller(folder: Path, **environ: str) -> dict[str, Any]:
    stream = {"terminal": True, "encoding": "latin-1", "errors": "replace", "line_buffering": True}
    return {
        "folder": str(folder), "environment": environ, "umask": 0o077, "columns": 61, "lines": 9,
        "streams": {"stdout": stream, "stderr": stream},
    }  # fmt: skip


def test_folder_environment_permissions_and_streams_are_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "1")
    before = dict(os.environ), sys.stdout, sys.stderr, os.umask(0o022)
    heard = Heard()
    with standing_in(caller(tmp_path, TMPDIR=str(tmp_path)), heard):  # type: ignore[arg-type]
        assert (Path.cwd(), os.environ.get("MINE")) == (tmp_path, None)
        assert (os.environ["COLUMNS"], os.environ["LINES"]) == ("61", "9")
        assert tempfile.gettempdir() == str(tmp_path)
        (tmp_path / "made").touch()
        print("é✓", end="\n")
        print("err", file=sys.stderr)
        assert sys.stdout.isatty()
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
    assert b"".join(text for kind, text in heard.sent if kind == OUT) == b"\xe9?\n"
    assert b"".join(text for kind, text in heard.sent if kind == ERR) == b"err\n"
    assert (dict(os.environ), sys.stdout, sys.stderr, os.umask(before[3])) == (*before[:3], 0o022)


def test_a_users_own_columns_go_before_the_terminals(tmp_path: Path) -> None:
    with standing_in(caller(tmp_path, COLUMNS="44"), Heard()):  # type: ignore[arg-type]
        assert os.environ["COLUMNS"] == "44"


def test_a_command_that_ended_is_a_broken_pipe(tmp_path: Path) -> None:
    heard = Heard()
    heard.deaf = True
    with pytest.raises(BrokenPipeError), standing_in(caller(tmp_path), heard):  # type: ignore[arg-type]
        try:
            print("x")
        finally:
            sys.stdout.detach()


def test_this_process_is_described() -> None:
    found = described()
    assert found["folder"] == os.getcwd() and found["environment"] == dict(os.environ)
    assert set(found["streams"]) == {"stdout", "stderr"}
    assert of_libraries({"OMP_NUM_THREADS": "1", "HOME": "x", "LD_PRELOAD": "y"}) == {
        "OMP_NUM_THREADS": "1",
        "LD_PRELOAD": "y",
    }
