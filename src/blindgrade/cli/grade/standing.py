"""`grade` without a lesson and `grade --hint`: the student's progress, and the next hint. They grade nothing."""

from __future__ import annotations

from blindgrade.catalog import Catalog, Target
from blindgrade.cli.exits import say_unfinished
from blindgrade.cli.grade.screen import Screen
from blindgrade.engine.submission.reading import SubmissionError, read_submission
from blindgrade.history import LessonProgress, Progress
from blindgrade.models import Exercise, ExerciseResult, Lesson, Outcome
from blindgrade.next_step import Known, next_step
from blindgrade.render.terminal.standing import Row, ladder, overview


def show_standing(catalog: Catalog, screen: Screen) -> None:
    """Print the last result of every lesson."""
    progress = Progress(catalog.local)
    targets = catalog.find(["all"], say_unfinished)
    digests = _digests(catalog, targets)
    rows = [_row(t, progress.lesson(t.files.entry.id), digests.get(t.files.entry.id, "")) for t in targets]
    planned = sum(entry.status == "planned" for entry in catalog.entries)
    found = _next(targets, progress)
    command = f"grade {found[0].files.entry.id}/{found[1].name}" if found else "grade all"
    public_only = not any(target.files.private_checks.is_file() for target in targets)
    shown = overview(catalog.course.title, rows, planned, command, screen.console, public_only=public_only)
    screen.show(*shown)


def show_hint(catalog: Catalog, names: tuple[str, ...], screen: Screen) -> None:
    """Print the hints of one exercise up to the next one, and store that the student has seen it."""
    progress = Progress(catalog.local)
    targets = catalog.find(names or ["all"], say_unfinished)
    found = _next(targets, progress)
    if found is None:
        found = targets[0], targets[0].lesson.exercise(targets[0].exercises[0])
    target, exercise = found
    lesson = target.files.entry.id
    now = progress.lesson(lesson)
    step = min(now.hints.get(exercise.name, 0) + 1, len(exercise.hints))
    kept = now.results.get(exercise.name)
    screen.show(*ladder(lesson, exercise, step, diagnosis(kept.result) if kept else ""))
    progress.climb(lesson, exercise.name, step)


def diagnosis(result: ExerciseResult) -> str:
    """Hint of the misconception that the last result shows; "" if there is none."""
    return next((c.hint for c in result.checks if c.misconception), "")


def with_results(target: Target, progress: Progress) -> list[tuple[Exercise, ExerciseResult | None]]:
    """Exercises of the target with their last results."""
    known = progress.lesson(target.files.entry.id).results
    kept = [(target.lesson.exercise(name), known.get(name)) for name in target.exercises]
    return [(exercise, one.result if one else None) for exercise, one in kept]


def last_results(targets: list[Target], progress: Progress) -> dict[str, list[ExerciseResult]]:
    """Last results by lesson, only of exercises that the course still has."""
    return {t.files.entry.id: [result for _, result in with_results(t, progress) if result] for t in targets}


def _next(targets: list[Target], progress: Progress) -> tuple[Target, Exercise] | None:
    found = {(t.files.entry.id, e.name): (t, e, result) for t in targets for e, result in with_results(t, progress)}
    known = [Known(*place, result.outcome if result else None) for place, (_, _, result) in found.items()]
    focus = progress.focus()
    step = next_step(known, looked_at=(focus.lesson, focus.exercise) if focus else None, remembered=True)
    return found[step.lesson, step.exercise][:2] if step else None


def _digests(catalog: Catalog, targets: list[Target]) -> dict[str, str]:
    """Digest of each lesson's present files. A result with another digest is older than the code."""
    try:
        defined = {t.files.entry.id: {e.defines for e in t.lesson.exercises} for t in targets}
        found = read_submission(catalog.root / "exercises", [t.files for t in targets], defined)
    except SubmissionError:
        return {}
    return {lesson: one.sha256 for lesson, one in found.items() if one is not None}


def _row(target: Target, progress: LessonProgress, digest: str) -> Row:
    lesson: Lesson = target.lesson
    known = [progress.results[e.name] for e in lesson.exercises if e.name in progress.results]
    passed = sum(kept.result.outcome is Outcome.PASSED for kept in known)
    note = "" if known else "not graded yet"
    if known and any(kept.sha256 != digest for kept in known):
        note = f"{passed} of {len(lesson.exercises)} done, changed since"
    return Row(
        target.files.entry.id, lesson.title, sum(k.result.points for k in known), lesson.max_points, passed,
        len(lesson.exercises), note,
    )  # fmt: skip
