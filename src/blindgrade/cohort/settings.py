"""How to grade a cohort; apart from the grading, so that a command can be read without importing torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """`sandbox` is "process" only where someone asked for it in so many words: it does not isolate."""

    workers: int = 1
    sandbox: Literal["strict", "process"] = "strict"
    regrade: bool = False
