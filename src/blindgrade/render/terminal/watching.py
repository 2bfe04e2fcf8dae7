"""Screen of `grade --watch`: the last results, the exercise in focus, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from blindgrade.models import Exercise, ExerciseResult, Lesson, Outcome
from blindgrade.render.links import Links
from blindgrade.render.public_part import unit_of
from blindgrade.render.terminal.paper import heading
from blindgrade.render.terminal.results import bar, card, exercise_table, problems, sign_of
from blindgrade.render.terminal.standing import steps

KEYS = (("n", "next"), ("h", "hint"), ("l", "list"), ("a", "all"), ("q", "quit"))
WITHOUT_KEYS = "Ctrl-C ends it. `grade --hint` shows a hint."


@dataclass(frozen=True)
class Focus:
    """The exercise that the student works on, and the number of its hints that were shown."""

    lesson: str
    exercise: Exercise
    result: ExerciseResult
    hints: int = 0


@dataclass(frozen=True)
class View:
    """Content of the screen: each lesson with its results in order. `recent` are the results of the last save.

    `public_only` says that the points are those of public checks.
    """

    lessons: Sequence[tuple[Lesson, Sequence[ExerciseResult]]]
    problems: Sequence[str] = ()
    recent: Sequence[ExerciseResult] = ()
    focus: Focus | None = None
    listed: bool = False
    status: str = ""
    links: Links = field(default_factory=Links.none)
    verbose: bool = False
    public_only: bool = False
    keys: bool = True  # whether this terminal gives single keys


def watch_screen(view: View, console: Console) -> list[RenderableType]:
    """Lines of the screen, from top to bottom."""
    parts: list[RenderableType] = []
    for lesson, results in view.lessons:
        parts.append(heading(lesson.id, lesson.title))
        if view.listed:
            parts.append(exercise_table(results, console))
        of = sum(result.max_points for result in results) or lesson.max_points
        unit = unit_of(public_only=view.public_only)
        parts.append(bar(sum(result.points for result in results), of, console, unit=unit))
    if view.problems:
        parts += ["", *problems(view.problems)]
    parts += ["", Text(view.status, "dim")]
    if view.recent:
        parts.append(exercise_table(view.recent, console))
    if view.focus is not None:
        parts += ["", *_focus(view.focus, view, console)]
    if not view.keys:
        return [*parts, "", Text(WITHOUT_KEYS, "dim")]
    keys = Text("   ").join(Text.assemble((key, "bold"), f" {what}") for key, what in KEYS)
    return [*parts, "", keys]


def verdict(lesson: str, result: ExerciseResult, console: Console) -> Text:
    """One result as one line, for a log."""
    sign, word, style = sign_of(result.outcome, console)
    return Text.assemble((f"{sign} ", style), f"{lesson}/{result.name}  ", (word, style))


def _focus(focus: Focus, view: View, console: Console) -> list[RenderableType]:
    result = focus.result
    if result.outcome in (Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.ERROR):
        parts = card(focus.lesson, result, view.links, verbose=view.verbose, commands=False)
    else:
        sign, word, style = sign_of(result.outcome, console)
        parts = [Text.assemble((f"{sign} ", style), (result.name, "bold"), f"  {result.title}: {word}")]
    if focus.hints and result.outcome is not Outcome.PASSED:
        parts.append(Padding(steps(focus.exercise, focus.hints), (0, 0, 0, 2)))
    return parts
