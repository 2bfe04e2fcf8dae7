"""Terminal output of a grading: a lesson's heading before torch is imported, its list when the lesson is graded."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.screen import Screen
from blindgrade.models import Attempt, Grading
from blindgrade.render.links import Links
from blindgrade.render.terminal.results import ending, heading, lesson_list

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

    def lesson(self, attempt: Attempt) -> None:
        """Called when a lesson is graded."""

    def clear(self) -> None:
        """Called when the grading ends, also after an error."""

    def end(self, grading: Grading, links: Links, planned: list[str]) -> None:
        """Called when everything is graded."""


class Printing(Silent):
    """Output of a grading that prints each lesson when it is graded, with a bar on standard error until then."""

    def __init__(self, job: Job) -> None:
        self._screen = Screen()
        self._targets = job.targets
        self._verbose = job.wanted["verbose"]
        own = job.catalog.root / "exercises"
        self._again = "" if job.submission == own else f" --submission {_typed(job.submission)}"
        self._next = 0
        self._drawn = sys.stderr.isatty() and not job.options["debug"]

    def begin(self) -> None:
        """Print the first lesson's heading, in a moment after Enter, and show the bar."""
        self._head()
        if self._drawn:
            # Imported here, because the first line must not wait for it.
            from blindgrade.cli.bars import Waiting

            self.waiting = Waiting(sum(len(t.exercises) for t in self._targets))
            self.waiting.start()

    def _head(self) -> None:
        if self._next < len(self._targets):
            target = self._targets[self._next]
            self._screen.show(*[""] * bool(self._next), heading(target.files.entry.id, target.lesson.title))
            self._next += 1
            if self.waiting is not None:
                self.waiting.start()

    def lesson(self, attempt: Attempt) -> None:
        """Print the lesson's list and the next lesson's heading."""
        self.clear()
        self._screen.show(*lesson_list(attempt, self._screen.console))
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
