"""A mutant, and the list of mutants that are right answers. This module needs no library that authors install."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from blindgrade.catalog import CourseError
from blindgrade.files import toml_data

NEEDED = "libcst"
LACKING = "mutants are made with libcst, which is not installed; run pip install 'blindgrade[author]'"


def can_make_mutants() -> bool:
    """Is the library installed that makes mutants?"""
    return find_spec(NEEDED) is not None


@dataclass(frozen=True)
class Mutant:
    """The solution with one small change. `exercise` is the name of the changed exercise or helper.

    `change` is short enough for a line of a list; `old` and `new` are the same change in full.
    """

    exercise: str
    line: int
    change: str
    text: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Equivalent:
    """An entry of equivalents.toml: a mutant that is a right answer, with the reason."""

    exercise: str
    change: str
    reason: str


def read_equivalents(path: Path) -> list[Equivalent]:
    """Entries of the file; none if the file is missing. CourseError if it has another form."""
    if not path.is_file():
        return []
    try:
        return [Equivalent(**entry) for entry in toml_data(path).get("mutant", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise CourseError(f"{path}: {error}; each [[mutant]] has exercise, change and reason") from None
