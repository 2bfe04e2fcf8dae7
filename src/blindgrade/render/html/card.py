"""A grading as a card in a notebook: HTML, and the same as plain text for notebook programs without HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Outcome
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.public_part import public_part, unit
from blindgrade.render.safe import shown
from blindgrade.render.sentences import begun

if TYPE_CHECKING:
    from blindgrade.render.html.look import Look

TO_FIX = (Outcome.FAILED, Outcome.BLOCKED, Outcome.ERROR)


def html_card(attempt: Attempt, look: Look | None = None) -> str:
    """HTML of the card. Text from the student's code is escaped."""
    from blindgrade.render.html.look import PLAIN
    from blindgrade.render.html.pages import filled

    first = _first_to_fix(attempt)
    alone = len(attempt.exercises) == 1
    exercises = [
        (
            r,
            alone or r is first,
            r.waits_for,
            [(c, compared, hint, _place(c)) for c, compared, hint in _explained(attempt.lesson, r)],
        )
        for r in _graded(attempt)
    ]
    return filled(
        "notebook.html",
        stylesheet="notebook.css",
        look=look or PLAIN,
        whole=False,
        attempt=attempt,
        exercises=exercises,
        unit=unit(attempt),
        foot=_foot(attempt),
    )


def text_card(attempt: Attempt) -> str:
    """Plain text of the card."""
    lines = [f"! {shown(attempt.unreadable)}"] if attempt.unreadable else []
    for result in _graded(attempt):
        sign, word = SIGNS[result.outcome]
        score = f"{points(result.points)} / {points(result.max_points)}"
        lines.append(f"{sign} {result.name}  {result.title}: {word}, {score}")
        if result.outcome is Outcome.PASSED and len(attempt.exercises) > 1:
            continue
        if waits := result.waits_for:
            lines.append(f"    This exercise {waits}: correct that first.")
        for check, compared, hint in _explained(attempt.lesson, result):
            lines.append(f"    {SIGNS[check.outcome][0]} {check.claim}")
            if check.seen:
                place = f" ({_place(check)})" if _place(check) else ""
                lines.append("      " + shown(check.seen).replace("\n", "\n      ") + place)
            if compared:
                lines.append(f"      {shown(compared)}")
            if hint:
                lines.append(f"      → {hint}")
        if result.output.strip():
            lines.append("    your code printed:\n      " + shown(result.output.strip()).replace("\n", "\n      "))
    by = (
        f"{points(attempt.points)} of {points(attempt.max_points)} {unit(attempt)} by"
        if len(attempt.exercises) > 1
        else "By"
    )
    run, command, end = _foot(attempt)
    return "\n".join([*lines, f"{by} {run} `{command}` {end}"])


def _graded(attempt: Attempt) -> list[ExerciseResult]:
    """Results that show something: none if the file could not be read."""
    return [] if attempt.unreadable else attempt.exercises


def _first_to_fix(attempt: Attempt) -> ExerciseResult | None:
    return next((r for r in _graded(attempt) if r.outcome in TO_FIX), None)


def _explained(lesson: str, result: ExerciseResult) -> list[tuple[CheckResult, str, str]]:
    """Checks with their relations and hints, each of which is there once.

    A failure without a hint names the command for a hint, once.
    """
    seen: set[str] = set()
    rows = []
    for check in result.checks:
        unexplained = check.outcome is Outcome.FAILED and not check.hint
        hint = f"for a hint: grade --hint {lesson}/{result.name}" if unexplained else check.hint
        rows.append((check, "" if check.compared in seen else check.compared, "" if hint in seen else hint))
        seen |= {check.compared, hint}
    return rows


def _place(check: CheckResult) -> str:
    """Place of the error; "" if the message has it."""
    return shown(str(check.where)) if check.where and str(check.where) not in check.seen else ""


def _foot(attempt: Attempt) -> tuple[str, str, str]:
    """Three parts of the last sentence: the checks that ran, the command that grades everything, and its effect."""
    ids = [f"{attempt.lesson}/{r.name}" for r in attempt.exercises]
    command = f"grade {ids[0] if len(ids) == 1 else attempt.lesson}"
    hidden = public_part(attempt)
    return (
        f"the public checks, run in this kernel on its present code ({attempt.seconds:.1f} s)."
        f"{f' {begun(hidden)}.' if hidden else ''} Save the notebook, then",
        command,
        "grades it as you will submit it.",
    )
