"""`grade --explain`, by running the real command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ...planted import ADDS_THE_MEAN, CRASHES, MINI, course_copy

GRADE = Path(sys.executable).with_name("grade")
CHANGE = "`values - values.mean(dim=-1, keepdim=True)` read as `values + values.mean(dim=-1, keepdim=True)` in line 36"


def run(*args: str | Path, course: Path = MINI) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(course), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run([GRADE, *args], capture_output=True, text=True, env=env, timeout=300)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "basics.py").write_text("import torch\n" + ADDS_THE_MEAN[0] + CRASHES)
    return folder / "basics.py"


def test_the_change_of_the_solution_is_shown_and_other_answers_are_named(wrong: Path) -> None:
    done = run("lesson-1.1.1/standardize", "lesson-1.1.1/fit_line", "--submission", wrong, "--explain")
    assert done.returncode == 1, done.stderr
    assert f"lesson-1.1.1/standardize: replies exactly as the solution with {CHANGE}\n" in done.stdout
    assert "lesson-1.1.1/fit_line" not in done.stdout.partition("for instructors")[2]  # it is trained


def test_the_json_has_the_change_and_its_class(wrong: Path) -> None:
    done = run("lesson-1.1.1/standardize", "--submission", wrong, "--explain", "--json")
    [result] = json.loads(done.stdout)["lessons"][0]["exercises"]
    assert result["mutant"] == {
        "words": "as if a sign were the other way round", "kinds": ["sign"], "changes": [CHANGE], "count": 1,
    }  # fmt: skip
    plain = json.loads(run("lesson-1.1.1/standardize", "--submission", wrong, "--json").stdout)
    assert plain["lessons"][0]["exercises"][0]["mutant"] is None


def test_no_file_for_students_and_no_history_gets_the_change(tmp_path: Path) -> None:
    course = course_copy(tmp_path / "course")
    own = next(course.glob("exercises/lesson_*/basics.py"))
    own.write_text("import torch\n" + ADDS_THE_MEAN[0])
    files = {name: tmp_path / f"out.{name}" for name in ("junit", "sarif", "summary")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    page = tmp_path / "page.html"
    done = run("lesson-1.1.1/standardize", "--explain", *words, "--report", str(page), course=course)
    assert CHANGE in done.stdout, done.stderr
    kept = [path for path in (course / ".blindgrade").rglob("*") if path.is_file()]
    assert kept
    for path in [page, *files.values(), *kept]:
        assert "values + values.mean(dim=-1, keepdim=True)` in line" not in path.read_text(), path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lesson-1.1.1", "--explain", "--reference", "key"], "--reference key uses none"),
        (["lesson-1.1.1", "--explain", "--watch"], "goes without --hint, --watch and --debug"),
        (["--explain"], "needs lessons"),
    ],
)
def test_a_wrong_request_says_what_to_do(words: list[str], says: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_released_course_has_no_solutions_to_compare_with(tmp_path: Path) -> None:
    course = course_copy(tmp_path / "course")
    shutil.rmtree(course / "solutions")
    done = run("lesson-1.1.1", "--explain", course=course)
    assert done.returncode == 2
    assert "this course does not have that of lesson-1.1.1; leave out --explain" in done.stderr
