"""docs/coverage.md: the exercises of each concept and mental model, and the exercises that they build on."""

from __future__ import annotations

from collections.abc import Callable

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Exercise, Lesson, Use

PAGE = "docs/coverage.md"


def coverage_page(catalog: Catalog) -> str:
    """Page as Markdown, from the files of every lesson that is ready."""
    ready = catalog.ready()
    lessons = [catalog.lesson(files) for files in ready]
    counts = {lesson.id: _checks(files, lesson) for files, lesson in zip(ready, lessons, strict=True)}
    parts = [
        "# Coverage",
        "Made by `course build`. Do not edit it. The number after an exercise is the number of its checks. The word"
        " before exercises says what a student does there with the concept: look it up, compute, decide or train.",
        _totals(lessons, counts),
        "## Concepts",
        _concepts(catalog, lessons, counts),
        "## Mental models",
        _mental_models(catalog, lessons, counts),
        "## Lessons and exercises that build on others",
        _graph(catalog, lessons),
        _requirements(lessons),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _checks(files: LessonFiles, lesson: Lesson) -> dict[str, int]:
    checks = LessonChecks(files, lesson)
    return {exercise.name: len(checks.of(exercise.name)) for exercise in lesson.exercises}


def _totals(lessons: list[Lesson], counts: dict[str, dict[str, int]]) -> str:
    exercises = sum(len(lesson.exercises) for lesson in lessons)
    checks = sum(sum(of_lesson.values()) for of_lesson in counts.values())
    return f"{len(lessons)} lessons, {exercises} exercises, {checks} checks."


def _concepts(catalog: Catalog, lessons: list[Lesson], counts: dict[str, dict[str, int]]) -> str:
    rows = [
        [concept.title, concept.depth.value, _places(lessons, counts, concept.id, lambda e: e.concepts)]
        for concept in catalog.course.concepts
    ]
    return _table(["concept", "depth", "exercises (checks)"], rows)


def _mental_models(catalog: Catalog, lessons: list[Lesson], counts: dict[str, dict[str, int]]) -> str:
    rows = [
        [model.id, model.title, _places(lessons, counts, model.id, lambda e: e.mental_models)]
        for model in catalog.course.mental_models
    ]
    return _table(["", "mental model", "exercises (checks)"], rows)


def _places(
    lessons: list[Lesson], counts: dict[str, dict[str, int]], wanted: str, ids: Callable[[Exercise], list[str]]
) -> str:
    """The exercises of each lesson whose `ids` contain the wanted one."""
    found = [(lesson, [e for e in lesson.exercises if wanted in ids(e)]) for lesson in lessons]
    return "<br>".join(_by_use(lesson, own, counts[lesson.id]) for lesson, own in found if own) or "**none**"


def _by_use(lesson: Lesson, exercises: list[Exercise], counts: dict[str, int]) -> str:
    """The exercises of a lesson, sorted by what a student does there."""
    kinds = [(use, ", ".join(f"{e.name} ({counts[e.name]})" for e in exercises if e.use is use)) for use in Use]
    return f"{_short(lesson)} " + "; ".join(f"{use}: {names}" for use, names in kinds if names)


def _graph(catalog: Catalog, lessons: list[Lesson]) -> str:
    """Mermaid graph of the lessons. An arrow goes from a lesson to each lesson that builds on it."""
    titles = {lesson.id: lesson.title for lesson in lessons}
    arrows = sorted(
        {
            (name.split("/")[0], lesson.id)
            for lesson in lessons
            for e in lesson.exercises
            for name in e.requires
            if "/" in name
        }
    )
    lines = ["```mermaid", "graph LR"]
    for module in catalog.course.modules:
        inside = [lesson.id for lesson in module.lessons if lesson.id in titles]
        if inside:
            lines += [f'  subgraph m{module.id}["{module.id} {module.title}"]']
            lines += [f'    {_node(i)}["{i.removeprefix("lesson-")} {titles[i]}"]' for i in inside]
            lines += ["  end"]
    lines += [f"  {_node(a)} --> {_node(b)}" for a, b in arrows]
    return "\n".join([*lines, "```"])


def _requirements(lessons: list[Lesson]) -> str:
    rows = [
        [f"{_short(lesson)} {e.name}", ", ".join(name.removeprefix("lesson-").replace("/", " ") for name in e.requires)]
        for lesson in lessons
        for e in lesson.exercises
        if e.requires
    ]
    return _table(["exercise", "builds on"], rows) if rows else ""


def _short(lesson: Lesson) -> str:
    return lesson.id.removeprefix("lesson-")


def _node(lesson_id: str) -> str:
    return lesson_id.replace("-", "").replace(".", "_")


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
