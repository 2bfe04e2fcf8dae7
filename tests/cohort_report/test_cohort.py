"""A cohort's numbers as computed by hand, and a simulated cohort's truth as the report finds it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort_report.cohort import analyse
from blindgrade.cohort_report.items import lesson_numbers
from blindgrade.cohort_report.records import NoAttempts, read_records, records_of
from blindgrade.cohort_report.statistics import alpha
from blindgrade.engine.judging.scoring import score
from blindgrade.models import Attempt, CheckResult, Late, Outcome, Policy, SubmissionRef
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person
from blindgrade.simulate.rehearsed import write_attempts

from ..graded import handed_in, marks

START = datetime(2026, 9, 1, tzinfo=UTC)
P, F, N, E = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.ERROR


@pytest.fixture(scope="module")
def lesson(pieces):
    return pieces[0].lesson


@pytest.fixture(scope="module")
def make(lesson):
    """attempt(student, hours, (standardize's, correlation's, fit_line's outcome), misconception of a failed check)"""

    def attempt(student, hours, outcomes, misconception=None):
        at = (START + timedelta(hours=hours)).isoformat()
        results = []
        for exercise, outcome in zip(lesson.exercises, outcomes, strict=True):
            check = CheckResult(name=f"{exercise.name}_holds", claim="It holds.", public=False, outcome=outcome)
            if outcome is F:
                check.misconception, check.hint = misconception, "Look again."
            results.append(score(exercise, [check]))
        return Attempt(
            lesson=lesson.id, title=lesson.title, points=sum(r.points for r in results), max_points=100,
            submission=SubmissionRef(path=student, sha256=f"{student}{hours}"), student=student, submitted_at=at,
            graded_at=at, seed=1, reference="live", sandbox="none", seconds=0.5, exercises=results,
            key=f"{student}{hours}",
        )  # fmt: skip

    return attempt


def _record(make, student, *versions, **policy):
    attempts = [make(student, *version) for version in versions]
    return records_of(student, {attempts[0].lesson: handed_in(*attempts)}, Policy(**policy))[attempts[0].lesson]


def test_points_outcomes_tries_and_hours_are_those_of_the_newest_submission(lesson, make):
    records = [
        _record(make, "a", (0, (F, N, N)), (5, (P, F, N)), (30, (P, P, N))),
        _record(make, "b", (0, (P, P, P))),
        _record(make, "c", (0, (F, F, N))),
    ]
    numbers = lesson_numbers(lesson, records)
    assert numbers.points == [80, 100, 0] and numbers.submissions == [3, 1, 1] and numbers.hours == [30]
    first, second, third = numbers.items
    assert (first.outcomes[P], first.outcomes[F]) == (2, 1) and third.outcomes[N] == 2
    assert first.tries == 1.5 and second.tries == 2 and third.tries == 1
    scores = np.array([[40, 40, 0], [40, 40, 20], [0, 0, 0.0]])
    assert numbers.alpha.value == pytest.approx(alpha(scores))


def test_the_attempt_that_counts_is_the_policys(lesson, make):
    versions = [(0, (P, P, N)), (5, (F, P, P)), (30, (F, F, P))]  # 80, 60, 20 points
    due = {"due": {lesson.id: START}, "late": Late(penalty=0.5)}
    for attempts, points, passed in (("best", 80, [1, 1, 0]), ("last", 20, [0, 0, 1]), ("mean", 160 / 3, [0, 0, 1])):
        for late in ({}, due):
            records = [_record(make, s, *versions, attempts=attempts, **late) for s in "ab"]
            numbers = lesson_numbers(lesson, records)
            assert numbers.points == pytest.approx([points] * 2)  # lateness takes nothing off
            assert [item.statistics.passed for item in numbers.items] == passed
            assert numbers.submissions == [3, 3]


def test_best_is_best_after_lateness_as_in_the_standings(lesson, make):
    late = {"due": {lesson.id: START}, "late": Late(penalty=0.5)}
    record = _record(make, "a", (0, (P, N, N)), (30, (P, P, N)), attempts="best", **late)
    assert (record.points, record.standing.points) == (40, 40)


def test_a_misconception_is_overcome_by_the_newest_submission_whichever_attempt_counts(mini, lesson, make):
    record = _record(make, "a", (0, (F, P, P), "not_centered"), (1, (P, F, F)), attempts="best")
    found = analyse(mini.course, {lesson.id: [record]}, [lesson])
    assert [(h.now, h.overcome) for h in found.misconceptions] == [([], ["a"])]
    assert found.mastery[0].shares["a"] < 1


def test_late_days_that_were_spent_elsewhere_decide_which_attempt_is_best(lesson, make, tmp_path):
    store = AttemptStore(tmp_path, durable=False)
    for attempt in (make("a", 0, (P, N, N)), make("a", 30, (P, P, N))):
        store.write(attempt)
    earlier = make("a", 40, (P, P, P)).model_copy(update={"lesson": "lesson-1.0.9", "key": "k"})
    store.write(earlier)
    policy = Policy(
        attempts="best", due={"lesson-1.0.9": START, lesson.id: START + timedelta(1)}, late=Late(penalty=0.6, bank=2)
    )
    assert [r.points for r in read_records(marks(tmp_path), [lesson.id], policy)[lesson.id]] == [40]
    store.path("lesson-1.0.9", "a", "k").unlink()
    assert [r.points for r in read_records(marks(tmp_path), [lesson.id], policy)[lesson.id]] == [80]


def test_a_regraded_submission_counts_once(lesson, make):
    again = make("a", 0, (P, P, P)).model_copy(update={"graded_at": "2026-12-01T00:00:00Z"})
    record = records_of("a", {lesson.id: handed_in(make("a", 0, (F, F, F)), again)}, Policy())[lesson.id]
    assert record.submissions == [again] and lesson_numbers(lesson, [record]).submissions == [1]


def test_an_error_of_the_grader_is_left_out_of_the_figures(lesson, make):
    records = [_record(make, s, (0, (P, P, F))) for s in "abc"] + [_record(make, "d", (0, (E, F, F)))]
    numbers = lesson_numbers(lesson, records)
    assert numbers.left_out == 1 and len(numbers.points) == 4
    assert numbers.items[1].statistics.passed == 1.0


def test_checks_that_no_one_or_everyone_passes_are_found(lesson, make):
    records = [_record(make, s, (0, (P, F, N if s == "a" else P if s == "b" else F))) for s in "abc"]
    odd = {o.check: (o.tried, o.passed) for o in lesson_numbers(lesson, records).odd}
    assert odd == {"standardize_holds": (3, 3), "correlation_holds": (3, 0)}


def test_remarks_name_an_exercise_that_strong_students_fail(lesson, make):
    strong = [_record(make, f"s{n}", (0, (F, P, P))) for n in range(15)]
    weak = [_record(make, f"w{n}", (0, (P if n < 5 else F, F, N))) for n in range(20)]
    items = lesson_numbers(lesson, strong + weak).items
    assert any("strong elsewhere" in remark for remark in items[0].remarks) and items[0].to_look_at
    assert not items[1].to_look_at
    assert all(not i.remarks for i in lesson_numbers(lesson, strong[:5] + weak[:5]).items)  # too few to say so


def test_mastery_misconceptions_and_needs(mini, lesson, make):
    records = {
        lesson.id: [
            _record(make, "a", (0, (F, N, N), "not_centered"), (1, (P, P, P))),
            _record(make, "b", (0, (F, N, N), "not_centered")),
            _record(make, "c", *[(n, (P, F, N), "covariance") for n in range(4)]),
        ]
    }
    cohort = analyse(mini.course, records, [lesson])
    mastery = {m.concept.id: m for m in cohort.mastery}
    assert mastery["standardization"].shares == {"a": 1.0, "b": 0.0, "c": 0.5}
    assert mastery["standardization"].mastered == pytest.approx(1 / 3)
    held = {h.name: (h.now, h.overcome) for h in cohort.misconceptions}
    assert held["not_centered"] == (["b"], ["a"])
    assert "c" in held["covariance"][0]
    needs = {n.student: n for n in cohort.needs}
    assert list(needs) == ["b", "c"]
    assert needs["b"].reasons == ["has 0% of all points"]
    assert needs["c"].reasons == [f"is stuck in {lesson.id}: 3 submissions without a gain"]
    assert needs["b"].weakest[0].concept.id == "standardization"


def test_the_gaps_of_the_rosters_students_are_found_and_of_nobody_else(mini, lesson, make):
    roster = Roster.of(Person(student) for student in ("a", "y", "z"))
    again = lesson.model_copy(update={"id": "lesson-1.1.2"})
    never = lesson.model_copy(update={"id": "lesson-1.1.3"})
    records = {
        lesson.id: [_record(make, s, (0, (P, P, P))) for s in ("a", "b", "y")],
        again.id: [_record(make, "a", (0, (P, P, P)))],
    }
    found = analyse(mini.course, records, [lesson, again, never], roster)
    assert [(one.person.id, one.lessons) for one in found.missing] == [
        ("z", [lesson.id, again.id]),
        ("y", [again.id]),
    ]
    assert [one.person.id for one in found.absent] == ["z"] and found.students == ["a", "b", "y"]
    assert analyse(mini.course, records, [lesson, again, never]).missing == []


def test_a_simulated_cohorts_truth_is_found_again(mini, pieces, cohort, lesson, tmp_path):
    write_attempts(pieces, cohort, tmp_path)
    records = read_records(marks(tmp_path), [lesson.id], Policy())[lesson.id]
    found = analyse(mini.course, {lesson.id: records}, [lesson])
    handed_in = {s.id: s for s in cohort.students if s.versions}
    assert found.students == sorted(handed_in)
    ability = [handed_in[r.student].ability for r in records if not handed_in[r.student].copied_from]
    points = [r.points for r in records if not handed_in[r.student].copied_from]
    assert np.corrcoef(ability, points)[0, 1] > 0.5
    # Who was given a misconception in what was handed in last holds it in the report, unless the exercise was blocked.
    held = {(h.exercise, h.name): set(h.now) for h in found.misconceptions}
    for student in handed_in.values():
        for exercise, choice in student.versions[lesson.id][-1].choices.items():
            required = lesson.exercise(exercise).requires_here
            blocked = any(not student.versions[lesson.id][-1].choices[r].right for r in required)
            if choice.kind == "misconception" and not blocked:
                assert student.id in held[exercise, choice.name]


def test_a_damaged_attempt_is_named(tmp_path, lesson):
    assert read_records(marks(tmp_path), [lesson.id], Policy()) == {lesson.id: []}
    place = tmp_path / lesson.id / "a"
    place.mkdir(parents=True)
    (place / "x.json").write_text("{}")
    with pytest.raises(NoAttempts, match="x.json is no attempt"):
        read_records(marks(tmp_path), [lesson.id], Policy())
