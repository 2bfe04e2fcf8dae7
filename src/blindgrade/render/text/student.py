"""What a student may read about an attempt, as plain text for places that show only text."""

from __future__ import annotations

from collections.abc import Iterator

from blindgrade.models import Level, Outcome
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.safe import shown
from blindgrade.student_view import CheckView, ExerciseView, StudentView, said_once

MAX_OUTPUT = 2_000  # characters of the code's prints
LATER = "Your submission was graded. Your instructor shows the result later."
EXCUSED = "You are excused from this lesson, so you need no points for it."
HANDED_IN_NOTHING = "You handed in nothing."
NOT_PASSED = "not passed"
UNREADABLE = "Your file could not be read, so no exercise was graded."
SEE_FILE = "could not be used when your file was loaded. Type `grade` on your machine to see why."


def view_text(view: StudentView, course: str = "") -> str:
    """The whole text: a line for the lesson, its points, and each exercise."""
    who = [part for part in (course, view.student or "") if part]
    lines = [f"{view.lesson} {view.title}", *([shown(" · ".join(who))] if who else []), ""]
    lines += [sentence for sentence in (headline(view), left_out(view)) if sentence]
    lines += [f"In your file: {shown(' '.join(problem.split()))}" for problem in view.problems]
    for exercise in view.exercises:
        lines += ["", exercise_text(exercise)]
    return "\n".join(lines).rstrip() + "\n"


def headline(view: StudentView) -> str:
    """Sentence with the result of the whole lesson."""
    if view.excused:
        return EXCUSED
    if view.points is None and not view.handed_in:
        return HANDED_IN_NOTHING
    if view.level is Level.NOTHING:
        return LATER
    if view.unreadable and view.points is None:
        return UNREADABLE
    if view.points is None or view.earned is None:
        passed = sum(exercise.outcome is Outcome.PASSED for exercise in view.exercises)
        return f"{passed} of {len(view.exercises)} exercises passed."
    return f"{points(view.points)} of {points(view.max_points)} points{changes(view)}."


def changes(view: StudentView) -> str:
    """Why the points of the lesson are not those of its exercises, in brackets. Empty if they are, or not shown."""
    return f"{lateness(view)}{adjusted(view)}"


def adjusted(view: StudentView) -> str:
    """Points that the instructor added to the lesson or took from it, in brackets."""
    return f" (with {view.adjusted:+g} by your instructor)" if view.adjusted else ""


def lateness(view: StudentView) -> str:
    """Points before lateness in brackets, if lateness cost points."""
    days = f"{view.days_late} {'day' if view.days_late == 1 else 'days'} late"
    return f" ({points(view.earned or 0.0)} before lateness; {days})" if view.late else ""


def left_out(view: StudentView) -> str:
    """Sentence about parts of the file that could not be used, if the level does not show their errors."""
    if view.problems or not (view.left_out or view.unreadable):
        return ""
    if view.unreadable:
        said = "" if view.points is None else f"{UNREADABLE} "  # without points it is the headline
        return f"{said}Type `grade` on your machine to see why."
    return f"{view.left_out} {'part' if view.left_out == 1 else 'parts'} of your work {SEE_FILE}"


def word(exercise: ExerciseView) -> str:
    """Word for the exercise's outcome. Below the level `checks`, it does not say why the exercise did not pass."""
    if exercise.checks is None and exercise.outcome is Outcome.FAILED:
        return NOT_PASSED
    return SIGNS[exercise.outcome][1]


def exercise_text(view: ExerciseView) -> str:
    """The exercise's outcome and points, each of its checks, and what the code printed, as far as the view has them."""
    score = f", {points(view.points)} of {points(view.max_points)} points" if view.points is not None else ""
    count = f", {view.passed} of {view.of} checks passed" if view.of is not None and view.checks is None else ""
    lines = [f"{view.title}: {word(view)}{score}{count}", *view.decided]
    if view.waits_for:
        lines.append(f"This exercise {view.waits_for}: correct that first.")
    if view.outcome is not Outcome.NOT_ATTEMPTED:  # all of its checks would say the same
        for check in said_once(view.checks or ()):
            lines += _check(check)
    printed = shown(view.output.strip())
    if printed:
        more = f"\n… ({len(printed) - MAX_OUTPUT} more characters)" if len(printed) > MAX_OUTPUT else ""
        lines.append("your code printed:\n" + printed[:MAX_OUTPUT] + more)
    return "\n".join(lines)


def _check(check: CheckView) -> Iterator[str]:
    yield f"{SIGNS[Outcome(check['outcome'])][0]} {check['claim']}"
    if check["outcome"] == Outcome.PASSED:
        return
    if check["message"]:
        yield "    " + shown(check["message"]).replace("\n", "\n    ")
    if check["compared"]:
        yield f"    {shown(check['compared'])}"
    if check["hint"]:
        yield f"    → {check['hint']}"
