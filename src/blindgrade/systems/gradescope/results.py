"""A grading as Gradescope's results.json (docs/specs.md of gradescope/autograder_samples)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from blindgrade.models import Feedback, Grading, Level, Outcome
from blindgrade.render.safe import shown
from blindgrade.render.text.student import headline, left_out, word
from blindgrade.student_view import CheckView, ExerciseView, StudentView, feedback_levels, student_view

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
MAX_TEXT = 2_000  # characters of one text that a student controls

# Plain text everywhere, so that no text of a student is read as markup. Only instructors see standard output.
PLAIN: dict[str, Any] = {
    "output_format": "text",
    "test_output_format": "text",
    "test_name_format": "text",
    "visibility": "visible",
    "stdout_visibility": "hidden",
}
FAULT = (
    "The grader itself failed, so this submission was not graded. This is not your fault, and the points shown are not"
    " your points. Ask your instructor to run the autograder again."
)
PARTLY = "The grader failed in some checks, so they have no result. They cost you no points."
PUBLISHED = "The points are shown when your instructor publishes the grades."
WITHOUT_TOTAL = (Level.NOTHING, Level.EXERCISES)  # levels that do not show the points of the lesson

Tests = list[dict[str, Any]]


def results(grading: Grading, hidden: Visibility, seconds: float, feedback: Feedback | None = None) -> dict[str, Any]:
    """Record that Gradescope shows. `seconds` is the grading time.

    With `feedback`, it has what students may read before the due date, and after it what they may read then. Without
    it, students read every public check at once; `hidden` is the visibility of hidden checks and of the points that
    they decide.
    """
    tests: Tests = []
    said: list[str] = []
    for attempt in grading.lessons:
        prefix = f"{attempt.lesson.removeprefix('lesson-')}/" if len(grading.lessons) > 1 else ""
        before, after = feedback_levels(feedback, attempt.lesson)
        now = student_view(attempt, before)
        if feedback is None:
            tests += _entries(now, prefix, "visible", hidden)
        else:
            then = now if before is after else student_view(attempt, after)
            tests += _by_level(now, then, prefix, "after_due_date" if hidden == "visible" else hidden)
            said.append(headline(now))
        said += _about_file(now)
    return {
        **PLAIN,
        "score": grading.points,
        "execution_time": round(seconds),
        "output": "\n".join(said)[:MAX_TEXT],
        "tests": tests,
        "extra_data": {
            "schema": "blindgrade/gradescope/v1",
            "max_score": grading.max_points,
            "exercises": {f"{a.lesson}/{r.name}": r.points for a in grading.lessons for r in a.exercises},
        },
    }


def failure() -> dict[str, Any]:
    """Record of a grader that failed. The reason is for instructors only, so it is printed and not in the record."""
    return {**PLAIN, "score": 0, "output": FAULT, "tests": [], "extra_data": {"grader_failed": True}}


def unreadable(reason: str) -> dict[str, Any]:
    """Record of a submission that cannot be read. The reason says what the student can do."""
    return {**PLAIN, "score": 0, "output": shown(reason)[:MAX_TEXT], "tests": [], "extra_data": {}}


def _by_level(now: StudentView, then: StudentView, prefix: str, later: Visibility) -> Tests:
    """Entries of a lesson under a policy: what students read now, and what they read after the due date.

    Gradescope shows the total as soon as no entry waits for its time. So an entry waits as long as the policy shows no
    points of the lesson.
    """
    tests = list(_entries(now, prefix, "visible"))
    if then is not now:
        tests.append({"name": then.lesson, "output": headline(then), "visibility": later})
        tests += _entries(then, prefix, later)
    if then.level in WITHOUT_TOTAL:
        tests.append({"name": then.lesson, "output": PUBLISHED, "visibility": "after_published"})
    return tests


def _entries(
    view: StudentView, prefix: str, visibility: Visibility, hidden: Visibility | None = None
) -> Iterator[dict[str, Any]]:
    """An entry for each exercise of the view and each of its checks. `hidden` is for what hidden checks decide."""
    for number, exercise in enumerate(view.exercises, start=1):
        yield from _exercise(exercise, f"{prefix}{number}", view.lesson, visibility, hidden or visibility)


def _exercise(
    view: ExerciseView, number: str, lesson: str, visibility: Visibility, hidden: Visibility
) -> Iterator[dict[str, Any]]:
    checks = view.checks or []
    # Points that a hidden check decides reveal its result, so they have its visibility.
    whole = visibility if all(check["public"] for check in checks) else hidden
    count = f": {view.passed} of {view.of} checks passed" if view.of is not None and view.checks is None else ""
    head: dict[str, Any] = {
        "name": f"{view.name}: {view.title}",
        "number": number,
        "status": "passed" if _all_earned(view) else "failed",
        "output": f"{word(view)}{count}",
        "tags": [lesson],
        "visibility": whole,
    }
    if view.points is not None:
        head |= {"score": view.points, "max_score": view.max_points}
    yield head
    printed = shown(view.output.strip())[:MAX_TEXT]
    given: set[str] = set()
    for place, check in enumerate(checks, start=1):
        if check["compared"] in given:  # a relation is said once
            check = {**check, "compared": ""}
        given.add(check["compared"])
        entry = _check(check, f"{number}.{place}", lesson, visibility if check["public"] else hidden)
        if check["public"] and printed:
            entry["output"] = "\n".join(part for part in (entry["output"], "Your code printed:", printed) if part)
            printed = ""
        yield entry


def _all_earned(view: ExerciseView) -> bool:
    if view.points is None:
        return view.outcome in (Outcome.PASSED, Outcome.ERROR)
    return view.points >= view.max_points


def _check(check: CheckView, number: str, lesson: str, visibility: Visibility) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": check["claim"],
        "number": number,
        "output": _said(check),
        "tags": [lesson],
        "visibility": visibility,
    }
    if check["outcome"] != Outcome.ERROR:
        entry["status"] = "passed" if check["outcome"] == Outcome.PASSED else "failed"
    return entry


def _said(check: CheckView) -> str:
    hint = f"Hint: {check['hint']}" if check["hint"] else ""
    return "\n".join(part for part in (shown(check["message"])[:MAX_TEXT], shown(check["compared"]), hint) if part)


def _about_file(view: StudentView) -> Iterator[str]:
    yield from (shown(problem) for problem in view.problems)
    if sentence := left_out(view):
        yield sentence
    if any(exercise.outcome is Outcome.ERROR for exercise in view.exercises):
        yield PARTLY
