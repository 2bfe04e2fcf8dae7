"""Settings of a cohort's grading. A module without torch, so that the command can import it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """Settings. `sandbox` is "process" only if the user chose it, because it does not isolate the student's code."""

    workers: int = 1
    sandbox: Literal["strict", "process"] = "strict"
    regrade: bool = False
