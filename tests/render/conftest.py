from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.render.links import Links

NASTY = "is <b>&amp; ]]> \x1b[31m\x00 `a` ```` @team\n::error file=x::y\n| a | ![x](http://x)"


@pytest.fixture
def nasty() -> str:
    """Text that a student may bring into a message."""
    return NASTY


@pytest.fixture
def grading() -> Grading:
    """One lesson with one exercise of each outcome. The failed ones have nasty messages."""

    def made(name: str, outcome: Outcome, number: int, **more: object) -> ExerciseResult:
        checks = [
            CheckResult(name=f"{name}_{n}", claim=f"Claim {n} of {name}.", public=True, outcome=outcome, **more)  # type: ignore[arg-type]
            for n in range(number)
        ]
        points = 10.0 if outcome in (Outcome.PASSED, Outcome.ERROR) else 0.0
        return ExerciseResult(
            name=name, title=name.title(), outcome=outcome, points=points, max_points=10, concepts=[], checks=checks
        )

    failed = {"message": NASTY, "hint": "Which way?", "misconception": "sign", "where": "basics.py:3"}
    results = [
        made("right", Outcome.PASSED, 1),
        made("wrong", Outcome.FAILED, 2, **failed),
        made("waits", Outcome.BLOCKED, 2, message="waits for wrong"),
        made("empty", Outcome.NOT_ATTEMPTED, 2, message="not written yet"),
        made("ours", Outcome.ERROR, 1, message="the grader could not judge this check"),
    ]
    attempt = Attempt(
        lesson="lesson-1.1.1", title="Basics", points=20, max_points=50, submission=SubmissionRef(path="x", sha256=""),
        graded_at="2026-01-01T00:00:00Z", seed=1, reference="live", sandbox="process", seconds=0.1, exercises=results,
    )  # fmt: skip
    return Grading.of([attempt])


@pytest.fixture
def placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Links]:
    """Links in a working directory that contains the lesson's file."""

    def make() -> Links:
        folder = tmp_path / "lesson_1_1_1_basics"
        folder.mkdir()
        (folder / "basics.py").write_text("1\n2\n3\n")
        monkeypatch.chdir(tmp_path)
        return Links(tmp_path, Catalog(Path(__file__).parents[1] / "courses" / "mini").ready())

    return make
