"""A grading as text in a terminal, by rich: per lesson a list, then what to look at next."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome
from blindgrade.render.safe import shown

# Nothing is told by colour alone: each outcome has its sign and its word.
SIGNS = {
    Outcome.PASSED: ("✓", "passed", "green"),
    Outcome.FAILED: ("✗", "failed", "red"),
    Outcome.BLOCKED: ("↳", "blocked", "yellow"),
    Outcome.NOT_ATTEMPTED: ("·", "not attempted", "dim"),
    Outcome.ERROR: ("!", "grader error", "magenta"),
}
BAR = 24
NOT_RUN = "not run"  # how the message of a check begins whose exercise had used up its time
MAX_DETAILS = 3  # failed checks of one exercise that are told in full


def print_grading(grading: Grading, console: Console, *, verbose: bool = False) -> None:
    """Print the whole grading."""
    for attempt in grading.lessons:
        console.print(_lesson(attempt, verbose))
    if len(grading.lessons) > 1:
        console.print(_total("all lessons", grading.points, grading.max_points))
    console.print(_next(grading))


def _lesson(attempt: Attempt, verbose: bool) -> RenderableType:
    head = Text.assemble(("\n" + attempt.lesson, "bold cyan"), "  ", (attempt.title, "bold"))
    parts: list[RenderableType] = [head]
    for problem in attempt.problems:
        parts.append(Padding(Text("! " + shown(problem), "yellow"), (0, 0, 0, 2)))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=3, justify="right")
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=13)
    table.add_column(justify="right", width=12)
    for result in attempt.exercises:
        sign, word, style = SIGNS[result.outcome]
        score = f"{_points(result.points)} / {_points(result.max_points)}"
        table.add_row(Text(sign, style), Text(result.name), Text(word, style), Text(score))
    parts.append(table)
    for result in attempt.exercises:
        if result.outcome in (Outcome.FAILED, Outcome.ERROR):
            parts.append(_exercise(result, verbose))
    parts.append(_total(attempt.lesson, attempt.points, attempt.max_points))
    if attempt.reference == "key":
        parts.append(Text("  public checks only, against the answer key", "dim"))
    return Group(*parts)


def _exercise(result: ExerciseResult, verbose: bool) -> RenderableType:
    failed = [c for c in result.checks if c.outcome in (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_ATTEMPTED)]
    if not verbose:
        failed = [c for c in failed if not c.message.startswith(NOT_RUN)] or failed
    lines: list[RenderableType] = [Text.assemble("\n", ("  " + result.name, "bold"), f"  {result.title}")]
    told: set[str] = set()
    for check in failed if verbose else failed[:MAX_DETAILS]:
        lines.append(Padding(_check(check, told), (0, 0, 0, 4)))
    if len(failed) > MAX_DETAILS and not verbose:
        lines.append(Text(f"    … and {len(failed) - MAX_DETAILS} more (--verbose shows them)", "dim"))
    if verbose and result.output.strip():
        lines.append(Padding(Text("your code printed:\n" + shown(result.output.strip()), "dim"), (0, 0, 0, 4)))
    return Group(*lines)


def _check(check: CheckResult, told: set[str]) -> RenderableType:
    sign, _, style = SIGNS[check.outcome]
    text = Text.assemble((f"{sign} ", style), check.claim)
    if check.message:
        text.append("\n    " + shown(check.message).replace("\n", "\n    "), "dim")
    if check.hint and check.hint not in told:
        told.add(check.hint)
        name = f" ({check.misconception.replace('_', ' ')})" if check.misconception else ""
        text.append(f"\n  → {check.hint}{name}", "yellow" if check.misconception else "cyan")
    return text


def _total(name: str, points: float, max_points: float) -> Text:
    share = points / max_points if max_points else 0.0
    filled = int(BAR * share)
    bar = "█" * filled + "░" * (BAR - filled)
    return Text.assemble(
        "\n  ", (bar, "green"), f"  {_points(points)} of {_points(max_points)} points", ("  " + name, "dim")
    )


def _points(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _next(grading: Grading) -> Text:
    """One thing to do: the first failure, else the first exercise that is not written."""
    for outcome, verb in ((Outcome.FAILED, "look at"), (Outcome.NOT_ATTEMPTED, "write")):
        for attempt in grading.lessons:
            for result in attempt.exercises:
                if result.outcome is outcome:
                    where = next((c.where for c in result.checks if c.where), None)
                    place = f" ({shown(where)})" if where else ""
                    command = f"grade {attempt.lesson}/{result.name}"
                    return Text.assemble(
                        "\n  Next: ", f"{verb} {result.name}{place}, then run ", (command, "bold"), "\n"
                    )
    return Text("\n  Every point earned.\n" if grading.points >= grading.max_points else "\n")
