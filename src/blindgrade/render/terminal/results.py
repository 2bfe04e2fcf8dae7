"""Grading as text in a terminal, by rich: a list for each lesson, then the details of the first thing to fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Grading, Outcome
from blindgrade.next_step import next_in
from blindgrade.render.links import Link, Links
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.public_part import praise, public_part, unit
from blindgrade.render.safe import shown
from blindgrade.render.terminal.paper import heading

# An outcome's sign in plain ASCII, and its style.
PLAIN = {
    Outcome.PASSED: ("+", "green"),
    Outcome.FAILED: ("x", "red"),
    Outcome.BLOCKED: (">", "yellow"),
    Outcome.NOT_ATTEMPTED: (".", "dim"),
    Outcome.ERROR: ("!", "magenta"),
}
COLON = re.compile(r":(?=:\w)")  # GitHub's runner obeys "::error::" at the start of a line
BAR = 24
UNREAD = "could not be read"  # start of each check's message if the exercise's code is broken
UNCHANGED = "unchanged"  # a result that was not made again
NOT_RUN = "not run"  # start of a check's message if its exercise had used up its time
TO_SHOW = (Outcome.FAILED, Outcome.ERROR, Outcome.BLOCKED)  # exercises that --verbose shows in full
WRONG = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_ATTEMPTED, Outcome.BLOCKED)


def print_grading(grading: Grading, console: Console, *, verbose: bool = False) -> None:
    """Print the whole screen at once, without links."""
    for attempt in grading.lessons:
        console.print(heading(attempt.lesson, attempt.title), *lesson_list(attempt, console), sep="\n")
    for part in ending(grading, Links.none(), console, verbose=verbose):
        console.print(part)


def lesson_list(attempt: Attempt, console: Console) -> list[RenderableType]:
    """Exercises of a lesson, and its points. The caller prints the heading before."""
    parts = problems(attempt.problems)
    if not attempt.unreadable:
        parts.append(exercise_table(attempt.exercises, console))
    return parts + lesson_end(attempt, console)


def lesson_end(attempt: Attempt, console: Console) -> list[RenderableType]:
    """Points of a lesson, below its exercises."""
    parts: list[RenderableType] = [Text(), bar(attempt.points, attempt.max_points, console, unit=unit(attempt))]
    if sentence := public_part(attempt):
        parts.append(Text(f"  {sentence}", "dim"))
    return parts


class Widths(NamedTuple):
    """Least widths of the columns of a lesson's list."""

    name: int
    outcome: int
    score: int


def widths_of(exercises: Iterable[Exercise]) -> Widths:
    """Widths that are enough for these exercises, whatever their outcomes are."""
    listed = list(exercises)
    return Widths(
        max(len(exercise.name) for exercise in listed) + len("+ "),
        max(len(word) for _, word in SIGNS.values()),
        max(len(f"{points(exercise.points)} / {points(exercise.points)}") for exercise in listed),
    )


def exercise_table(results: Iterable[ExerciseResult], console: Console, widths: Widths | None = None) -> RenderableType:
    """Table with a line for each exercise.

    With the `widths` of a lesson, its columns begin at the same places also if each line is a table of its own.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=widths.name if widths else None)
    table.add_column(no_wrap=True, min_width=widths.outcome if widths else None)
    table.add_column(justify="right", no_wrap=True, min_width=widths.score if widths else None)
    table.add_column(overflow="fold")
    for result in results:
        sign, word, style = sign_of(result.outcome, console)
        score = f"{points(result.points)} / {points(result.max_points)}"
        notes = [note for note in (_note(result), UNCHANGED * result.cached) if note]
        name = Text.assemble((f"{sign} ", style), result.name)
        table.add_row(name, Text(word, style), score, Text(", ".join(notes), "dim"))
    return Padding(table, (0, 0, 0, 2))


def sign_of(outcome: Outcome, console: Console) -> tuple[str, str, str]:
    """Sign, word and style of an outcome, as this console can show them."""
    (sign, word), (plain, style) = SIGNS[outcome], PLAIN[outcome]
    return plain if console.options.ascii_only else sign, word, style


def bar(earned: float, of: float, console: Console, what: str = "", *, unit: str = "points") -> Text:
    """Points as a bar and in words."""
    full, empty = ("#", "-") if console.options.ascii_only else ("█", "░")
    filled = int(BAR * earned / of) if of else 0
    words = f"  {points(earned)} of {points(of)} {unit}" + (f", {what}" if what else "")
    return Text.assemble("  ", (full * filled + empty * (BAR - filled), "green"), words)


def problems(texts: Iterable[str]) -> list[RenderableType]:
    """Lines about problems with the files themselves."""
    return [Padding(Text("! " + students(text), "yellow"), (0, 0, 0, 2)) for text in texts]


def _note(result: ExerciseResult) -> str:
    if result.outcome is Outcome.BLOCKED:
        return result.waits_for
    if result.outcome is Outcome.FAILED and all(c.message.startswith(UNREAD) for c in result.checks):
        return UNREAD
    if result.outcome is Outcome.FAILED:
        wrong = sum(c.outcome in WRONG for c in result.checks)
        return f"{wrong} of {len(result.checks)} checks {'fails' if wrong == 1 else 'fail'}"
    return "costs no points" if result.outcome is Outcome.ERROR else ""


# ---------------------------------------------------------------- what to do next


def ending(
    grading: Grading, links: Links, console: Console, *, verbose: bool = False, options: str = ""
) -> list[RenderableType]:
    """Lines below the lessons: the total, and the next exercise to fix (with `verbose`: all that are wrong).

    `options` are those that the next command repeats, as a shell reads them.
    """
    parts: list[RenderableType] = []
    if len(grading.lessons) > 1:
        parts += ["", bar(grading.points, grading.max_points, console, "all lessons", unit=unit(grading))]
    first = next_in(grading.lessons) or _blocked(grading)
    shown_results = [first] if first else []
    if verbose:
        shown_results = [(a, r) for a in grading.lessons for r in _shown(a)] or shown_results
    for attempt, result in shown_results:
        parts += ["", *card(attempt.lesson, result, links, verbose=verbose, options=options)]
    if sentence := praise(grading):
        parts += ["", f"  {sentence}"]
    return parts


def _shown(attempt: Attempt) -> list[ExerciseResult]:
    """Exercises that --verbose shows: none of a lesson whose file could not be read."""
    return [] if attempt.unreadable else [r for r in attempt.exercises if r.outcome in TO_SHOW]


def _blocked(grading: Grading) -> tuple[Attempt, ExerciseResult] | None:
    """First blocked exercise, if nothing else is left in this grading."""
    found = [(a, r) for a in grading.lessons for r in a.exercises if r.outcome is not Outcome.PASSED]
    return found[0] if found and all(r.outcome is Outcome.BLOCKED for _, r in found) else None


def card(
    lesson: str,
    result: ExerciseResult,
    links: Links,
    *,
    verbose: bool = False,
    commands: bool = True,
    options: str = "",
) -> list[RenderableType]:
    """Exercise that is not done: its first failed check's claim, message, hint and place, and the next command.

    With `verbose`: every failed check, the student's own frames, and the prints. Without `commands` there is no next
    command, because the reader has keys for it.
    """
    write = result.outcome is Outcome.NOT_ATTEMPTED
    verb = "To write: " if write else "Blocked: " if result.waits_for else "To fix: "
    head = Text.assemble(verb, (result.name, "bold"), f"  {result.title}")
    failed = [c for c in result.checks if c.outcome in WRONG]
    grid = _grid()
    if result.waits_for:
        grid.add_row(Text("first", "dim"), Text(f"{result.waits_for}; correct that first. This exercise itself:"))
    if not verbose:
        failed = ([c for c in failed if not c.message.startswith(NOT_RUN)] or failed)[:1]
    said: set[str] = set()
    for number, check in enumerate(failed):
        if number:
            grid.add_row("", "")
        _add_check(grid, check, lesson, links, said, write=write, verbose=verbose)
    more = sum(c.outcome in WRONG for c in result.checks) - len(failed)
    if more and not write:
        fail = "check fails" if more == 1 else "checks fail"
        shows = f": --verbose shows {'it' if more == 1 else 'them'}" if commands else ""
        grid.add_row("", Text(f"{more} more {fail}{shows}", "dim"))
    if verbose and result.output.strip():
        grid.add_row(Text("printed", "dim"), Text(students(result.output.strip())))
    if commands:
        _add_commands(grid, f"{lesson}/{result.name}", write, options)
        if public := next((c.name for c in failed if c.public and not write), ""):
            command = Text(shown(f"grade {lesson}/{result.name}{options} --show {public}"), "bold")
            grid.add_row("", Text.assemble(command, ("   for its inputs", "dim")))
    return [head, Padding(grid, (0, 0, 0, 2))]


def _add_commands(grid: Table, exercise: str, write: bool, options: str) -> None:
    command = Text.assemble(
        (shown(f"grade {exercise}{options}"), "bold"), ("   when you have written it" if write else "", "dim")
    )
    grid.add_row(Text("next", "dim"), command)
    grid.add_row("", Text.assemble((f"grade --hint {exercise}", "bold"), ("   for a hint", "dim")))


def students(text: str) -> str:
    """Student's text that stays harmless if it is broken into lines: no line begins like a CI runner's command."""
    return COLON.sub(r"\\x3a", shown(text))


@dataclass(frozen=True)
class _Fitting:
    """Place by its path if the path fits on the line, because nobody can click on half a path."""

    place: Link

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fits = len(self.place.text) <= options.max_width
        # The link's path is one that the grader knows. rich leaves links out if there is no terminal.
        link = f"link {self.place.url}" if self.place.url else ""
        yield Text(self.place.text if fits else self.place.short, link)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self.place.short), options.max_width), len(self.place.text))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, width=9)
    grid.add_column(overflow="fold")
    return grid


def _add_check(
    grid: Table, check: CheckResult, lesson: str, links: Links, said: set[str], *, write: bool, verbose: bool
) -> None:
    """Add the rows of one check. A relation that is in `said` is not repeated."""
    grid.add_row(Text("claim", "dim"), Text(check.claim))
    if check.seen and not write:
        grid.add_row(Text("seen", "dim"), Text(students(check.seen)))
    if check.compared and check.compared not in said:
        said.add(check.compared)
        grid.add_row(Text("compared", "yellow"), Text(students(check.compared), "yellow"))
    if check.hint:
        if check.misconception:
            grid.add_row(Text("diagnosis", "yellow"), Text(check.hint, "yellow"))
        else:
            grid.add_row(Text("hint", "cyan"), Text(check.hint, "cyan"))
    if check.where:
        place = links.of(lesson, check.where)
        grid.add_row(Text("where", "dim"), _Fitting(place))
    for frame in check.frames if verbose else []:
        grid.add_row("", Text(students(str(frame)), "dim"))
