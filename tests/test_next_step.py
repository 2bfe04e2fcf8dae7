from __future__ import annotations

import io
import itertools
import re
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from blindgrade.catalog import Catalog
from blindgrade.cli.grade.screen import Screen
from blindgrade.cli.grade.standing import show_hint, show_standing
from blindgrade.history import Progress
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.next_step import Known, next_in, next_step
from blindgrade.render.html.report import report
from blindgrade.render.links import Links
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.results import ending

MINI = Path(__file__).parent / "courses" / "mini"
LESSON = "lesson-1.1.1"
PASSED, FAILED, BLOCKED, NOT_ATTEMPTED, ERROR = (
    Outcome.PASSED, Outcome.FAILED, Outcome.BLOCKED, Outcome.NOT_ATTEMPTED, Outcome.ERROR,
)  # fmt: skip
# A grading has a blocked exercise only beside the one that it waits for.
POSSIBLE = [
    outcomes
    for outcomes in itertools.product(Outcome, repeat=3)
    if BLOCKED not in outcomes or {FAILED, NOT_ATTEMPTED, ERROR} & set(outcomes)
]


def known(*outcomes: Outcome | None) -> list[Known]:
    return [Known("lesson", f"e{number}", outcome) for number, outcome in enumerate(outcomes)]


def chosen(*outcomes: Outcome | None, looked_at: str = "", remembered: bool = False) -> str | None:
    step = next_step(known(*outcomes), looked_at=("lesson", looked_at), remembered=remembered)
    return step.exercise if step else None


@pytest.mark.parametrize(
    ("outcomes", "name"),
    [
        ((PASSED, None, NOT_ATTEMPTED, FAILED, FAILED), "e3"),
        ((PASSED, None, NOT_ATTEMPTED, ERROR), "e2"),
        ((PASSED, BLOCKED, None), "e2"),
        ((PASSED, PASSED), None),
        ((ERROR, PASSED), None),
        ((), None),
    ],
    ids=str,
)
def test_what_failed_comes_before_what_is_not_written_and_that_before_what_was_never_graded(
    outcomes: tuple[Outcome | None, ...], name: str | None
) -> None:
    assert chosen(*outcomes) == name


def test_what_the_last_screen_named_stays_first_while_it_is_not_passed() -> None:
    for outcome in (FAILED, NOT_ATTEMPTED, BLOCKED, ERROR, None):
        assert chosen(FAILED, outcome, looked_at="e1") == "e1"
    assert chosen(FAILED, PASSED, looked_at="e1") == "e0"
    assert chosen(FAILED, PASSED, looked_at="e9") == "e0"


def test_a_blocked_exercise_is_next_only_if_it_is_remembered_and_all_the_rest_has_passed() -> None:
    assert chosen(PASSED, BLOCKED, BLOCKED, remembered=True) == "e1"
    assert chosen(PASSED, BLOCKED) is None
    assert chosen(ERROR, BLOCKED, remembered=True) is None
    assert chosen(PASSED, BLOCKED, None, remembered=True) == "e2"


def attempt(catalog: Catalog, outcomes: tuple[Outcome, ...]) -> Attempt:
    lesson = catalog.lesson(catalog.files(LESSON))
    results = []
    for exercise, outcome in zip(lesson.exercises, outcomes, strict=True):
        earned = exercise.points if outcome is PASSED else 0.0
        check = CheckResult(name="c", claim="It is so.", public=True, outcome=outcome)
        results.append(
            ExerciseResult(
                name=exercise.name, title=exercise.title, outcome=outcome, points=earned, max_points=exercise.points,
                concepts=exercise.concepts, checks=[check],
            )
        )  # fmt: skip
    return Attempt(
        lesson=LESSON, title=lesson.title, points=sum(r.points for r in results), max_points=lesson.max_points,
        submission=SubmissionRef(path="x", sha256=""), graded_at="2026-01-01T00:00:00Z", seed=1, reference="live",
        sandbox="process", seconds=0.1, exercises=results,
    )  # fmt: skip


def named(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return found[1] if found else None


@pytest.mark.parametrize("outcomes", POSSIBLE, ids=lambda outcomes: "-".join(outcomes))
def test_screen_page_and_standing_name_the_same_exercise(
    outcomes: tuple[Outcome, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = Catalog(Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns(".blindgrade"))))
    made = attempt(catalog, outcomes)
    grading = Grading(points=made.points, max_points=made.max_points, lessons=[made])
    console = Console(file=io.StringIO(), width=100)
    screen = named(r"grade lesson-1\.1\.1/(\w+)", as_text(console, *ending(grading, Links.none(), console)))
    page = report(grading, catalog.course, {LESSON: catalog.lesson(catalog.files(LESSON))})
    Progress(catalog.local).record(made)
    show_standing(catalog, Screen())
    standing = named(r"next  grade lesson-1\.1\.1/(\w+)", capsys.readouterr().out)
    first = next_in([made])
    assert screen == named(r"<b>Next:</b>.*?<code>grade lesson-1\.1\.1/(\w+)</code>", page) == standing
    assert screen == (first[1].name if first else None)
    if first:
        show_hint(catalog, (), Screen())
        assert capsys.readouterr().out.startswith(first[1].name)
