"""Files that code opens are named, and what cannot be known is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.engine.wire.replies import UNKNOWN

WATCH = """
import json, os, subprocess, sys, tempfile
from blindgrade.engine.worker.opened import Opened, known_folders
os.chdir(sys.argv[1])
opened = Opened(known_folders(os.path.join(sys.argv[1], "box")))
opened.watch()
"""


def names(code: str, folder: Path) -> list[str]:
    """What is named after the code ran in a process of its own: Python removes no audit hook."""
    command = [sys.executable, "-c", f"{WATCH}{code}\nprint(json.dumps(opened.since()))", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_a_file_outside_is_named_once_with_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1")
    assert names("open('data.txt').close(); open('data.txt').close()", tmp_path) == [str(tmp_path / "data.txt")]


def test_a_file_that_is_not_there_is_named_too(tmp_path: Path) -> None:
    assert names("try: open('later')\nexcept OSError: pass", tmp_path) == [str(tmp_path / "later")]


def test_the_box_the_library_and_the_null_device_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    code = "open('box/mine', 'w').close(); import decimal, wave; open(os.devnull).close(); os.listdir('box')"
    assert names(code, tmp_path) == []


@pytest.mark.parametrize(
    "code", ["os.listdir('.')", "subprocess.run(['true'])", "os.system('true')",
             "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"],
)  # fmt: skip
def test_what_no_event_shows_is_unknown(code: str, tmp_path: Path) -> None:
    assert UNKNOWN in names(code, tmp_path)


def test_more_files_than_the_reply_carries_are_unknown(tmp_path: Path) -> None:
    code = "for n in range(300):\n    open(f'f{n}', 'w').close()"
    found = names(code, tmp_path)
    assert UNKNOWN in found and len(found) <= 201


def test_each_name_is_given_once(tmp_path: Path) -> None:
    code = "open('a', 'w').close(); first = opened.since(); open('a').close(); open('b', 'w').close()"
    assert names(code, tmp_path) == [str(tmp_path / "b")]
