"""Attempts at the miniature course, as `course grade` stores them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.current import newest_gradings
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.catalog import Catalog
from blindgrade.gradebook.scores import LessonScores, Score, read_scores
from blindgrade.marks.marks import Marks
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Outcome, Policy, SubmissionRef

LESSON = "lesson-1.1.1"
TITLES = {"standardize": "One scale", "correlation": "Two rows", "fit_line": "Downhill"}
WORTH = {"standardize": 40.0, "correlation": 40.0, "fit_line": 20.0}

MINI = Path(__file__).parent / "courses" / "mini"

Store = Callable[..., Path]


def marks(attempts: Path, submitted: Path | None = None) -> Marks:
    """Marks of the miniature course in a folder of attempts."""
    return Marks(Catalog(MINI), attempts, submitted)


def exercise(name: str, share: float, **fields: Any) -> ExerciseResult:
    outcome = Outcome.PASSED if share == 1 else Outcome.FAILED
    check = CheckResult(
        name="c", claim="The claim <of> a check.", public=False, outcome=outcome,
        message="" if share == 1 else "ValueError: =HYPERLINK('x') <script>", hint="" if share == 1 else "Look again.",
        misconception=None if share == 1 else "not_divided",
    )  # fmt: skip
    return ExerciseResult(**{
        "name": name, "title": TITLES[name], "outcome": outcome, "points": WORTH[name] * share,
        "max_points": WORTH[name], "concepts": [], "checks": [check], **fields,
    })  # fmt: skip


def attempt(student: str, shares: tuple[float, float, float], day: int = 1, **fields: Any) -> Attempt:
    results = [exercise(name, share) for name, share in zip(WORTH, shares, strict=True)]
    return Attempt(**{
        "lesson": LESSON, "title": "Basics", "points": sum(r.points for r in results), "max_points": 100.0,
        "submission": SubmissionRef(path="basics.py", sha256="0" * 64), "student": student,
        "submitted_at": f"2026-11-{day:02}T10:00:00Z", "graded_at": f"2026-11-{day:02}T12:00:00Z", "seed": 7,
        "reference": "live", "sandbox": "namespaces", "seconds": 0.4, "exercises": results, **fields,
    })  # fmt: skip


def handed_in(*attempts: Attempt) -> list[HandedIn[Attempt]]:
    """Versions with these attempts, each submission once."""
    return [HandedIn(one, one.submitted_at) for one in newest_gradings(attempts)]


def scored(student: str, points: float) -> Score:
    """A score of 100 points, without exercises."""
    return Score(
        schema="blindgrade/attempt/v1", lesson=LESSON, student=student, points=points, max_points=100.0, earned=points,
        submission=SubmissionRef(path="basics.py", sha256="0" * 64), submitted_at=None,
        graded_at="2026-11-01T12:00:00Z", exercises=[], seed=7,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Writes attempts to their places and returns the folder."""
    folder = tmp_path / "attempts"
    folder.mkdir()

    def write(*attempts: Attempt) -> Path:
        for number, one in enumerate(attempts):
            assert one.student
            place = folder / one.lesson / one.student
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{len(list(place.iterdir())):03}{number:03}.json").write_text(one.model_dump_json(by_alias=True))
        return folder

    return write


@pytest.fixture
def scores(store: Store) -> LessonScores:
    """Ana has all points, Bo 52, Cy none."""
    folder = store(attempt("ana", (1, 1, 1)), attempt("bo", (0.8, 0, 1)), attempt("cy", (0, 0, 0)))
    [found] = read_scores(marks(folder), Policy())
    return found
