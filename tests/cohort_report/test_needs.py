"""Who needs help, compared with the class."""

import pytest

from blindgrade.cohort_report.cohort import analyse

from .records import F, N, P, attempt_of, record_of


@pytest.fixture(scope="module")
def lessons(pieces):
    first = pieces[0].lesson
    return [first, *(first.model_copy(update={"id": f"lesson-1.1.{n}"}) for n in (2, 3))]


def _records(lessons, outcomes):
    """Records of students by their outcomes in each lesson; None for nothing handed in."""
    return {
        lesson.id: [
            record_of(attempt_of(lesson, student, 0, own[number]))
            for student, own in outcomes.items()
            if own[number] is not None
        ]
        for number, lesson in enumerate(lessons)
    }


GOOD, POOR, HALF = (P, P, P), (F, F, P), (P, F, P)  # 100, 20, 60 points


def test_a_fall_counts_only_as_far_as_the_class_did_not_fall_too(mini, lessons):
    alone = {f"s{n}": (GOOD, GOOD, GOOD) for n in range(4)} | {"a": (GOOD, GOOD, POOR)}
    needs = analyse(mini.course, _records(lessons, alone), lessons).needs
    assert [(n.student, n.reasons) for n in needs] == [
        ("a", [f"fell from 100% to 20% in {lessons[2].id} (the class: from 100% to 100%)"])
    ]
    everyone = {f"s{n}": (GOOD, GOOD, HALF) for n in range(4)} | {"a": (GOOD, GOOD, POOR)}
    assert [n.student for n in analyse(mini.course, _records(lessons, everyone), lessons).needs] == ["a"]
    harder = {f"s{n}": (GOOD, GOOD, POOR) for n in range(5)}
    assert analyse(mini.course, _records(lessons, harder), lessons).needs == []


def test_a_concept_is_weak_only_against_the_class(mini, lessons):
    lesson = lessons[0]
    strong = {f"s{n}": (P, P, F) for n in range(4)}  # nobody does the last exercise
    records = {lesson.id: [record_of(attempt_of(lesson, s, 0, o)) for s, o in {**strong, "a": (F, N, F)}.items()]}
    [needs] = analyse(mini.course, records, [lesson]).needs
    assert needs.student == "a" and needs.weakest[0].concept.id == "standardization"
    assert needs.weakest[0].share == 0 and needs.weakest[0].mean == pytest.approx(0.8)
    hard = next(c.id for c in mini.course.concepts if c.id in lesson.exercises[2].concepts)
    assert hard != "standardization" and hard not in [w.concept.id for w in needs.weakest]


def test_the_lessons_to_open_are_those_with_the_fewest_points(mini, lessons):
    outcomes = {"a": (POOR, (F, N, N), HALF), **{f"s{n}": (GOOD, GOOD, GOOD) for n in range(3)}}
    [needs] = analyse(mini.course, _records(lessons, outcomes), lessons).needs
    assert needs.lessons == [lessons[1].id, lessons[0].id, lessons[2].id]


def test_what_the_student_misunderstands_is_named(mini, lessons):
    lesson = lessons[0]
    records = {lesson.id: [record_of(attempt_of(lesson, "a", 0, (F, N, N), "not_centered"))]}
    [needs] = analyse(mini.course, records, [lesson]).needs
    assert [(h.exercise, h.name) for h in needs.holds] == [(lesson.exercises[0].name, "not_centered")]
