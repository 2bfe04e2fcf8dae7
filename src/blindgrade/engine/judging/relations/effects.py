"""Relations that need no number: errors, gradients, changed arguments, keys, types, constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from blindgrade.agreement import TOLERANCES, agrees, is_error
from blindgrade.engine.judging.relations.parts import Part, Path, Replies
from blindgrade.engine.judging.relations.places import named, said
from blindgrade.engine.judging.relations.relation import Name, Relation
from blindgrade.state_dicts import keys_differ
from blindgrade.wording import dtype as dtype_name

ARGUMENTS = "arguments unchanged"  # end of the name that `answers_and_purity` gives
FEWEST = 4  # values
ALIKE, ALIKE_ANSWERS = 3, 5  # cases with the same result, if it is a value or one of few answers
LOWER = {torch.float64: torch.float32, torch.float32: torch.bfloat16, torch.complex128: torch.complex64}


def error(replies: Replies) -> Relation | None:
    """No error where one is due, another one, or one where none is due, and nothing else is wrong."""
    if replies.misfits or not replies.wrong:
        return None
    if all(is_error(part.want) and not is_error(part.got) for part in replies.wrong):
        due = {str(part.want) for part in replies.wrong}
        what = f"{due.pop()} is due" if len(due) == 1 else "one is due"
        text = f"{_count(replies, is_due=True)}no error is raised where {what}"
        return Relation(Name.NO_ERROR, f"{text[:1].upper()}{text[1:]}.", "No error is raised where one is due.")
    if all(is_error(part.want) for part in replies.wrong) and any(not is_error(part.got) for part in replies.wrong):
        none = sum(not is_error(part.got) for part in replies.wrong)
        other = f"in {_cases(len(replies.wrong) - none)} an error of another class"
        text = f"In {_cases(none)} no error is raised where one is due, and {other}."
        return Relation(Name.NO_ERROR, text, "No error is raised where one is due, or an error of another class.")
    if all(is_error(part.want) and is_error(part.got) for part in replies.wrong):
        return Relation(Name.ANOTHER_ERROR, "An error is raised, but of another class than is due.",
                        "An error is raised, but of another class than is due.")  # fmt: skip
    if all(is_error(part.got) and not is_error(part.want) for part in replies.wrong):
        text = f"{_count(replies, is_due=False)}an error is raised where none is due"
        return Relation(Name.NEEDLESS_ERROR, f"{text[:1].upper()}{text[1:]}.", "An error is raised where none is due.")
    return None


def _cases(number: int) -> str:
    return f"{number} case{'s' if number > 1 else ''}"


def no_result(replies: Replies) -> Relation | None:
    """None where numbers are expected, in every wrong part."""
    if replies.misfits or not replies.wrong or replies.of_gradients:
        return None
    if not all(part.got is None and part.w.size for part in replies.wrong):
        return None
    return said(replies, Name.NO_RESULT, "is None, and a value is expected")


def _count(replies: Replies, *, is_due: bool) -> str:
    of = [part for part in replies.parts if is_error(part.want) == is_due and (is_due or part.want is None)]
    return f"in {len(replies.wrong)} of {len(of)} cases " if len(of) > len(replies.wrong) else ""


def argument_changed(replies: Replies) -> Relation | None:
    """The results are right, but the call changed its arguments."""
    if replies.misfits or not replies.wrong or not all(p.says_unchanged and p.got is False for p in replies.wrong):
        return None
    named_so = all(str(part.path[-1]).endswith(ARGUMENTS) for part in replies.wrong)
    what = (
        "your code changes the arguments that it is given" if named_so else "something changes that must stay as it was"
    )
    text = f"{what[:1].upper()}{what[1:]}; all else is right."
    return Relation(Name.ARGUMENT_CHANGED, text, text)


def gradient(replies: Replies) -> Relation | None:
    """No gradient arrives where one is due, or one arrives where none is due."""
    if not replies.of_gradients or replies.misfits or not replies.wrong:
        return None
    if all(part.got is None and isinstance(part.want, Tensor) for part in replies.wrong):
        if all(part.got is None for part in replies.values):
            return _gradient(replies, Name.NO_GRADIENT, "has no gradient where one is due")
        return _gradient(replies, Name.NO_GRADIENT, "has no gradient where one is due")
    if all(part.want is None and isinstance(part.got, Tensor) for part in replies.wrong):
        return _gradient(replies, Name.EXTRA_GRADIENT, "has a gradient where none is due")
    return None


def _gradient(replies: Replies, name: Name, text: str) -> Relation:
    return said(replies, name, text)


def keys(replies: Replies) -> Relation | None:
    """Keys of a dict are missing or too many, and all other values are right."""
    if replies.wrong or not replies.misfits:
        return None
    if not all(isinstance(got, dict) and isinstance(want, dict) for _, got, want in replies.misfits):
        return None
    missing = any(set(want) - set(got) for _, got, want in replies.misfits)
    extra = any(set(got) - set(want) for _, got, want in replies.misfits)
    if missing and extra:
        return None
    name, text = (Name.KEYS_MISSING, "lacks keys") if missing else (Name.KEYS_EXTRA, "has keys too many")
    differ = {keys_differ(got, want) for _, got, want in replies.misfits}
    names = f" ({differ.pop()})" if len(differ) == 1 else ""
    rest = "; the others are right" if replies.parts else ""
    return Relation(name, f"Your result {text}{names}{rest}.", f"Your result {text}{rest}.")


def other_type(replies: Replies) -> Relation | None:
    """The right values in another type or dtype."""
    if replies.misfits or not replies.wrong:
        return None
    if any(part.g.size == 0 or part.w.size == 0 or not _equal(part) for part in replies.wrong):
        return None
    if all(_both_tensors(part) and part.got.dtype != part.want.dtype for part in replies.wrong):
        came, due = {part.got.dtype for part in replies.wrong}, {part.want.dtype for part in replies.wrong}
        if len(came) == len(due) == 1:
            text = f"has the right values in {dtype_name(came.pop())} instead of {dtype_name(due.pop())}"
            return said(replies, Name.CAST, text)
        return said(replies, Name.CAST, "has the right values in another dtype")
    if all(_kind(part.got) != _kind(part.want) for part in replies.wrong):
        kinds = {(_kind(part.got), _kind(part.want)) for part in replies.wrong}
        if len(kinds) == 1:
            ((came_kind, due_kind),) = kinds
            return said(replies, Name.OTHER_TYPE, f"has the right values as {came_kind} instead of {due_kind}")
        return said(replies, Name.OTHER_TYPE, "has the right values in another type")
    return None


def _equal(part: Part) -> bool:
    if part.g.size != part.w.size or [n for n in part.g.shape if n != 1] != [n for n in part.w.shape if n != 1]:
        return False
    a, r = part.atol, part.rtol
    if _both_tensors(part):
        looser = TOLERANCES.get(part.got.dtype, (0.0, 0.0))
        a, r = max(a, looser[0]), max(r, looser[1])
    g, w = part.g.ravel(), part.w.ravel()
    return bool((np.isclose(g, w, atol=a, rtol=r, equal_nan=True)).all())


def lower_precision(replies: Replies) -> Relation | None:
    """The values have the precision of a lower dtype only."""
    if not replies.arithmetic or not all(_both_tensors(part) and part.want.dtype in LOWER for part in replies.wrong):
        return None
    lower = {LOWER[part.want.dtype] for part in replies.wrong}
    if len(lower) != 1:
        return None
    kind = lower.pop()
    a, r = TOLERANCES[kind]
    values = 0
    for part in replies.wrong:
        if not bool((np.abs(part.g - part.w) <= a + r * np.abs(part.w)).all()):
            return None
        values += len(np.unique(part.w[np.abs(part.w) > a]))
    # Every value of the reply is one of the lower dtype; of the expected ones hardly any is.
    rounded = all(_is_rounded(part.got, kind) and not _is_rounded(part.want, kind) for part in replies.wrong)
    if values < FEWEST or not rounded:
        return None
    return said(replies, Name.CAST, f"has only the precision of {str(kind).removeprefix('torch.')}")


def _is_rounded(value: Tensor, kind: torch.dtype) -> bool:
    return torch.equal(value.to(kind).to(value.dtype), value)


def not_finite(replies: Replies) -> Relation | None:
    """NaN or infinite values where the expected ones are finite."""
    if not replies.numeric:
        return None
    for part in replies.wrong:
        if not bool((~np.isfinite(part.g) & np.isfinite(part.w)).any()):
            return None
    return said(replies, Name.NOT_FINITE, "has NaN or infinite values")


def all_zero(replies: Replies) -> Relation | None:
    """Zero or False everywhere, where the expected values are not."""
    if not replies.numeric or len({part.truths for part in replies.wrong}) > 1:
        return None
    truths = replies.wrong[0].truths
    values = 0
    for part in replies.wrong:
        if bool((part.g != 0).any()):
            return None
        due = part.w[np.abs(part.w) > 100 * part.atol]
        values += len(due) if truths else len(np.unique(due))
    if values < FEWEST and (values < 2 or len(replies.wrong) < 2):
        return None
    if not truths:
        return said(replies, Name.ALL_ZERO, "is zero everywhere", neutral=lambda part: part.truths or _is_zero(part))
    # A mask: other answers of yes and no may be what the check itself saw.
    masks = all(isinstance(part.want, Tensor) and part.want.ndim > 0 for part in replies.wrong)
    return said(replies, Name.ALL_ZERO, "is False everywhere", neutral=_is_zero) if masks else None


def _is_zero(part: Part) -> bool:
    return part.w.size > 0 and bool((np.abs(part.w) <= part.atol).all())


def constant(replies: Replies) -> Relation | None:
    """The same result in every case, where the expected results differ."""
    if replies.misfits or not replies.wrong:
        return None
    for depth in (0,):
        fields: dict[Path, list[Part]] = {}
        for part in replies.values:
            if len(part.path) <= depth:
                return None
            fields.setdefault(part.path[depth + 1 :], []).append(part)
        wrong = [group for group in fields.values() if any(not part.right for part in group)]
        if not wrong or not all(_is_constant(group) for group in wrong):
            continue
        where = [group[0].path[depth + 1 :] for group in wrong]
        if len(where) == len(fields):
            text = "Your result is the same in every case, and the expected one is not."
            return Relation(Name.CONSTANT, text, text)
        last = {path[-1] for path in where if path}
        if len(last) == 1:
            text = f"{named(last.pop())} is the same in every case, and the expected one is not."
            return Relation(Name.CONSTANT, text, "Part of your result is the same in every case.")
    return None


def _is_constant(group: list[Part]) -> bool:
    values = isinstance(group[0].want, Tensor | float | list)
    if len(group) < (ALIKE if values else ALIKE_ANSWERS) and not (
        len(group) == 2 and isinstance(group[0].want, Tensor)
    ):
        return False
    if any(not _alike(group[0].got, part.got) for part in group[1:]):
        return False
    if group[0].got is None or is_error(group[0].got):
        return False
    return not all(agrees(group[0].want, part.want, atol=part.atol, rtol=part.rtol) for part in group[1:])


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)
    return type(one) is type(other) and agrees(one, other, atol=0.0, rtol=0.0)


def _both_tensors(part: Part) -> bool:
    return isinstance(part.got, Tensor) and isinstance(part.want, Tensor)


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, list | tuple):
        return "a list"
    return {bool: "a bool", int: "an int", float: "a float"}.get(type(value), "another type")
