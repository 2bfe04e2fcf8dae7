"""Late days, the bank and which attempt counts."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.attempts.effects import Decisions, by_student
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.catalog import Catalog, CourseError
from blindgrade.models import Attempt, Feedback, Late, LessonFeedback, Level, Policy, SubmissionRef
from blindgrade.policies import Standing, days_late, feedback_level, standings

from .graded import handed_in

MINI = Path(__file__).parent / "courses" / "mini"
DUE = datetime(2026, 11, 10, 23, 59, tzinfo=UTC)


def attempt(points: float, submitted_at: str | None, sha: str = "", **fields: object) -> Attempt:
    values: dict[str, object] = {
        "lesson": "lesson-1", "title": "", "points": points, "max_points": 100, "student": "ada",
        "submission": SubmissionRef(path="x", sha256=sha or f"{points}"), "graded_at": "2026-12-24T00:00:00Z",
        "seed": 1, "reference": "live", "sandbox": "", "seconds": 0, "exercises": [], "submitted_at": submitted_at,
        "key": f"k{points:g}",
    }  # fmt: skip
    return Attempt.model_validate(values | fields)


def stand(policy: Policy, *attempts: Attempt) -> Standing:
    return standings("ada", {"lesson-1": handed_in(*attempts)}, policy)[0]


@pytest.mark.parametrize(
    ("time", "days"),
    [
        ("2026-11-10T23:59:00Z", 0),
        ("2026-11-11T00:09:00Z", 0),  # within the grace
        ("2026-11-11T00:09:01Z", 1),
        ("2026-11-11T01:05:00+01:00", 0),
        ("2026-11-11T23:59:00Z", 1),
        ("2026-11-11T23:59:01Z", 2),
        (None, 0),
    ],
)
def test_a_day_counts_when_it_has_begun_and_the_grace_is_over(time: str | None, days: int) -> None:
    assert days_late(time, DUE, Late(grace_minutes=10)) == days


def test_each_late_day_costs_its_share_and_beyond_the_last_nothing_is_earned() -> None:
    policy = Policy(due={"lesson-1": DUE}, late=Late(days=2, penalty=0.25))
    assert stand(policy, attempt(80, "2026-11-10T00:00:00Z")).points == 80
    assert stand(policy, attempt(80, "2026-11-11T12:00:00Z")).points == 60
    late = stand(policy, attempt(80, "2026-11-12T12:00:00Z"))
    assert (late.points, late.earned, late.days_late) == (40, 80, 2)
    assert stand(policy, attempt(80, "2026-11-13T12:00:00Z")).points == 0
    assert stand(Policy(due={"lesson-1": DUE}, late=Late(penalty=0.5)), attempt(80, "2026-12-31T00:00:00Z")).points == 0


def test_the_time_of_grading_is_never_late() -> None:
    policy = Policy(due={"lesson-1": DUE}, late=Late(days=0))
    assert stand(policy, attempt(80, "2026-11-10T00:00:00Z", graded_at="2027-01-01T00:00:00Z")).points == 80


def test_the_bank_is_spent_over_the_course_in_the_order_of_due_dates() -> None:
    due = {"lesson-2": DUE, "lesson-1": datetime(2026, 11, 20, tzinfo=UTC)}
    policy = Policy(due=due, late=Late(days=5, penalty=0.1, bank=3))
    found = standings(
        "ada",
        {
            "lesson-1": handed_in(attempt(100, "2026-11-21T12:00:00Z")),
            "lesson-2": handed_in(attempt(100, "2026-11-12T12:00:00Z")),
        },
        policy,
    )
    assert [(s.lesson, s.days_late, s.from_bank, s.points) for s in found] == [
        ("lesson-2", 2, 2, 100),
        ("lesson-1", 2, 1, 90),
    ]


def test_best_last_and_mean() -> None:
    attempts = [attempt(90, "2026-11-01T00:00:00Z"), attempt(70, "2026-11-02T00:00:00Z")]
    assert stand(Policy(attempts="best"), *attempts).counted == ("k90",)
    assert stand(Policy(attempts="last"), *attempts).counted == ("k70",)
    both = stand(Policy(attempts="mean"), *attempts)
    assert (both.points, both.counted) == (80, ("k90", "k70"))


def test_best_is_best_after_the_penalty() -> None:
    policy = Policy(attempts="best", due={"lesson-1": DUE}, late=Late(penalty=0.5))
    in_time, late = attempt(60, "2026-11-10T00:00:00Z"), attempt(100, "2026-11-11T12:00:00Z")
    assert stand(policy, in_time, late).points == 60


def test_the_policy_is_read_from_course_toml_and_its_lessons_must_exist(tmp_path: Path) -> None:
    course = tmp_path / "mini"
    shutil.copytree(MINI, course)
    text = (course / "course.toml").read_text()
    policy = (
        '[policy]\nattempts = "best"\n[policy.due]\n"lesson-1.1.1" = 2026-11-10T23:59:00Z\n[policy.late]\nbank = 2\n\n'
    )
    (course / "course.toml").write_text(text.replace("[[module]]", policy + "[[module]]", 1))
    found = Catalog(course).course.policy
    assert (found.attempts, found.due, found.late.bank) == ("best", {"lesson-1.1.1": DUE}, 2)
    (course / "course.toml").write_text(
        (course / "course.toml").read_text().replace('"lesson-1.1.1" =', '"lesson-1" =')
    )
    with pytest.raises(CourseError, match="policy.due names lesson-1, which is not a lesson; correct the id"):
        _ = Catalog(course).course


def test_a_late_marker_counts_as_one_day_where_no_time_is_known() -> None:
    policy = Policy(due={"lesson-1": DUE}, late=Late(penalty=0.25))
    late = [HandedIn(attempt(80, None), None, late=True)]
    [found] = standings("ada", {"lesson-1": late}, policy)
    assert (found.points, found.days_late, found.late_marker, found.time_unknown) == (60, 1, True, True)
    [known] = standings("ada", {"lesson-1": [HandedIn(attempt(80, None), "2026-11-10T00:00:00Z", late=True)]}, policy)
    assert (known.points, known.days_late, known.late_marker, known.time_unknown) == (80, 0, False, False)
    [unmarked] = standings("ada", {"lesson-1": [HandedIn(attempt(80, None), None, late=False)]}, policy)
    assert (unmarked.points, unmarked.late_marker, unmarked.time_unknown) == (80, False, True)


@pytest.mark.parametrize(
    ("rule", "up_to_date", "points"), [("last", False, 70.0), ("best", False, 90.0), ("mean", False, 80.0)]
)
def test_a_version_that_is_not_graded_leaves_the_last_points_and_they_are_not_up_to_date(
    rule: Literal["last", "best", "mean"], up_to_date: bool, points: float
) -> None:
    versions = [*handed_in(attempt(90, "2026-11-01T00:00:00Z"), attempt(70, "2026-11-02T00:00:00Z"))]
    waiting: list[HandedIn[Attempt]] = [HandedIn(None, "2026-11-03T00:00:00Z", up_to_date=False)]
    [found] = standings("ada", {"lesson-1": [*versions, *waiting]}, Policy(attempts=rule))
    assert (found.up_to_date, found.points) == (up_to_date, points)
    assert standings("ada", {"lesson-1": waiting}, Policy(attempts=rule)) == []


def test_only_the_last_version_must_be_up_to_date_if_the_last_one_counts() -> None:
    old = HandedIn(attempt(90, "2026-11-01T00:00:00Z"), "2026-11-01T00:00:00Z", up_to_date=False)
    versions = {"lesson-1": [old, *handed_in(attempt(70, "2026-11-02T00:00:00Z"))]}
    assert [standings("ada", versions, Policy(attempts=rule))[0].up_to_date for rule in ("last", "best", "mean")] == [
        True, False, False,
    ]  # fmt: skip


def extended(days: int) -> Decisions:
    ruling = Decision(
        kind=DecisionKind.EXTEND, student="ada", lesson="lesson-1", days=days, reason="ill", number=1,
        at="2026-11-01T00:00:00Z", author="prof",
    )  # fmt: skip
    return by_student([ruling])["ada"]


def test_an_extension_moves_the_time_when_the_students_work_is_due() -> None:
    policy = Policy(due={"lesson-1": DUE}, late=Late(penalty=0.5))
    versions = {"lesson-1": handed_in(attempt(80, "2026-11-12T00:00:00Z"))}
    given = (Decisions(), extended(1), extended(2))
    assert [standings("ada", versions, policy, decisions=one)[0].points for one in given] == [0, 40, 80]


def test_feedback_waits_for_the_student_with_the_longest_extension() -> None:
    policy = Policy(due={"lesson-1": DUE}, feedback=Feedback(before=Level.TOTAL, after=Level.CHECKS))
    given: list[list[Decisions]] = [[], [extended(1)], [extended(2), extended(1), Decisions()]]
    days = (timedelta(days=0.5), timedelta(days=1.5), timedelta(days=2.5))
    assert [[feedback_level("lesson-1", policy, DUE + one, some).value for one in days] for some in given] == [
        ["checks", "checks", "checks"], ["total", "checks", "checks"], ["total", "total", "checks"],
    ]  # fmt: skip
    assert feedback_level("lesson-2", policy, DUE + days[2], given[2]) is Level.TOTAL


def test_the_course_says_what_students_read_and_an_unknown_lesson_or_level_is_refused(tmp_path: Path) -> None:
    course = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__")))
    text = (course / "course.toml").read_text()

    def read(lesson: str = "lesson-1.1.1", level: str = "counts") -> Feedback | None:
        table = f'[policy.feedback]\nbefore = "{level}"\n[policy.feedback.lessons."{lesson}"]\nafter = "total"\n'
        (course / "course.toml").write_text(text + table)
        return Catalog(course).course.policy.feedback

    found = read()
    assert found == Feedback(before=Level.COUNTS, lessons={"lesson-1.1.1": LessonFeedback(after=Level.TOTAL)})
    with pytest.raises(CourseError, match="policy.feedback.lessons names lesson-9, which is not a lesson"):
        read(lesson="lesson-9")
    with pytest.raises(CourseError, match="'nothing', 'total', 'exercises', 'counts' or 'checks'"):
        read(level="everything")
