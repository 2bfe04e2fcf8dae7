"""Settings of a cohort's grading. A module without torch, so that the command can import it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from blindgrade.attempts.handed_in import Count


@dataclass(frozen=True)
class Settings:
    """Settings. `sandbox` is "process" only if the user chose it, because it does not isolate the student's code.

    `count` says which of a student's versions are graded: with "last" the current files, else all kept versions too.
    `preview`: store nothing. `again`: compare once more with the checks before the present ones.
    """

    workers: int = 1
    sandbox: Literal["strict", "process"] = "strict"
    regrade: bool = False
    count: Count = "last"
    preview: bool = False
    again: bool = False
