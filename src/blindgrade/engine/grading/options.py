"""Options of a grading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.engine.judging.wrong_answers import CollectedReplies
from blindgrade.models import Attempt, ExerciseResult, Outcome

Progress = Callable[[str, str, Outcome | None], None]  # lesson, exercise, and its outcome when it is graded
# Lesson, an exercise's result, the problems with the file so far, and why no definition of it could be read or loaded.
Graded = Callable[[str, ExerciseResult, list[str], str], None]


@dataclass(frozen=True)
class Options:
    """Options of a grading; see `grade --help`."""

    seed: int | None = None
    reference: Literal["auto", "live", "key"] = "auto"
    sandbox: Sandbox = "auto"
    device: str = "cpu"
    debug: bool = False
    progress: Progress | None = None
    graded: Graded | None = None  # gets each exercise's result as soon as it is complete
    opened: dict[str, set[str]] | None = None  # collects the files that the code of each lesson opened
    interrupted: Callable[[], bool] | None = None  # called often; if it returns True, `Interrupted` is raised
    finished: Callable[[Attempt], None] | None = None  # gets each lesson's attempt as soon as it is complete
    figures: CollectedFigures | None = None  # collects figures of the results, if a report shows them
    replies: CollectedReplies | None = None  # collects replies, if wrong answers are compared later
