"""Terminal output of a grading: a lesson's heading before torch is imported, and each exercise when it is graded."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blindgrade.catalog import Target
from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.screen import Screen
from blindgrade.models import Attempt, ExerciseResult, Grading
from blindgrade.render.links import Links
from blindgrade.render.terminal.paper import heading
from blindgrade.render.terminal.results import ending, exercise_table, lesson_end, problems, widths_of

if TYPE_CHECKING:  # see `begin`
    from blindgrade.cli.bars import Waiting


def _typed(path: Path) -> str:
    """The path as people type it in their shell, with the quotes that it needs."""
    if os.sep == "/":
        return shlex.quote(str(path))
    from subprocess import list2cmdline  # the first line on the screen must not wait for it

    return list2cmdline([str(path)])


class Silent:
    """Output of a grading that prints nothing before its end."""

    waiting: Waiting | None = None

    def begin(self) -> None:
        """Called when the grading begins."""

    def exercise(self, lesson: str, result: ExerciseResult, found: Sequence[str], unreadable: str) -> None:
        """Called when an exercise is graded; see `options.Graded`."""

    def lesson(self, attempt: Attempt) -> None:
        """Called when a lesson is graded."""

    def clear(self) -> None:
        """Called when the grading ends, also after an error."""

    def end(self, grading: Grading, links: Links, planned: list[str]) -> None:
        """Called when everything is graded."""


class Printing(Silent):
    """Output of a grading that prints each exercise when it is graded, with a bar on standard error until then.

    `heading` is the lesson whose heading is on the screen already; empty if none is.
    """

    def __init__(self, job: Job, heading: str = "") -> None:
        self._screen = Screen()
        self._targets = job.targets
        self._verbose = job.wanted["verbose"]
        own = job.catalog.root / "exercises"
        self._again = "" if job.submission == own else f" --submission {_typed(job.submission)}"
        self._next = 0
        self._heading = heading
        self._drawn = sys.stderr.isatty() and not job.options["debug"]
        self._ready: dict[str, ExerciseResult] = {}  # of the present lesson
        self._printed = 0
        self._said: list[str] = []

    def begin(self) -> None:
        """Print the first lesson's heading, in a moment after Enter, and show the bar."""
        self._head()
        if self._drawn:
            # Imported here, because the first line must not wait for it.
            from blindgrade.cli.bars import Waiting

            self.waiting = Waiting(sum(len(t.exercises) for t in self._targets))
            self.waiting.start()

    def _head(self) -> None:
        self._ready, self._printed, self._said = {}, 0, []
        if self._next < len(self._targets):
            target = self._targets[self._next]
            if self._next or target.files.entry.id != self._heading:
                self._screen.show(*[""] * bool(self._next), heading(target.files.entry.id, target.lesson.title))
            self._next += 1
            if self.waiting is not None:
                self.waiting.start()

    def exercise(self, lesson: str, result: ExerciseResult, found: Sequence[str], unreadable: str) -> None:
        """Print the exercise's line, and the lines of those that waited for it: they come in the lesson's order."""
        self._ready[result.name] = result
        if unreadable:
            return  # if nothing can be read, the lesson has no such lines
        lines = [*self._problems(found), *self._lines(self._targets[self._next - 1])]
        if lines:
            self.clear()
            self._screen.show(*lines)
            if self.waiting is not None:
                self.waiting.start()

    def _problems(self, found: Sequence[str]) -> list[Any]:
        new = [text for text in found if text not in self._said]
        self._said += new
        return list(problems(new))

    def _lines(self, target: Target) -> list[Any]:
        """Lines of the exercises that are graded, up to the first one that is not."""
        lines = []
        widths = widths_of(map(target.lesson.exercise, target.exercises))
        for name in target.exercises[self._printed :]:
            if name not in self._ready:
                break
            lines.append(exercise_table([self._ready[name]], self._screen.console, widths))
            self._printed += 1
        return lines

    def lesson(self, attempt: Attempt) -> None:
        """Print what is left of the lesson's list, and the next lesson's heading."""
        self.clear()
        target = self._targets[self._next - 1]
        lines = self._problems(attempt.problems)
        if not attempt.unreadable:
            widths = widths_of(map(target.lesson.exercise, target.exercises))
            rest = [r for r in attempt.exercises if target.exercises.index(r.name) >= self._printed]
            lines += [exercise_table([result], self._screen.console, widths) for result in rest]
        self._screen.show(*lines, *lesson_end(attempt, self._screen.console))
        self._head()

    def clear(self) -> None:
        """Remove the bar."""
        if self.waiting is not None:
            self.waiting.stop()

    def end(self, grading: Grading, links: Links, planned: list[str]) -> None:
        """Print the total and the next step."""
        parts: list[Any] = ending(grading, links, self._screen.console, verbose=self._verbose, options=self._again)
        if planned:
            parts += ["", f"  Planned, not graded: {', '.join(planned)}"]
        self._screen.show(*parts, "")
