"""What the author of alternatives and misconceptions imports: markers of known right and known wrong answers.

Each marks a replacement for one exercise (a function or a class, written with the solution's names), or is an edit
of the solution's text. The markers do nothing when run: `engine.variants` reads them from the file's syntax tree,
because a replacement only has a meaning inside the solution that it replaces a part of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Definition = TypeVar("Definition", bound=Callable[..., Any])


def alternative(exercise: str) -> Callable[[Definition], Definition]:
    """The decorated definition is another right answer to `exercise`; its name says how it differs."""
    return _unchanged


def misconception(exercise: str, *, hint: str) -> Callable[[Definition], Definition]:
    """The decorated definition is a wrong answer to `exercise`; its name is the misconception's id."""
    return _unchanged


def edit(exercise: str, name: str, old: str, new: str, *, hint: str) -> None:
    """A wrong answer: the solution of `exercise` with `old`, which must occur exactly once in it, replaced by `new`."""


def _unchanged(definition: Definition) -> Definition:
    return definition
