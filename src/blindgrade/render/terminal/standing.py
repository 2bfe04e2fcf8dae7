"""Progress in all lessons, and the hints of an exercise, as text in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from blindgrade.models import Exercise
from blindgrade.render.outcomes import points
from blindgrade.render.public_part import unit_of
from blindgrade.render.safe import shown
from blindgrade.render.terminal.results import bar

SMALL = 10  # cells of a lesson's bar


@dataclass(frozen=True)
class Row:
    """One lesson in the overview. `note` replaces the number of exercises that are done."""

    lesson: str
    title: str
    points: float
    max_points: float
    passed: int
    exercises: int
    note: str = ""


def overview(
    title: str, rows: Sequence[Row], planned: int, next_command: str, console: Console, *, public_only: bool = False
) -> list[RenderableType]:
    """Every lesson that can be graded, with its last result, and the next command.

    `public_only` says that the points are those of public checks.
    """
    full, empty = ("#", "-") if console.options.ascii_only else ("█", "░")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        filled = int(SMALL * row.points / row.max_points) if row.max_points else 0
        score = f"{points(row.points)} / {points(row.max_points)}"
        words = row.note or f"{row.passed} of {row.exercises} done"
        table.add_row(
            Text(row.lesson, "cyan"),
            Text(row.title),
            Text(full * filled + empty * (SMALL - filled), "green"),
            score,
            Text(words, "dim"),
        )
    earned, most = sum(row.points for row in rows), sum(row.max_points for row in rows)
    parts: list[RenderableType] = [Text(title, "bold"), Text(), Padding(table, (0, 0, 0, 2)), Text()]
    parts.append(bar(earned, most, console, "all lessons", unit=unit_of(public_only=public_only)))
    if planned:
        parts.append(Text(f"  {planned} more {'lesson is' if planned == 1 else 'lessons are'} planned", "dim"))
    return [*parts, Text(), Text.assemble("  next  ", (next_command, "bold"))]


def ladder(lesson: str, exercise: Exercise, step: int, diagnosis: str) -> list[RenderableType]:
    """Hints up to `step`, counted from 1, and the command for the next one."""
    name = f"{lesson}/{exercise.name}"
    left = len(exercise.hints) - step
    more = f"grade --hint {name}" if left else f"grade {name}"
    why = f"   {left} more hint{'s' if left > 1 else ''}" if left else "   this was the last hint"
    table = steps(exercise, step, diagnosis)
    table.add_row(Text("next", "dim"), Text.assemble((more, "bold"), (why, "dim")))
    return [Text.assemble((exercise.name, "bold"), f"  {exercise.title}"), Padding(table, (0, 0, 0, 2))]


def steps(exercise: Exercise, step: int, diagnosis: str = "") -> Table:
    """Hints up to `step`, the newest in bold."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, width=9)
    table.add_column(overflow="fold")
    if diagnosis:
        table.add_row(Text("diagnosis", "yellow"), Text(shown(diagnosis), "yellow"))
    for number, hint in enumerate(exercise.hints[:step], 1):
        table.add_row(Text(f"hint {number}", "cyan"), Text(hint, "" if number < step else "bold"))
    return table
