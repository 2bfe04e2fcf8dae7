"""How to grade: what `grade` takes as its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from blindgrade.engine.grading.warm_process import Sandbox
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.models import Attempt, Outcome

Progress = Callable[[str, str, Outcome | None], None]  # lesson, exercise, its outcome when it is done


@dataclass(frozen=True)
class Options:
    """How to grade; see `grade --help`."""

    seed: int | None = None
    reference: Literal["auto", "live", "key"] = "auto"
    sandbox: Sandbox = "auto"
    device: str = "cpu"
    debug: bool = False
    progress: Progress | None = None
    interrupted: Callable[[], bool] | None = None  # asked all the time; when it says so, `Interrupted` is raised
    finished: Callable[[Attempt], None] | None = None  # gets each lesson's attempt as soon as it is there
    figures: CollectedFigures | None = None  # where figures of the results are kept, if someone wants to see them
