"""Completeness of a lesson: exercises for its concepts, public checks, known answers."""

from __future__ import annotations

from collections.abc import Iterable

from blindgrade.course import Course, Depth
from blindgrade.models import Kind, Lesson, Use
from blindgrade.verify.workshop import Workshop

MISCONCEPTIONS = 4  # at least, for each exercise
FAILURES = 3  # other ways to fail of a trained exercise


def concepts_are_covered(workshop: Workshop) -> str:
    """Every concept of the lesson that lacks an exercise or checks, in one text; "" if none does."""
    lesson = workshop.lesson
    problems = []
    for concept in workshop.course.concepts:
        if lesson.id not in concept.lessons:
            continue
        exercises = [e.name for e in lesson.exercises if concept.id in e.concepts]
        checks = sum(len(workshop.checks.of(name)) for name in exercises)
        if not exercises:
            problems.append(f"no exercise has the concept `{concept.id}`")
        elif concept.depth is Depth.DEVELOPED and checks < 2:
            problems.append(f"`{concept.id}` is to be developed, but only {checks} check tests it; write a second one")
    return "; ".join(problems)


def concepts_are_used(course: Course, lessons: Iterable[Lesson]) -> str:
    """Every developed concept that all its exercises only look up, in one text; "" if there is none."""
    uses: dict[str, set[Use]] = {}
    for lesson in lessons:
        for exercise in lesson.exercises:
            for concept in exercise.concepts:
                uses.setdefault(concept, set()).add(exercise.use)
    shallow = [c.id for c in course.concepts if c.depth is Depth.DEVELOPED and uses.get(c.id) == {Use.LOOKED_UP}]
    return f"exercises only look up {', '.join(shallow)}; add one that computes, decides or trains" if shallow else ""


def exercises_are_supplied(workshop: Workshop) -> str:
    """Every exercise that lacks a public check, or known answers of a kind, in one text; "" if none does."""
    problems = []
    for exercise in workshop.lesson.exercises:
        name = exercise.name
        if not any(check.public for check in workshop.checks.of(name)):
            problems.append(f"`{name}` has no public check")
        wrong = sum(v.exercise == name for v in workshop.misconceptions)
        if wrong < MISCONCEPTIONS:
            problems.append(f"`{name}` has {wrong} misconceptions and needs at least {MISCONCEPTIONS}")
        right, wanted = (
            sum(v.exercise == name for v in workshop.alternatives),
            1 if exercise.kind is Kind.TRAINING else 2,
        )
        if right < wanted:
            problems.append(f"`{name}` has {right} alternatives and needs at least {wanted}")
        others = sum(v.exercise == name for v in workshop.failures)
        if exercise.kind is Kind.TRAINING and others < FAILURES:
            problems.append(
                f"`{name}` has {others} other ways to fail and needs at least {FAILURES}; add `fails(…)`, for example"
                " too few steps, a wrong learning rate, no training"
            )
    return "; ".join(problems)


def mental_models_are_carried(course: Course, lessons: Iterable[Lesson]) -> str:
    """Every mental model that no exercise of the course names, in one text; "" if each is named."""
    named = {model for lesson in lessons for exercise in lesson.exercises for model in exercise.mental_models}
    missing = [model.id for model in course.mental_models if model.id not in named]
    return f"no exercise names {', '.join(missing)}; add it to the exercise that shows it" if missing else ""
