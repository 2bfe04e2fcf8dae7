"""Late days, the bank and which attempt counts."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.models import Attempt, Feedback, Late, LessonFeedback, Level, Policy, SubmissionRef
from blindgrade.policies import Standing, days_late, newest_gradings, standings

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
    return standings("ada", {"lesson-1": attempts}, policy)[0]


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
        {"lesson-1": [attempt(100, "2026-11-21T12:00:00Z")], "lesson-2": [attempt(100, "2026-11-12T12:00:00Z")]},
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


def test_a_regrading_replaces_the_earlier_grading() -> None:
    once = attempt(50, "2026-11-01T00:00:00Z", "same", graded_at="2026-11-02T00:00:00Z")
    again = attempt(70, "2026-11-01T00:00:00Z", "same", graded_at="2026-11-03T00:00:00Z")
    assert newest_gradings([again, once]) == [again]
    assert stand(Policy(attempts="mean"), once, again).points == 70


def test_a_time_that_was_found_out_later_makes_no_second_submission() -> None:
    without, with_ = attempt(50, None, "same"), attempt(50, "2026-11-01T00:00:00Z", "same")
    assert newest_gradings([without, with_]) == [with_]
    assert newest_gradings([without]) == [without]


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
