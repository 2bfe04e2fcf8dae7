"""The command contract of `grade`, by running the real command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CASES = TESTS / "submissions" / "mini"
GRADE = Path(sys.executable).with_name("grade")


def run(*args: str | Path, course: Path = TESTS / "courses" / "mini") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(course), "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run([GRADE, *args], capture_output=True, text=True, env=env, timeout=120)


def test_every_point_earned_is_exit_code_0() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "all_right")
    assert (done.returncode, "100 of 100 points" in done.stdout) == (0, True)


def test_points_missing_is_exit_code_1_and_names_the_misconception() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "wrong_and_blocked")
    assert done.returncode == 1
    assert "→ The spread is still what it was. (not divided)" in done.stdout
    assert "Next: look at standardize (basics.py:4)" in done.stdout


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("lesson-1.1.2", "did you mean"),
        ("lesson-1.1.1/standardise", "did you mean lesson-1.1.1/standardize"),
        ("basic", "lesson-1.1.1"),
    ],
)
def test_an_unknown_id_is_exit_code_2_with_the_nearest(name: str, answer: str) -> None:
    done = run(name)
    assert (done.returncode, done.stdout) == (2, "")
    assert answer in done.stderr


def test_an_unreadable_submission_is_exit_code_2(tmp_path: Path) -> None:
    done = run("lesson-1.1.1", "--submission", tmp_path / "nowhere.py")
    assert done.returncode == 2
    assert "does not exist" in done.stderr


def test_json_is_one_object_of_the_stable_shape() -> None:
    done = run("lesson-1.1", "--submission", CASES / "wrong_and_blocked", "--json", "--seed", "5")
    grading = json.loads(done.stdout)
    assert grading["schema"] == "blindgrade/grading/v1"
    assert set(grading) >= {"schema", "points", "max_points", "lessons"}
    attempt = grading["lessons"][0]
    assert attempt["schema"] == "blindgrade/attempt/v1"
    assert attempt["seed"] == 5
    assert set(attempt) >= {
        "schema", "lesson", "title", "points", "max_points", "submission", "student", "submitted_at", "graded_at",
        "seed", "reference", "sandbox", "seconds", "exercises",
    }  # fmt: skip
    exercise = attempt["exercises"][0]
    assert set(exercise) >= {"name", "title", "outcome", "points", "max_points", "concepts", "checks"}
    assert set(exercise["checks"][0]) >= {
        "name", "claim", "public", "outcome", "message", "hint", "misconception", "seconds",
    }  # fmt: skip


def test_what_a_student_prints_stays_out_of_the_json() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "prints_to_stdout", "--json")
    assert done.stdout.startswith("{") and "SCORE" not in done.stdout.split("{")[0]
    json.loads(done.stdout)


def test_control_characters_of_a_student_are_shown_escaped() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "prints_and_fails", "--verbose")
    assert "\x1b" not in done.stdout
    assert "\\x1b[2JPASS" in done.stdout


def test_a_planned_lesson_says_so() -> None:
    done = run("lesson-7.4.4", course=TESTS.parent)
    if "planned" not in (TESTS.parent / "course.toml").read_text():
        return
    assert done.returncode == 2
    assert "planned" in done.stderr


def test_help_names_every_option_of_the_contract() -> None:
    text = run("--help").stdout
    for option in ("--submission", "--json", "--seed", "--sandbox", "--device", "--debug", "--reference"):
        assert option in text


def test_no_course_is_exit_code_2_with_what_to_do(tmp_path: Path) -> None:
    done = run("all", course=tmp_path)
    assert done.returncode == 2
    assert "course.toml" in done.stderr


def test_a_report_is_written_and_named_on_standard_error(tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    done = run("lesson-1.1.1", "--submission", CASES / "wrong_and_blocked", "--json", "--report", page)
    assert (done.returncode, json.loads(done.stdout)["schema"]) == (1, "blindgrade/grading/v1")
    assert str(page) in done.stderr
    text = page.read_text(encoding="utf-8")
    assert "The spread is still what it was." in text and "not divided" in text
    assert list(page.parent.iterdir()) == [page]


def test_a_report_has_a_name_of_its_own_if_none_is_given(tmp_path: Path) -> None:
    course = tmp_path / "mini"
    shutil.copytree(TESTS / "courses" / "mini", course)
    run("lesson-1.1", "--submission", CASES / "all_right", "--report", course=course)
    assert (course / "build" / "reports" / "lesson-1.1.html").is_file()


@pytest.mark.parametrize("place", ["lesson-1.1.1", "no-page.txt"])
def test_a_report_that_is_no_page_is_exit_code_2(place: str) -> None:
    done = run("lesson-1.1.1", "--report", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "ends in .html" in done.stderr


def test_a_report_that_cannot_be_written_is_exit_code_2_after_the_result(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("lesson-1.1.1", "--submission", CASES / "all_right", "--report", tmp_path / "file" / "page.html")
    assert (done.returncode, "100 of 100 points" in done.stdout) == (2, True)
    assert "could not be written" in done.stderr


def test_html_that_a_submission_prints_and_raises_is_text_in_the_report(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shutil.copy(TESTS / "attacks" / "writes_html.py", tmp_path / "basics.py")
    run("lesson-1.1.1", "--submission", tmp_path / "basics.py", "--report", page)
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text  # it did print and raise
    assert "<script" not in text and "<img" not in text and "onload=alert(1)>" not in text
