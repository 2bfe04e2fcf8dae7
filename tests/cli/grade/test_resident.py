"""The resident grader, by the real command: tests run in runtime folders of their own, and end what they started."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2]
CASES = TESTS / "submissions" / "mini"
GRADE = Path(sys.executable).with_name("grade")
LINKS = re.compile(r"(?<=\x1b\]8;id=)\d+")  # drawn by rich
TIMES = re.compile(r'("(?:seconds|graded_at)": )[^,\n]*')


@dataclass
class Home:
    """A student's copy of the mini course, and a runtime folder."""

    top: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        return self.top / "course"

    @property
    def file(self) -> Path:
        return self.course / "exercises" / "lesson_1_1_1_basics" / "basics.py"

    def grade(self, *args: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GRADE, *args], capture_output=True, text=True, env={**self._environment(), **more}, timeout=300,
            cwd=cwd or self.course,
        )  # fmt: skip

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [GRADE, *args], stdout=subprocess.PIPE, text=True, env=self._environment(), cwd=self.course
        )

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("CI", "BLINDGRADE_COURSE", "BLINDGRADE_RESIDENT")}
        return {**kept, "XDG_RUNTIME_DIR": str(self.top / "run"), "COLUMNS": "90", "NO_COLOR": "1", **self.environ}

    def answer(self, name: str) -> None:
        """Hand in one of the mini course's cases as the student's own file."""
        shutil.copy(CASES / name / "basics.py", self.file)

    def status(self) -> Any:
        return json.loads(self.grade("--status", "--json").stdout)

    def pids(self) -> list[int]:
        """Residents of this runtime folder that run."""
        cards = (self.top / "run" / "blindgrade").glob("*.json")
        found = [int(json.loads(card.read_text())["pid"]) for card in cards]
        return [pid for pid in found if Path(f"/proc/{pid}").exists()]

    def end(self) -> None:
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)


def made(top: Path) -> Home:
    home = Home(top)
    (top / "run").mkdir(mode=0o700)
    home.course.mkdir()
    shutil.copy(TESTS / "courses" / "mini" / "course.toml", home.course)
    shutil.copytree(TESTS / "courses" / "mini" / "exercises", home.course / "exercises")
    home.answer("all_right")
    return home


@contextmanager
def ended() -> Iterator[Home]:
    # pytest's own folders have long names, and the name of a socket is short.
    with tempfile.TemporaryDirectory(prefix="bg-", ignore_cleanup_errors=True) as top:
        home = made(Path(top))
        try:
            yield home
        finally:
            home.end()


@pytest.fixture(scope="module")
def shared() -> Iterator[Home]:
    """A home whose resident serves several tests, because a start takes seconds."""
    with ended() as home:
        yield home


@pytest.fixture
def home() -> Iterator[Home]:
    with ended() as home:
        yield home


def untimed(text: str) -> str:
    return TIMES.sub(r"\1…", text)


def steady(case: str, text: str) -> str:
    """Text without what differs between two runs. An endless loop is stopped in any of its lines."""
    return re.sub(r"\.py:\d+", ".py:…", untimed(text)) if case == "never_returns" else untimed(text)


def cached(home: Home, *args: str) -> dict[str, bool]:
    attempt = json.loads(home.grade("lesson-1.1.1", "--json", *args).stdout)["lessons"][0]
    return {result["name"]: result["cached"] for result in attempt["exercises"]}


NONE, ALL = (dict.fromkeys(["standardize", "correlation", "fit_line"], truth) for truth in (False, True))


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("all_right", ["--json"]),
        ("wrong_and_blocked", ["--verbose"]),
        ("raises", ["--problems"]),
        ("prints_and_fails", ["--json"]),
        ("syntax_error", ["--verbose"]),
        ("never_returns", ["--verbose"]),
    ],
    ids=lambda one: one if isinstance(one, str) else one[0],
)
def test_results_equal_those_without_a_resident(shared: Home, case: str, options: list[str]) -> None:
    shared.answer(case)
    without = shared.grade("lesson-1.1.1", *options, "--no-resident")
    first, again = (shared.grade("lesson-1.1.1", *options, "--again") for _ in range(2))
    for done in (first, again):
        assert steady(case, done.stdout) == steady(case, without.stdout)
        assert (done.returncode, done.stderr) == (without.returncode, without.stderr)
    assert len(shared.pids()) == 1


def test_one_process_serves_all_commands_and_status_shows_it(shared: Home) -> None:
    shared.grade("lesson-1.1.1")
    before = shared.status()
    shared.grade("lesson-1.1.1/standardize", "--again")
    after = shared.status()
    assert (after["pid"], after["served"]) == (before["pid"], before["served"] + 1)
    assert after["lessons"] == ["lesson-1.1.1"] and 0 < after["memory_mb"] < 600
    text = shared.grade("--status").stdout
    assert f"process    {after['pid']}" in text and "grade --stop" in text


def test_the_command_imports_nothing_large(shared: Home) -> None:
    shared.grade("lesson-1.1.1")
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    code += "; import blindgrade.cli.exits as exits; exits.leave = sys.exit"
    code += "; from blindgrade.cli.grade.command import grade; grade(['lesson-1.1.1'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=shared._environment(), cwd=shared.course
    )
    modules = set(done.stderr.split())
    assert "blindgrade.resident.client" in modules
    assert not {"torch", "numpy", "pydantic", "rich", "jinja2", "tomllib"} & modules


def test_an_unchanged_exercise_is_shown_as_it_was_and_marked(shared: Home) -> None:
    shared.answer("all_right")
    assert cached(shared, "--again") == NONE
    assert cached(shared) == ALL
    assert "standardize  passed         40 / 40  unchanged" in shared.grade("lesson-1.1.1").stdout
    assert cached(shared, "--again") == NONE


def test_an_edit_runs_the_exercises_that_use_the_code_and_no_other(shared: Home) -> None:
    shared.answer("all_right")
    cached(shared, "--again")
    text = shared.file.read_text()
    shared.file.write_text(text.replace("lambda at: slope", "lambda at: 1.0 * slope"))
    assert cached(shared) == ALL | {"fit_line": False}
    shared.file.write_text(text.replace('raise ValueError("one value")', 'raise ValueError("one")'))
    assert cached(shared) == NONE  # correlation calls standardize; the last run of fit_line had another text
    shared.file.write_text(shared.file.read_text().replace("import torch", "import torch  # of its users\n", 1))
    assert cached(shared) == ALL


def test_an_edit_above_a_failed_exercise_gives_its_new_line(shared: Home) -> None:
    shared.answer("wrong_and_blocked")
    shared.grade("lesson-1.1.1", "--again")
    shared.file.write_text("# one more line\n" + shared.file.read_text())
    found = shared.grade("lesson-1.1.1", "--json")
    without = shared.grade("lesson-1.1.1", "--json", "--no-resident")
    assert untimed(found.stdout).replace('"cached": true', '"cached": false') == untimed(without.stdout)
    assert '"where": "basics.py:5"' in found.stdout


def test_a_new_problem_with_the_file_is_found_although_no_exercise_changed(shared: Home) -> None:
    shared.answer("all_right")
    cached(shared, "--again")
    shared.file.write_text(shared.file.read_text() + "\nunused = 1 / 0\n")
    found = shared.grade("lesson-1.1.1", "--json")
    assert "ZeroDivisionError" in found.stdout
    without = shared.grade("lesson-1.1.1", "--json", "--no-resident")
    assert untimed(found.stdout).replace('"cached": true', '"cached": false') == untimed(without.stdout)


def test_a_file_that_the_code_opened_decides_too(shared: Home, tmp_path: Path) -> None:
    data = tmp_path / "scale.txt"
    data.write_text("1.0")
    shared.answer("all_right")
    text = shared.file.read_text().replace(
        "return centered /", f"return float(open({str(data)!r}).read()) * centered /"
    )
    shared.file.write_text(text)
    # Behind walls the file cannot be read.
    assert cached(shared, "--sandbox", "process") == NONE
    assert cached(shared, "--sandbox", "process") == ALL
    data.write_text("2.0")
    done = json.loads(shared.grade("lesson-1.1.1", "--json", "--sandbox", "process").stdout)["lessons"][0]
    assert [r["outcome"] for r in done["exercises"] if not r["cached"]].count("failed") >= 1


def test_code_that_starts_programs_is_always_run(shared: Home) -> None:
    shared.answer("all_right")
    text = shared.file.read_text()
    shared.file.write_text(
        text.replace("import torch", "import subprocess\n\nimport torch\nsubprocess.run(['true'])", 1)
    )
    cached(shared, "--sandbox", "process")
    assert cached(shared, "--sandbox", "process") == NONE


def test_seed_and_submission_never_take_an_earlier_result(shared: Home) -> None:
    shared.answer("all_right")
    assert cached(shared, "--again") == NONE
    assert cached(shared, "--submission", "exercises") == NONE
    assert cached(shared, "--seed", "7") == NONE


def test_folder_terminal_and_environment_are_the_callers(shared: Home, tmp_path: Path) -> None:
    shared.answer("wrong_and_blocked")
    here = {"BLINDGRADE_COURSE": str(shared.course)}
    for more in (
        {"COLUMNS": "60"},
        {"COLUMNS": "90", "PYTHONIOENCODING": "ascii"},
        {"FORCE_COLOR": "1", "NO_COLOR": ""},
    ):
        without = shared.grade("lesson-1.1.1", "--no-resident", cwd=tmp_path, **here, **more)
        found = shared.grade("lesson-1.1.1", "--again", "--junit", "found.xml", cwd=tmp_path, **here, **more)
        assert LINKS.sub("", found.stdout) == LINKS.sub("", without.stdout)
        (tmp_path / "found.xml").unlink()
        if "PYTHONIOENCODING" in more:  # a library's variable: another resident
            shared.grade("--stop")
    assert not (shared.course / "found.xml").exists()


def test_a_killed_or_hung_resident_is_replaced_unseen(home: Home) -> None:
    expected = home.grade("lesson-1.1.1", "--no-resident")
    for number in (signal.SIGKILL, signal.SIGSTOP):
        assert home.grade("lesson-1.1.1", "--again").stdout == expected.stdout
        [before] = home.pids()
        os.kill(before, number)
        done = home.grade("lesson-1.1.1", "--again")
        assert (done.stdout, done.stderr) == (expected.stdout, "")
        assert home.pids() != [before]
    [before] = home.pids()
    running = home.start("lesson-1.1.1", "--again")
    while not home.status()["busy"] and running.poll() is None:
        time.sleep(0.02)
    os.kill(before, signal.SIGKILL)
    assert running.communicate(timeout=120)[0] == expected.stdout


def test_a_changed_key_ends_the_resident_and_runs_everything(home: Home) -> None:
    cached(home)
    assert cached(home) == ALL
    [before] = home.pids()
    key = home.course / "exercises" / "lesson_1_1_1_basics" / "answer_key.json"
    key.write_text(key.read_text() + "\n")
    assert cached(home) == NONE
    assert before not in home.pids()


@pytest.mark.parametrize("how", ["option", "variable", "course", "CI", "private tree", "--submission elsewhere"])
def test_no_process_is_left_where_none_is_wanted(home: Home, how: str, tmp_path: Path) -> None:
    args = ["--no-resident"] * (how == "option")
    more = {"variable": {"BLINDGRADE_RESIDENT": "0"}, "CI": {"CI": "true"}}.get(how, {})
    if how == "course":
        course = home.course / "course.toml"
        course.write_text("resident = false\n" + course.read_text())
    if how == "private tree":
        (home.course / "graders").mkdir()
    if how.startswith("--submission"):
        args = ["--submission", str(CASES / "all_right")]
    done = home.grade("lesson-1.1.1/standardize", "--json", *args, **more)
    assert (done.returncode, home.pids()) == (0, [])
    assert '"cached": true' not in home.grade("lesson-1.1.1/standardize", "--json", *args, **more).stdout


def test_a_port_with_a_token_serves_where_there_are_no_sockets_in_folders(home: Home) -> None:
    home.environ["BLINDGRADE_RESIDENT"] = "loopback"
    expected = home.grade("lesson-1.1.1", "--no-resident")
    for _ in range(2):
        assert home.grade("lesson-1.1.1", "--again").stdout == expected.stdout
    [card] = (home.top / "run" / "blindgrade").glob("*.json")
    assert card.stat().st_mode & 0o777 == 0o600
    assert home.status()["served"] == 2
    assert "ends" in home.grade("--stop").stdout
    assert "No resident grader runs" in home.grade("--status").stdout


def test_a_command_that_is_interrupted_leaves_a_resident_that_goes_on(shared: Home) -> None:
    shared.answer("all_right")
    shared.grade("lesson-1.1.1")
    before = shared.status()
    shared.answer("never_returns")
    running = shared.start("lesson-1.1.1", "--again")
    while not shared.status()["busy"] and running.poll() is None:
        time.sleep(0.02)
    running.kill()
    running.communicate()
    shared.answer("all_right")
    while shared.status()["busy"]:
        time.sleep(0.02)
    assert shared.grade("lesson-1.1.1").returncode == 0
    assert shared.status()["pid"] == before["pid"]
