"""A grading as Gradescope's results.json (docs/specs.md of gradescope/autograder_samples)."""

from __future__ import annotations

from typing import Any, Literal

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome
from blindgrade.render.safe import shown

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


def results(grading: Grading, hidden: Visibility, seconds: float) -> dict[str, Any]:
    """Record that Gradescope shows: an entry with points for each exercise, and an entry for each of its checks.

    `hidden` is the visibility of the hidden checks and of the points that they decide. `seconds` is the grading time.
    """
    tests: list[dict[str, Any]] = []
    for attempt in grading.lessons:
        prefix = f"{attempt.lesson.removeprefix('lesson-')}/" if len(grading.lessons) > 1 else ""
        for number, result in enumerate(attempt.exercises, start=1):
            tests += _exercise(result, f"{prefix}{number}", attempt.lesson, hidden)
    return {
        **PLAIN,
        "score": grading.points,
        "execution_time": round(seconds),
        "output": _problems(grading.lessons),
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


def _exercise(result: ExerciseResult, number: str, lesson: str, hidden: Visibility) -> list[dict[str, Any]]:
    # Points that a hidden check decides reveal its result, so they have its visibility.
    whole: Visibility = "visible" if all(check.public for check in result.checks) else hidden
    head: dict[str, Any] = {
        "name": f"{result.name}: {result.title}",
        "number": number,
        "score": result.points,
        "max_score": result.max_points,
        "status": "passed" if result.points >= result.max_points else "failed",
        "output": result.outcome.value.replace("_", " "),
        "tags": [lesson, *result.concepts],
        "visibility": whole,
    }
    printed = shown(result.output.strip())[:MAX_TEXT]
    entries = [head]
    for place, check in enumerate(result.checks, start=1):
        entry = _check(check, f"{number}.{place}", lesson, "visible" if check.public else hidden)
        if check.public and printed:
            entry["output"] = "\n".join(part for part in (entry["output"], "Your code printed:", printed) if part)
            printed = ""
        entries.append(entry)
    return entries


def _check(check: CheckResult, number: str, lesson: str, visibility: Visibility) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": check.claim,
        "number": number,
        "output": _said(check),
        "tags": [lesson],
        "visibility": visibility,
    }
    if check.outcome is not Outcome.ERROR:
        entry["status"] = "passed" if check.outcome is Outcome.PASSED else "failed"
    return entry


def _said(check: CheckResult) -> str:
    hint = f"Hint: {check.hint}" if check.hint else ""
    return "\n".join(part for part in (shown(check.message)[:MAX_TEXT], hint) if part)


def _problems(attempts: list[Attempt]) -> str:
    lines = [shown(problem) for attempt in attempts for problem in attempt.problems]
    if any(check.outcome is Outcome.ERROR for a in attempts for r in a.exercises for check in r.checks):
        lines.append(PARTLY)
    return "\n".join(lines)[:MAX_TEXT]
