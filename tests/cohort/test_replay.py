"""An attempt is repeated to the bit, or a message says why it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog
from blindgrade.cohort.grading import Warm
from blindgrade.cohort.replay import CannotReplay, Replay, replay
from blindgrade.models import Attempt

LESSON = "lesson-1.1.1"
ODD = """import torch
def standardize(values):
    raise ValueError(f"{object()} {list({'a', 'b', 'c', 'd', 'e', 'f'})}")
def correlation(first, second):
    return torch.randn(first.shape[:-1])
"""


@pytest.fixture
def graded(kit: Any, tmp_path: Path) -> tuple[Path, Attempt, Path]:
    course = kit.course()
    submitted, store = kit.hand_in({"ada": "all_right"}), AttemptStore(tmp_path / "attempts")
    (submitted / "ada" / "basics.py").write_text(ODD)
    kit.grade(submitted, store, course)
    return course, store.current(LESSON, "ada"), submitted / "ada"


def again(course: Path, attempt: Attempt, submission: Path | None = None) -> Replay:
    catalog = Catalog(course)
    warm = Warm(catalog.find([LESSON]))
    try:
        return replay(catalog, attempt, submission, warm)
    finally:
        warm.close()


def test_an_attempt_is_repeated_to_the_bit(graded: tuple[Path, Attempt, Path]) -> None:
    """Also if a message shows an address or a set's order, and if a result depends on the global random source."""
    course, attempt, _ = graded
    message = attempt.exercises[0].checks[0].message
    assert "<object object at 0x…> ['" in message
    assert again(course, attempt) == Replay([], [])


def test_differences_and_versions_are_named(graded: tuple[Path, Attempt, Path]) -> None:
    course, attempt, _ = graded
    checks = course / "graders" / "lesson_1_1_1_basics" / "checks.py"
    text = checks.read_text()
    checks.write_text(text.replace("return lesson.standardize(values)", 'return "anything"', 1))
    older = attempt.model_copy(update={"versions": {**attempt.versions, "torch": "1.0"}})
    found = again(course, older)
    assert [line.split(": ", 1)[0] for line in found.versions] == ["torch", "course"]
    assert "the checks or the solution of standardize have changed since" in found.versions[1]
    assert "exercises/standardize/checks/has_mean_zero_and_spread_one/outcome: 'failed' then, 'passed' now" in (
        found.differences
    )


def test_another_submission_is_no_repetition(graded: tuple[Path, Attempt, Path], tmp_path: Path) -> None:
    course, attempt, submission = graded
    (submission / "basics.py").write_text(ODD + "\n")
    with pytest.raises(
        CannotReplay, match="differs from the graded submission; name the graded files with --submission"
    ):
        again(course, attempt)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "basics.py").write_text(ODD)
    assert again(course, attempt, tmp_path / "kept").differences == []
    submission.joinpath("basics.py").unlink()
    with pytest.raises(CannotReplay, match="holds no file"):
        again(course, attempt)
