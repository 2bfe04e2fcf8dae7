"""Markers of known right and wrong answers, for the file known_answers.py of a lesson.

`exercise` begins the group of one exercise. `right`, `wrong` and `fails` mark the answers of the group in two forms: an
edit of the solution's text, or a decorated function or class that replaces the solution's and uses its names. `fails`
marks a wrong answer that is no misunderstanding, such as a training with too few steps. The markers do nothing when
they run. `engine.answers.known` reads them from the file's syntax tree, because a replacement works only inside the
solution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

Definition = TypeVar("Definition", bound=Callable[..., Any])


def exercise(name: str) -> None:
    """Begin the group of this exercise. It ends where the next one begins."""


@overload
def right(name: Definition, /) -> Definition: ...
@overload
def right(name: str, old: str, new: str) -> None: ...
def right(name: Definition | str, old: str = "", new: str = "") -> Definition | None:
    """Mark another right answer.

    As a decorator: the decorated definition. Its name says how it differs. As a statement: the solution with `new` in
    place of `old`, which must occur exactly once in the exercise's definition.
    """
    return None if isinstance(name, str) else name


@overload
def wrong(*, hint: str) -> Callable[[Definition], Definition]: ...
@overload
def wrong(name: str, old: str, new: str, *, hint: str) -> None: ...
def wrong(name: str = "", old: str = "", new: str = "", *, hint: str) -> Callable[[Definition], Definition] | None:
    """Mark a wrong answer, with the hint that a student reads who gives it.

    As a decorator: the decorated definition. Its name is the misconception's id. As a statement: the solution with
    `new` in place of `old`, which must occur exactly once in the exercise's definition.
    """
    return None if name else _unchanged


@overload
def fails(name: Definition, /) -> Definition: ...
@overload
def fails(name: str, old: str, new: str) -> None: ...
def fails(name: Definition | str, old: str = "", new: str = "") -> Definition | None:
    """Mark another way to fail: it loses points, and no misconception may be named for it.

    The two forms are those of `right`.
    """
    return None if isinstance(name, str) else name


def _unchanged(definition: Definition) -> Definition:
    return definition
