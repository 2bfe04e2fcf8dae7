"""An exercise's result as a comment in a gradebook: a short Markdown text without any text of the student's.

Messages are left out because they may quote an error of the student's code, and nbgrader shows comments as HTML in the
instructor's browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from blindgrade.models import Level, Outcome
from blindgrade.render.text.student import UNREADABLE
from blindgrade.student_view import ExerciseView, StudentView, said_once

MARKUP = re.compile(r"([\\`*\[\]<>&])")


UNREAD = f"{UNREADABLE} Type `grade` on your machine to see why."


def comments(view: StudentView, exercises: Iterable[str]) -> dict[str, str | None]:
    """Comment on each of the lesson's exercises. If the file could not be read, only the first has one, about it."""
    found = {exercise.name: comment(exercise) for exercise in view.exercises}
    if view.unreadable and view.level not in (Level.NOTHING, Level.TOTAL):
        found = {name: None for name in exercises}
        found |= {name: UNREAD for name in list(found)[:1]}
    return found


def comment(view: ExerciseView, written: Callable[[str], str] | None = None) -> str | None:
    """Comment on the exercise; None if it passed and nobody changed its points.

    `written` escapes a sentence for the place where it is shown; the default is Markdown.
    """
    written = written or plain
    said = [part for part in (_about(view, written), *map(written, view.decided)) if part is not None]
    return "\n".join(said) if said else None


def _about(view: ExerciseView, written: Callable[[str], str]) -> str | None:
    if view.outcome is Outcome.PASSED:
        return None
    if view.outcome is Outcome.NOT_ATTEMPTED:
        return "Not attempted."
    if view.outcome is Outcome.ERROR:
        return "The grader could not judge a check of this exercise. This costs no points; your instructor will look."
    if view.outcome is Outcome.BLOCKED:
        waits = view.waits_for[:1].upper() + view.waits_for[1:]
        return f"{written(waits)}: correct that first, then grade again."
    if view.checks is None:
        return "Not passed." if view.of is None else f"{view.passed} of {view.of} checks passed."
    lines = []
    for check in said_once(view.checks):
        if check["outcome"] not in (Outcome.FAILED, Outcome.NOT_ATTEMPTED):
            continue
        line = f"- ✗ {written(check['claim'])}"
        for text, sign in ((check["compared"], " "), (check["hint"], " → ")):
            line += f"{sign}{written(text)}" if text else ""
        lines.append(line)
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text with the special characters of Markdown and HTML escaped."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))
