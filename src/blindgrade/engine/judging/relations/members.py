"""Relations of what is chosen: yes and no, masks, whole numbers and labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from blindgrade.agreement import is_error
from blindgrade.engine.judging.relations.parts import Part, Replies
from blindgrade.engine.judging.relations.places import joined, said
from blindgrade.engine.judging.relations.relation import Name, Relation

KEPT = 4  # members that are right, so that "some are missing" says something
FEWEST = 2  # cases with a confused label
MOST_LABELS = 2
OFF_VALUES, OFF_CASES = 4, 2
OFF_BITS = 8.0


def subset(replies: Replies) -> Relation | None:
    """In a mask or map all that is there is right and some is missing, or nothing is missing and some is too much."""
    if not replies.numeric:
        return None
    missing = extra = kept = 0
    for part in replies.wrong:
        if part.w.size < KEPT:
            return None
        there, due = part.g != 0, part.w != 0
        both = there & due
        if not bool((np.abs(part.g - part.w)[both] <= part.atol + part.rtol * np.abs(part.w[both])).all()):
            return None
        missing += int((due & ~there).sum())
        extra += int((there & ~due).sum())
        kept += int(both.sum())
    if kept < KEPT or bool(missing) == bool(extra):
        return None
    if all(part.truths for part in replies.wrong):
        few, many = "is wrongly False{}, and nowhere wrongly True", "is wrongly True{}, and nowhere wrongly False"
    else:
        few = "is zero{} where another value is expected, and right elsewhere"
        many = "is not zero{} where zero is expected, and right elsewhere"
    name, text, count = (Name.SUBSET, few, missing) if missing else (Name.SUPERSET, many, extra)
    where = f" in {count} place{'s' if count > 1 else ''}"
    return said(replies, name, text.format(where), text.format(" in some places"))


def off_by_one(replies: Replies) -> Relation | None:
    """Every wrong whole number is one too large, or every one is one too small."""
    if not replies.numeric or any(part.truths or not part.exact for part in replies.wrong):
        return None
    values, bits = 0, 0.0
    steps = set[float]()
    for part in replies.wrong:
        differs = part.g != part.w
        steps |= set((part.g - part.w)[differs].tolist())
        wanted = np.unique(part.w[differs])
        values += int(differs.sum())
        bits += float(np.log2(np.maximum(np.abs(wanted), 1.0)).sum())
    if steps not in ({1.0}, {-1.0}) or bits < OFF_BITS or (values < OFF_VALUES and len(replies.wrong) < OFF_CASES):
        return None
    some = any(bool((part.g == part.w).any()) for part in replies.wrong)
    where = " wherever it is wrong" if some else ""
    return said(replies, Name.OFF_BY_ONE, f"is exactly 1 too {'large' if steps == {1.0} else 'small'}{where}")


def labels_confused(replies: Replies) -> Relation | None:
    """The same one or two labels stand where another is right. The right ones are not named."""
    if replies.misfits or not replies.wrong or not all(map(_is_label, replies.wrong)):
        return None
    given = [got for part in replies.wrong for got, _ in _pairs(part)]
    labels = list(dict.fromkeys(given))
    total = sum(len(_pairs(part, every=True)) for part in replies.parts if _is_label(part))
    if len(given) < FEWEST or len(labels) > MOST_LABELS:
        return None
    names = joined([f"“{label}”" for label in labels])
    what = "one and the same answer" if len(labels) == 1 else "one of the same two answers"
    # A hidden check's input may be in a student's answer.
    return Relation(
        Name.LABELS_CONFUSED,
        f"Your code says {names} where another answer is right, in {len(given)} of {total} cases.",
        f"Your code gives {what} wherever it is wrong.",
    )


def _is_label(part: Part) -> bool:
    return all(map(_label, (part.got, part.want))) or (
        isinstance(part.want, list | tuple)
        and isinstance(part.got, list | tuple)
        and len(part.got) == len(part.want)
        and all(map(_label, [*part.got, *part.want]))
    )


def _label(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 40 and not is_error(value)


def _pairs(part: Part, *, every: bool = False) -> list[tuple[str, str]]:
    both = [(part.got, part.want)] if isinstance(part.want, str) else list(zip(part.got, part.want, strict=True))
    return [(got, want) for got, want in both if every or got != want]
