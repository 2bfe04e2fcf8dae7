"""The engine on golden submissions: each folder of tests/submissions/mini holds a file and what grading it must say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.runner import Options, grade
from blindgrade.models import Attempt, Grading

TESTS = Path(__file__).parents[1]
GOLDEN = sorted(p for p in (TESTS / "submissions" / "mini").iterdir() if p.is_dir())
MINI = Catalog(TESTS / "courses" / "mini")


def graded(submission: Path, *ids: str, **options: object) -> Attempt:
    return grading(submission, *ids, **options).lessons[0]


def grading(submission: Path, *ids: str, **options: object) -> Grading:
    return grade(MINI, MINI.find(ids or ("lesson-1.1.1",)), submission, Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda p: p.name)
def test_a_golden_submission_is_graded_as_expected(case: Path) -> None:
    attempt = graded(case)
    expected = json.loads((case / "expected.json").read_text())
    results = {r.name: r for r in attempt.exercises}
    for name, claims in expected["exercises"].items():
        result = results[name]
        messages = " ".join(c.message for c in result.checks)
        assert result.outcome == claims["outcome"], (name, messages)
        assert claims.get("message", "") in messages
        assert claims.get("points", result.points) == result.points
        if result.outcome == "passed":
            assert result.points == result.max_points
        if "misconception" in claims:
            assert claims["misconception"] in [c.misconception for c in result.checks]
    for text in expected["problems"]:
        assert any(text in problem for problem in attempt.problems), attempt.problems


def test_the_same_seed_repeats_an_attempt(tmp_path: Path) -> None:
    case = TESTS / "submissions" / "mini" / "wrong_and_blocked"
    once, again = graded(case, seed=11), graded(case, seed=11)
    assert [c.message for e in once.exercises for c in e.checks] == [
        c.message for e in again.exercises for c in e.checks
    ]
    assert once.seed == again.seed == 11


def test_a_fresh_seed_is_drawn_each_time() -> None:
    case = TESTS / "submissions" / "mini" / "all_right"
    assert graded(case).seed != graded(case).seed


def test_a_hidden_check_shows_no_expected_value() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "wrong_and_blocked")
    hidden = [c for e in attempt.exercises for c in e.checks if not c.public and c.outcome == "failed"]
    assert hidden and all("expected" not in c.message for c in hidden)


def test_blame_falls_on_a_required_exercise_that_was_not_asked_for() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "wrong_and_blocked", "lesson-1.1.1/correlation")
    assert [(e.name, e.outcome) for e in attempt.exercises] == [("correlation", "blocked")]


def test_nothing_is_left_behind_by_a_submission_that_daemonises() -> None:
    graded(TESTS / "submissions" / "mini" / "leaves_a_child")
    left = subprocess.run(["pgrep", "-f", "blindgrade.engine.zygote"], capture_output=True, text=True).stdout.split()
    mine = [pid for pid in left if _ancestor(int(pid)) in (1, os.getpid())]
    assert mine == []


def _ancestor(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return -1


def test_public_checks_are_graded_by_key_without_the_private_trees(tmp_path: Path) -> None:
    released = tmp_path / "course"
    shutil.copytree(MINI.root, released, ignore=shutil.ignore_patterns("solutions", "graders"))
    catalog = Catalog(released)
    options = Options(reference="key")
    right = grade(catalog, catalog.find(["all"]), TESTS / "submissions" / "mini" / "all_right", options)
    wrong = grade(catalog, catalog.find(["all"]), TESTS / "submissions" / "mini" / "wrong_and_blocked", options)
    assert right.points == right.max_points
    assert all(c.public for a in right.lessons for e in a.exercises for c in e.checks)
    assert wrong.points < wrong.max_points


def test_debug_grades_in_this_process() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "all_right", debug=True)
    assert (attempt.points, attempt.sandbox) == (100.0, "none")
