"""Exact values as digests. They can be compared and not read.

A value is exact if it has no floating-point number, so that equality needs no tolerance. A lookup is an exact value
whose cases are answers from a list, such as names or yes and no. Readable, it would be a crib.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from blindgrade.agreement import ERRORS

MARK = "#"  # begins a digest; an error's name has none
LENGTH = 12  # bytes of a digest
LONGEST = 200  # characters of a student's answer in a message

# Digests of a lookup's cases in the value's form: dicts, and lists at the top. A leaf is a digest or an error's name.
Tree = dict[str, Any] | list[Any] | str


@dataclass(frozen=True)
class Digest:
    """Digest of a whole exact value."""

    salt: str
    text: str

    @classmethod
    def of(cls, value: Any, salt: str) -> Digest | None:
        """Digest of the value; None if it is not exact."""
        form = _form(value)
        return None if form is None else cls(salt, _hashed(salt, (), form))

    def fits(self, value: Any) -> bool:
        """Whether the value is the digest's."""
        return Digest.of(value, self.salt) == self


@dataclass(frozen=True)
class Keyed:
    """Right answers to a lookup, each as a digest with a salt of its own."""

    salt: str
    tree: Tree

    @classmethod
    def of(cls, value: Any, salt: str) -> Keyed:
        """Digests of the cases of an exact value. ValueError if it is not exact."""
        return cls(salt, _tree(value, salt, ()))

    def fits(self, value: Any) -> bool:
        """Whether the value answers every case rightly."""
        return not self.faults(value)[0]

    def fault(self, value: Any) -> str:
        """Sentence about the first wrong case; "" if there is none."""
        faults, cases = self.faults(value)
        more = f"; {len(faults)} of {cases} cases are not right" if len(faults) > 1 else ""
        return f"{faults[0]}{more}" if faults else ""

    def __str__(self) -> str:
        return "only digests; this answer key does not show its right answers"

    def faults(self, value: Any) -> tuple[list[str], int]:
        """A sentence for each case that the value answers wrongly, and the number of all cases.

        No sentence contains the right answer. An error that should have been raised is named, because docstrings name
        it, too.
        """
        found: list[str] = []
        return found, _compare(value, self.tree, self.salt, (), found.append)


class Answered(NamedTuple):
    """A case of a lookup: what a student answers, whether it is right, and the error that is due if there is one."""

    path: tuple[str | int, ...]
    value: Any
    right: bool
    error: str | None


def answered(value: Any, keyed: Keyed) -> list[Answered] | None:
    """Each case of the lookup as the value answers it; None if the value has another form."""
    found: list[Answered] = []
    return found if _collect(value, keyed.tree, keyed.salt, (), found) else None


def _collect(value: Any, tree: Tree, salt: str, path: tuple[str | int, ...], found: list[Answered]) -> bool:
    if isinstance(tree, str):
        error = None if tree.startswith(MARK) else tree
        found.append(Answered(path, value, not _case_fault(value, tree, salt, path), error))
        return True
    inner = _aligned(value, tree)
    if isinstance(inner, str):
        return False
    return all(_collect(one, part, salt, (*path, step), found) for step, one, part in inner)


def is_lookup(value: Any) -> bool:
    """Whether the value is a lookup.

    It is if all its leaves are texts, whole numbers, yes or no, or None, and they have a text that is no error's name
    or answer both yes and no. Whole numbers alone are results of a calculation, and so are tensors.
    """
    leaves = list(_leaves(value))
    if any(not (leaf is None or isinstance(leaf, bool | int | str)) for leaf in leaves):
        return False
    if any(isinstance(leaf, str) and leaf not in ERRORS for leaf in leaves):
        return True
    numbers = any(isinstance(leaf, int) and not isinstance(leaf, bool) for leaf in leaves)
    return not numbers and {leaf for leaf in leaves if isinstance(leaf, bool)} == {True, False}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _form(value: Any) -> Any:
    """Form of an exact value in JSON; None if it is not exact. Equal values have equal forms, as for `agree`."""
    if value is None or isinstance(value, bool | int | str):
        return [type(value).__name__, value]
    if isinstance(value, Tensor):
        if value.is_floating_point() or value.is_complex():
            return None
        return ["tensor", str(value.dtype), list(value.shape), value.flatten().tolist()]
    if isinstance(value, list | tuple):  # `agree` takes a list for a tuple
        items = [_form(item) for item in value]
        return None if None in items else ["list", items]
    if isinstance(value, dict):
        pairs = [[str(key), _form(item)] for key, item in sorted(value.items())]
        return None if any(form is None for _, form in pairs) else ["dict", pairs]
    return None


def _hashed(salt: str, path: tuple[str | int, ...], form: Any) -> str:
    text = json.dumps([salt, path, form])
    return MARK + hashlib.blake2b(text.encode(), digest_size=LENGTH).hexdigest()


def _tree(value: Any, salt: str, path: tuple[str | int, ...]) -> Tree:
    if isinstance(value, dict):
        return {key: _tree(item, salt, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple) and not path:
        return [_tree(item, salt, (index,)) for index, item in enumerate(value)]
    if isinstance(value, str) and value in ERRORS:
        return value
    form = _form(value)
    if form is None:
        raise ValueError(f"{_place(path)} is not exact, so it cannot be a digest")
    return _hashed(salt, path, form)


def _compare(value: Any, tree: Tree, salt: str, path: tuple[str | int, ...], found: Callable[[str], None]) -> int:
    """Number of cases in the tree. Sentences about wrong ones go to `found`."""
    if isinstance(tree, str):
        if fault := _case_fault(value, tree, salt, path):
            found(f"{_place(path)}{fault}")
        return 1
    inner = _aligned(value, tree)
    if isinstance(inner, str):
        found(f"{_place(path)} {inner}")
        return _cases(tree)
    return sum(_compare(one, part, salt, (*path, step), found) for step, one, part in inner)


def _case_fault(value: Any, right: str, salt: str, path: tuple[str | int, ...]) -> str:
    """What is wrong with the answer to one case; "" if it is right."""
    raised = isinstance(value, str) and value in ERRORS
    if right.startswith(MARK):
        if _hashed(salt, path, _form(value)) == right:
            return ""
        return f": {value} was raised; expected an answer" if raised else f" is {_said(value)}, which is not right"
    if value == right:
        return ""
    said = "no error was raised" if value is None else f"{value} was raised" if raised else f"it is {_said(value)}"
    return f": {said}; expected {right}"


def _aligned(value: Any, tree: dict[str, Any] | list[Any]) -> list[tuple[str | int, Any, Tree]] | str:
    """Steps into both, or the sentence that says why the value has another form."""
    if isinstance(tree, dict):
        if not isinstance(value, dict):
            return f"is {_said(value)}; expected a dict"
        if lacks := [key for key in tree if key not in value]:
            return f"lacks {', '.join(map(repr, lacks))}"
        if more := [key for key in value if key not in tree]:
            return f"has more than it should: {', '.join(map(repr, more))}"
        return [(key, value[key], part) for key, part in tree.items()]
    if not isinstance(value, list | tuple):
        return f"is {_said(value)}; expected a list of {len(tree)}"
    if len(value) != len(tree):
        return f"has {len(value)} items; expected {len(tree)}"
    return list(zip(range(len(tree)), value, tree, strict=True))


def _place(path: tuple[str | int, ...]) -> str:
    return ", ".join(f"item {step}" if isinstance(step, int) else step for step in path) or "the result"


def _cases(tree: Tree) -> int:
    if isinstance(tree, str):
        return 1
    return sum(map(_cases, tree.values() if isinstance(tree, dict) else tree))


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
