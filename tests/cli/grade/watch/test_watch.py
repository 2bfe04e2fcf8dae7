"""`grade --watch`, driven through a pseudo-terminal as a student drives it. Tests wait for what comes, not a time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]
CASES = TESTS / "submissions" / "mini"
GRADE = Path(sys.executable).with_name("grade")
PATIENCE = 90  # seconds for one expectation, on a machine that others use
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b]*\x1b\\")


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, command: list[str | Path], folder: Path) -> None:
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
        env.pop("BLINDGRADE_COURSE", None)
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, cwd=folder, env=env,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        self.text = ""

    def expect(self, *wanted: str) -> str:
        """Read until one screen holds all of these texts. Return that screen."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screens = ESCAPES.sub("", self.text.replace("\x1b[H\x1b[2J\x1b[3J", "\f")).split("\f")
            for number, screen in enumerate(screens):
                if all(text in screen for text in wanted):
                    self.text = "\f".join(screens[number + 1 :])
                    return screen
            ready, _, _ = select.select([self.master], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"waited in vain for {wanted} in:\n{screens[-1]}"
            self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")

    def forget(self) -> None:
        """Text that was written until now."""
        while select.select([self.master], [], [], 0)[0]:
            os.read(self.master, 1 << 16)
        self.text = ""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ends(self) -> int:
        """Exit code, after the terminal has its old settings again."""
        code = self.process.wait(PATIENCE)
        assert termios.tcgetattr(self.slave) == self.before
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    course = tmp_path / "course"
    shutil.copytree(TESTS / "courses" / "mini", course, ignore=shutil.ignore_patterns(".blindgrade", "__pycache__"))
    shutil.copy(CASES / "wrong_and_blocked" / "basics.py", file_of(course))
    return course


@pytest.fixture
def terminal(course: Path) -> Iterator[Terminal]:
    made = Terminal([GRADE, "lesson-1.1.1", "--watch"], course)
    yield made
    made.close()


def file_of(course: Path) -> Path:
    return course / "exercises" / "lesson_1_1_1_basics" / "basics.py"


def save(course: Path, text: str) -> None:
    """Save as editors do: rename another file to this name."""
    beside = file_of(course).with_name("basics.py~")
    beside.write_text(text)
    beside.replace(file_of(course))


def graded(course: Path) -> list[list[str]]:
    """Exercises of each grading of this run, in order."""
    attempts = [
        json.loads(p.read_text()) for p in (course / ".blindgrade" / "attempts" / "lesson-1.1.1").glob("*.json")
    ]
    attempts.sort(key=lambda a: a["graded_at"])
    return [[e["name"] for e in a["exercises"]] for a in attempts]


WRONG = (CASES / "wrong_and_blocked" / "basics.py").read_text()
RIGHT = WRONG.replace("return centered", "return centered / values.std(dim=-1, keepdim=True, correction=0)")


def test_a_save_grades_changed_exercises_and_those_that_require_them(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points", "q quit")
    save(course, RIGHT)
    screen = terminal.expect("100 of 100 points", ", in ", "✓ standardize", "✓ correlation", "q quit")
    assert "fit_line" not in screen
    terminal.press("q")
    assert terminal.ends() == 0
    assert sorted(graded(course)) == [["correlation"], ["fit_line"], ["standardize"], ["standardize", "correlation"]]


@pytest.mark.parametrize(
    ("request_for", "unit"),
    [
        (["lesson-1.1.1/fit_line"], "of 20 points"),  # it has no hidden check
        (["lesson-1.1.1", "--reference", "key"], "of 100 public points"),
    ],
)
def test_points_are_public_only_if_a_hidden_check_did_not_run(course: Path, request_for: list[str], unit: str) -> None:
    terminal = Terminal([GRADE, *request_for, "--watch"], course)
    try:
        terminal.expect(unit, "q quit")
        terminal.press("q")
        assert terminal.ends() in (0, 1)
    finally:
        terminal.close()


def test_a_remark_grades_nothing(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points")
    save(course, WRONG.replace("import torch", "import torch  # a remark"))
    terminal.expect("nothing to grade")
    terminal.press("q")
    assert terminal.ends() == 1
    assert sorted(map(len, graded(course))) == [1, 2]


def test_a_save_during_the_first_grading_is_not_lost(course: Path, terminal: Terminal) -> None:
    terminal.expect("starting")
    save(course, RIGHT)
    terminal.expect("100 of 100 points")


def test_a_file_that_does_not_parse_or_is_gone_costs_no_verdict(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points")
    save(course, WRONG.replace("return centered", "return (centered"))
    terminal.expect("basics.py:8: '(' was never closed; the last results stay", "20 of 100 points")
    file_of(course).unlink()
    (file_of(course).with_suffix(".ipynb")).unlink(missing_ok=True)
    terminal.expect("there is no basics.py or .ipynb; put it back", "20 of 100 points")
    save(course, RIGHT)
    terminal.expect("100 of 100 points")


def test_keys_show_the_list_hints_and_the_next_exercise(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points")
    terminal.press("h")
    assert "Subtract first" not in terminal.expect("hint 1     What are mean and spread")
    terminal.press("h")
    terminal.expect("hint 2     Subtract first, then divide.")
    terminal.press("l")
    terminal.expect("✗ standardize", "↳ correlation", "✓ fit_line")
    save(course, RIGHT.replace("def fit_line(x, y):", "def fit_line(x, y):\n    raise NotImplementedError\n"))
    terminal.expect("80 of 100 points")
    terminal.press("n")
    terminal.expect("To write: fit_line")
    printed = subprocess.run(
        [GRADE, "--hint", "standardize"], cwd=course, capture_output=True, text=True, timeout=PATIENCE
    )
    assert "hint 3     Keep the axis of the mean." in printed.stdout


def test_a_grades_everything_with_a_fresh_seed(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points")
    save(course, RIGHT)
    terminal.expect("100 of 100 points")
    terminal.press("a")
    terminal.expect("with a fresh seed")
    terminal.expect("✓ fit_line", "✓ standardize", ", in ")
    terminal.press("q")
    assert terminal.ends() == 0
    attempts = [
        json.loads(p.read_text()) for p in (course / ".blindgrade" / "attempts" / "lesson-1.1.1").glob("*.json")
    ]
    seeds = [a["seed"] for a in attempts]
    assert sorted(seeds.count(seed) for seed in set(seeds)) == [2, 4]


@pytest.mark.parametrize("how", ["ctrl-c", "term"])
def test_the_terminal_is_given_back_however_it_ends(terminal: Terminal, how: str) -> None:
    terminal.expect("To fix: standardize")
    if how == "ctrl-c":
        terminal.press("\x03")
        assert terminal.ends() == 1
    else:
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.ends() == 128 + signal.SIGTERM
    assert "Traceback" not in terminal.text


def test_it_comes_back_after_ctrl_z(terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points", "q quit")
    os.kill(terminal.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOWAIT)
    terminal.forget()
    termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # as a shell does when a program stops
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.expect("To fix: standardize", "q quit")
    terminal.press("l")
    terminal.expect("✓ fit_line")
    terminal.press("q")
    assert terminal.ends() == 1


def test_it_can_be_left_while_code_runs_that_never_ends(course: Path, terminal: Terminal) -> None:
    terminal.expect("To fix: standardize", "20 of 100 points")
    save(course, WRONG.replace("    centered =", "    while True:\n        pass\n    centered ="))
    terminal.expect("grading lesson-1.1.1/standardize")
    terminal.press("q")
    assert terminal.ends() == 1


def test_without_a_terminal_each_verdict_is_a_line(course: Path) -> None:
    command = [GRADE, "lesson-1.1.1", "--watch"]
    process = subprocess.Popen(
        command, cwd=course, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite that runs with & ignores it
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("✗ lesson-1.1.1/standardize  failed" in line for line in lines)
        assert any("✓ lesson-1.1.1/fit_line  passed" in line for line in lines)
        save(course, RIGHT)
        assert any("✓ lesson-1.1.1/standardize  passed" in line for line in lines)
        assert any("✓ lesson-1.1.1/correlation  passed" in line for line in lines)
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


@pytest.mark.parametrize("options", [["--json"], ["--debug"], ["--hint"]], ids=ascii)
def test_options_that_do_not_go_with_watch_are_refused(course: Path, options: list[str]) -> None:
    command = [GRADE, "lesson-1.1.1", "--watch", *options]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, "")
    assert "grade lesson-7.2.1 --watch" in done.stderr
