"""Markers of known right and wrong answers, which alternatives.py and misconceptions.py import.

A marker is a decorator or an edit. A decorator marks a replacement for one exercise: a function or class that uses the
solution's names. An edit changes the solution's text. The markers do nothing when they run.
`engine.answers.solution` reads them from the file's syntax tree, because a replacement works only inside the solution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Definition = TypeVar("Definition", bound=Callable[..., Any])


def alternative(exercise: str) -> Callable[[Definition], Definition]:
    """Mark the decorated definition as another right answer to `exercise`. Its name says how it differs."""
    return _unchanged


def misconception(exercise: str, *, hint: str) -> Callable[[Definition], Definition]:
    """Mark the decorated definition as a wrong answer to `exercise`. Its name is the misconception's id."""
    return _unchanged


def edit(exercise: str, name: str, old: str, new: str, *, hint: str) -> None:
    """Mark a wrong answer: the solution of `exercise` with `new` in place of `old`, which must occur exactly once."""


def _unchanged(definition: Definition) -> Definition:
    return definition
