"""Solution as a module, also with one exercise replaced by another answer."""

from __future__ import annotations

from functools import cached_property

from blindgrade.catalog import CourseError
from blindgrade.engine.answers.known import KnownAnswers, read_known_answers
from blindgrade.engine.answers.lesson_checks import provide_toys
from blindgrade.engine.answers.solution_text import SolutionText, Variant
from blindgrade.engine.worker.lesson import LoadedLesson, load


class Solution(SolutionText):
    """Solution of one lesson, which can be loaded."""

    @cached_property
    def module(self) -> LoadedLesson:
        """Solution as a loaded module: the reference."""
        return self.load(self.text)

    @cached_property
    def known(self) -> KnownAnswers:
        """Known answers of the lesson. CourseError names the line of a wrong entry."""
        return read_known_answers(self)

    def load(self, text: str) -> LoadedLesson:
        """Module with `text` instead of the solution's text. CourseError if a line of it does not run."""
        provide_toys(self.files)
        loaded = load(self.files.module, text, str(self.files.solution))
        if loaded.problems:
            first = loaded.problems[0]
            raise CourseError(f"{self.files.solution}:{first.line}: {first.error.type}: {first.error.message}")
        return loaded

    def variant(self, variant: Variant) -> LoadedLesson:
        """Solution with this answer instead of its own."""
        return self.load(variant.text)
