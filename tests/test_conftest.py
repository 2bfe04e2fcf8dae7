"""The longest modules of tests run first."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def test_the_longest_modules_exist_and_run_first_in_their_order() -> None:
    listed = re.search(r"^LONGEST = \((.*?)^\)", (TESTS / "conftest.py").read_text(), re.MULTILINE | re.DOTALL)
    assert listed
    longest = re.findall(r'"(.+)"', listed[1])
    assert len(longest) > 2 and [name for name in longest if not (TESTS / name).is_file()] == []
    given = [TESTS / name for name in (longest[2], longest[0], "test_clock.py", longest[1])]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--collect-only", *map(str, given)]
    shown = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=True, timeout=300).stdout
    order = list(dict.fromkeys(line.partition("::")[0] for line in shown.splitlines() if "::" in line))
    assert order == [f"tests/{name}" for name in (*longest[:3], "test_clock.py")]


def test_make_leaves_them_in_this_order() -> None:
    commands = re.findall(r"--dist loadscope.*", (TESTS.parent / "Makefile").read_text())
    assert len(commands) == 2 and all("--no-loadscope-reorder" in command for command in commands)
