"""A student's whole path where Python has only what Windows has, by `without_posix/sitecustomize.py`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from blindgrade.catalog import Catalog
from blindgrade.systems.targets import release_as

from .without_posix.running import COURSE, EMULATED, GRADE, environment, run, run_code

TESTS = Path(__file__).parent
CASES = TESTS / "submissions" / "mini"
RIGHT = (CASES / "all_right" / "basics.py").read_text(encoding="utf-8")
WRONG = (CASES / "wrong_and_blocked" / "basics.py").read_text(encoding="utf-8")
FILE = Path("exercises") / "lesson_1_1_1_basics" / "basics.py"
emulated = pytest.mark.skipif(not EMULATED, reason="this system itself lacks what is taken away elsewhere")
SLOW = "def standardize(values):\n    return values\n\nwhile True:\n    pass\n"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the miniature course, with a student's answers that are partly wrong."""
    course = tmp_path / "course"
    shutil.copytree(TESTS / "courses" / "mini", course, ignore=shutil.ignore_patterns(".blindgrade", "__pycache__"))
    (course / FILE).write_text(WRONG, encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that students of the miniature course get."""
    to = tmp_path_factory.mktemp("released") / "to"
    release_as(Catalog(TESTS / "courses" / "mini"), ["all"], "repository", to)
    return to


@emulated
@pytest.mark.parametrize(
    "gone", ["os.fork", "os.O_NOFOLLOW", "signal.SIGKILL", "socket.AF_UNIX", "faulthandler.register"]
)
def test_our_code_does_not_find_what_windows_lacks(gone: str) -> None:
    module, _, name = gone.partition(".")
    code = f"import {module}; print(hasattr({module}, {name!r}))"
    assert run_code(code).stdout == "False\n"
    assert run_code(code, module="torch.trial").stdout == "True\n"


@emulated
def test_the_forking_warm_process_does_not_start_there() -> None:
    done = run_code("from blindgrade.engine.grading.warm_process import Zygote\nZygote().ready()")
    assert done.returncode == 1 and "getuid' on Windows" in done.stderr


def test_a_grading_says_what_was_not_limited(course: Path) -> None:
    done = run(*GRADE, "lesson-1.1.1", "--json", "--submission", CASES / "all_right", cwd=course)
    assert done.returncode == 0, done.stderr
    [attempt] = json.loads(done.stdout)["lessons"]
    assert (attempt["points"], attempt["sandbox"], attempt["reference"]) == (100, "process", "live")
    assert {"processor time", "size of files", "open files"} <= set(attempt["not_limited"])
    assert "memory" in attempt["not_limited"] or not EMULATED  # Windows limits it by a job
    assert done.stderr.count("without isolation") == 1


def test_a_released_folder_is_graded_with_hints_and_a_page(released: Path) -> None:
    stub = released / FILE
    assert "not attempted" in run(*GRADE, "lesson-1.1", cwd=released).stdout
    # Notepad writes a mark at the beginning and two characters at the end of a line.
    stub.write_bytes(b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())
    done = run(*GRADE, "lesson-1.1", "--report", "page.html", cwd=released)
    assert done.returncode == 1 and "20 of 100" in done.stdout, done.stderr
    assert "Each row has mean 0" in (released / "page.html").read_text(encoding="utf-8")
    assert "hint" in run(*GRADE, "--hint", "standardize", cwd=released).stdout
    assert "lesson-1.1.1" in run(*GRADE, cwd=released).stdout
    shown = run(*GRADE, "standardize", "--show", "has_mean_zero_and_spread_one", cwd=released)
    assert shown.returncode == 0 and "standardize(" in shown.stdout
    stub.write_text(RIGHT, encoding="utf-8")
    assert run(*GRADE, "lesson-1.1", cwd=released).returncode == 0


def test_a_resident_grader_listens_on_a_port_there(released: Path, tmp_path: Path) -> None:
    there = {name: value for name, value in environment().items() if name != "CI"}
    env = {**there, "BLINDGRADE_RESIDENT": "1", "LOCALAPPDATA": str(tmp_path), "XDG_RUNTIME_DIR": ""}
    (released / FILE).write_text(RIGHT, encoding="utf-8")
    expected = run(*GRADE, "lesson-1.1", "--no-resident", cwd=released, env=env)
    try:
        for _ in range(2):
            done = run(*GRADE, "lesson-1.1", "--again", cwd=released, env=env)
            assert (done.returncode, done.stdout) == (0, expected.stdout), done.stderr
        status = json.loads(run(*GRADE, "--status", "--json", cwd=released, env=env).stdout)
        assert status["served"] == 2 and 0 < status["memory_mb"] < 600
        [card] = (tmp_path / "blindgrade" / "run").glob("*.json")
        assert json.loads(card.read_text(encoding="utf-8"))["port"] > 0
    finally:
        run(*GRADE, "--stop", cwd=released, env=env)


def test_the_installation_of_a_released_folder_runs(released: Path) -> None:
    # pip looks only at what is installed, and changes nothing.
    env = environment(PIP_DRY_RUN="1", PIP_NO_INDEX="1", WITHOUT_POSIX_SCRIPTS="install.py")
    done = run("install.py", cwd=released, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "grade lesson-1.1" in done.stdout


def test_endless_code_is_stopped_and_its_line_is_named(course: Path) -> None:
    done = run(*GRADE, "lesson-1.1.1/standardize", "--submission", CASES / "never_returns", cwd=course)
    assert re.search(r"stopped after 3 s of\s+processor time at basics.py:5 in standardize", done.stdout), done.stdout
    assert re.search(r"does\s+the loop at basics.py:5 never end", done.stdout)


def test_a_statement_that_takes_too_long_is_left_out(course: Path) -> None:
    (course / FILE).write_text(SLOW + RIGHT, encoding="utf-8")
    done = run(*GRADE, "lesson-1.1.1", "--json", cwd=course)
    [attempt] = json.loads(done.stdout)["lessons"]
    assert attempt["points"] == 100
    assert any("basics.py:4: loading the file was stopped after 6 s" in problem for problem in attempt["problems"])


@emulated  # a job of Windows ends the code in another way
def test_memory_that_grows_is_noticed(tmp_path: Path) -> None:
    code = """
from blindgrade.engine.grading.fresh_processes import FreshProcesses
from blindgrade.engine.grading.worker_client import WorkerGone
from blindgrade.engine.sandbox.limits import Limits
text = b"import time\\nkept = []\\nwhile True:\\n    kept.append(b'1' * (20 << 20)); time.sleep(0.05)\\n"
with FreshProcesses() as source:
    worker = source.spawn(Limits(memory_mb=200))
    try:
        worker.call({"op": "load", "module": "m", "text": text, "file": "m.py", "files": {}}, 60)
    except WorkerGone as gone:
        print(gone.reason)
    worker.close()
"""
    assert run_code(code, cwd=tmp_path).stdout == "your code used more than its 200 MiB of memory\n"


def test_what_a_submission_starts_ends_with_it(course: Path) -> None:
    mark = f"sleep-{time.monotonic_ns()}"
    start = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'])\n"
    )
    (course / FILE).write_text(start + RIGHT, encoding="utf-8")
    assert run(*GRADE, "lesson-1.1.1", cwd=course).returncode == 0
    assert not [one for one in psutil.process_iter(["cmdline"]) if mark in (one.info["cmdline"] or [])]


def test_watching_works_without_keys(course: Path) -> None:
    command = [sys.executable, *GRADE, "lesson-1.1.1", "--watch"]
    with subprocess.Popen(
        command, cwd=course, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="cp1252"
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("lesson-1.1.1/standardize  failed" in line for line in lines)
        beside = (course / FILE).with_suffix(".new")
        beside.write_text(RIGHT.replace("\n", "\r\n"), encoding="utf-8", newline="")
        beside.replace(course / FILE)
        assert any("lesson-1.1.1/standardize  passed" in line for line in lines)
        process.terminate()


def test_a_notebook_grades_its_own_objects(course: Path) -> None:
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext blindgrade")
shell.run_cell({RIGHT!r})
shell.run_cell("%grade standardize")
"""
    done = run("-c", code, cwd=(course / FILE).parent)
    assert "standardize  One scale: passed, 40 / 40" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [*GRADE, "lesson-1.1.1", "--sandbox", "strict"],
        [*GRADE, "lesson-1.1.1", "--explain"],
        [*COURSE, "grade", "lesson-1.1.1", "exercises"],
    ],
    ids=["strict", "explain", "course grade"],
)
def test_what_grades_others_refuses_and_names_where_it_works(course: Path, command: list[str]) -> None:
    done = run(*command, cwd=course)
    assert done.returncode == 2
    assert "WSL 2" in done.stderr and "container" in done.stderr and len(done.stderr.splitlines()) == 1
