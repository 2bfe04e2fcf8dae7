"""Result of one exercise as plain text, for places that show only text, such as a notebook's output."""

from __future__ import annotations

from blindgrade.models import ExerciseResult, Outcome
from blindgrade.render.outcomes import SIGNS
from blindgrade.render.safe import shown

MAX_OUTPUT = 2_000  # characters of the code's prints


def exercise_text(result: ExerciseResult) -> str:
    """Each check of the exercise with its claim, message and hint, and what the code printed."""
    outcome = result.outcome.value.replace("_", " ")
    lines = [f"{result.title}: {outcome}, {result.points:g} of {result.max_points:g} points"]
    shown_hints: set[str] = set()
    for check in result.checks:
        lines.append(f"{SIGNS[check.outcome][0]} {check.claim}")
        if check.outcome is Outcome.PASSED:
            continue
        if check.message:
            lines.append("    " + shown(check.message).replace("\n", "\n    "))
        if check.hint and check.hint not in shown_hints:
            shown_hints.add(check.hint)
            lines.append(f"    → {check.hint}")
    printed = shown(result.output.strip())
    if printed:
        more = f"\n… ({len(printed) - MAX_OUTPUT} more characters)" if len(printed) > MAX_OUTPUT else ""
        lines.append("your code printed:\n" + printed[:MAX_OUTPUT] + more)
    return "\n".join(lines)
