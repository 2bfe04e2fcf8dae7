"""A file that never loaded is said as that, and says nothing about answers, exercises and concepts."""

import pytest

from blindgrade.cohort_report.cohort import analyse
from blindgrade.cohort_report.items import lesson_numbers
from blindgrade.cohort_report.unread import NOTHING_DEFINED, Unread, why_unread
from blindgrade.models import CheckResult, Outcome
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person

from .records import F, N, P, attempt_of, record_of

REASON = "no function or class of basics.py could be read: line 1; correct it and grade again"


@pytest.fixture(scope="module")
def lesson(pieces):
    return pieces[0].lesson


def _undefined(attempt):
    for result in attempt.exercises:
        missing = f"the file defines no `{result.name}`"
        result.checks = [CheckResult(name="c", claim="It holds.", public=True, outcome=Outcome.FAILED, message=missing)]
    return attempt


def test_the_reason_is_the_graders_or_that_nothing_is_defined(lesson):
    assert why_unread(attempt_of(lesson, "a", 0, (F, F, F), unreadable=REASON)) == REASON
    assert why_unread(attempt_of(lesson, "a", 0, (F, F, F))) == ""
    assert why_unread(attempt_of(lesson, "a", 0, (N, N, N))) == ""  # a stub did load
    prose = _undefined(attempt_of(lesson, "a", 0, (F, F, F)))
    assert why_unread(prose) == NOTHING_DEFINED
    prose.problems = ["basics.py:1: SyntaxError: invalid syntax; this part was left out, and the rest was graded"]
    assert why_unread(prose) == "basics.py:1: SyntaxError: invalid syntax"
    prose.exercises[0].checks[0].message = "it is 3; expected 4"
    assert why_unread(prose) == ""


def test_it_is_in_no_figure_of_exercises_concepts_or_misconceptions(mini, lesson):
    good = [record_of(attempt_of(lesson, f"s{n}", 0, (P, P, F if n % 2 else P), "x")) for n in range(6)]
    bad = record_of(attempt_of(lesson, "z", 0, (F, F, F), "x", unreadable=REASON))
    with_it, without = lesson_numbers(lesson, [*good, bad]), lesson_numbers(lesson, good)
    assert (with_it.unread, without.unread) == (1, 0)
    assert [i.statistics for i in with_it.items] == [i.statistics for i in without.items]
    assert [i.outcomes for i in with_it.items] == [i.outcomes for i in without.items]
    assert with_it.alpha == without.alpha and with_it.odd == without.odd
    assert with_it.points[-1] == 0  # the points are what they are
    found = analyse(mini.course, {lesson.id: [*good, bad]}, [lesson])
    assert all("z" not in m.shares for m in found.mastery)
    assert all("z" not in h.now for h in found.misconceptions)
    assert found.unread == [Unread("z", lesson.id, REASON)]
    assert "z" not in {n.student for n in found.needs}


def test_a_misconception_is_not_overcome_by_a_file_that_never_loads(mini, lesson):
    held = attempt_of(lesson, "a", 0, (F, P, P), "not_centered")
    broken = attempt_of(lesson, "a", 5, (F, F, F), unreadable=REASON)
    found = analyse(mini.course, {lesson.id: [record_of(held, broken)]}, [lesson])
    assert [(h.now, h.overcome) for h in found.misconceptions] == [(["a"], [])]
    assert found.topics[0].of == 1


def test_who_handed_in_a_file_that_could_not_be_graded_did_not_hand_in_nothing(mini, lesson):
    roster = Roster.of([Person("a"), Person("b"), Person("c")])
    records = {lesson.id: [record_of(attempt_of(lesson, "a", 0, (P, P, P)))]}
    damaged = Unread("b", lesson.id, "basics.py contains NUL bytes")
    found = analyse(mini.course, records, [lesson], roster, not_graded=[damaged])
    assert found.unread == [damaged]
    assert [one.person.id for one in found.missing] == ["c"]


def test_other_lessons_of_the_student_still_count(mini, lesson):
    again = lesson.model_copy(update={"id": "lesson-1.1.2"})
    records = {
        lesson.id: [record_of(attempt_of(lesson, "a", 0, (F, N, N)))],
        again.id: [record_of(attempt_of(again, "a", 0, (F, F, F), unreadable=REASON))],
    }
    found = analyse(mini.course, records, [lesson, again])
    assert found.needs[0].reasons == ["has 0% of all points"] and found.needs[0].lessons == [lesson.id]
