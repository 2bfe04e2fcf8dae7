"""Relations between cases: right in some and wrong in others, or right but for the first or last entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from blindgrade.engine.judging.relations.axes import along
from blindgrade.engine.judging.relations.evidence import close, weight
from blindgrade.engine.judging.relations.parts import Part, Path, Replies
from blindgrade.engine.judging.relations.places import MOST_NAMED, cases, said, things
from blindgrade.engine.judging.relations.relation import Name, Relation

SHORTEST = 4  # entries of an axis of which one is wrong
SHORTEST_EXACT = 6  # of whole numbers, which may be a shape
MOST_OTHERS = 8  # cases that are wrong where few are right
MOST_PARTS = 60  # that are compared with each other
RIGHT = 2  # values in a case that is right, so that it shows something


def one_entry(replies: Replies) -> Relation | None:
    """All entries along an axis are right but the last, or but the first."""
    if not replies.numeric or any(part.truths for part in replies.wrong):
        return None
    deepest = min(part.w.ndim for part in replies.wrong)
    for axis in range(deepest):
        for name, where in ((Name.ONLY_LAST, -1), (Name.ONLY_FIRST, 0)):
            if all(_only_at(part, axis, where) for part in replies.wrong):
                which = "last" if where else "first"
                text = f"is right but for the {which} entry{along(axis, deepest)}"
                return said(replies, name, text)
    return None


def _only_at(part: Part, axis: int, where: int) -> bool:
    if part.w.shape[axis] < (SHORTEST_EXACT if part.exact else SHORTEST):
        return False
    there: tuple[slice | int, ...] = (*[slice(None)] * axis, where)
    # The part is wrong, so it is wrong there if it is wrong nowhere else.
    if int(part.differs.sum()) != int(part.differs[there].sum()):
        return False
    shows = np.delete(part.w, where, axis=axis)
    return len(np.unique(shows)) >= RIGHT


def right_until(replies: Replies) -> Relation | None:
    """The first entries along the first axis are right, and all later ones are wrong."""
    if not replies.numeric or any(part.exact for part in replies.wrong):
        return None
    firsts = {_first_wrong(part) for part in replies.wrong}
    first = firsts.pop()
    if firsts or first is None:
        return None
    deepest = max(part.w.ndim for part in replies.wrong)
    where = along(0, deepest)
    text = f"is right in the first {first} entries{where}, and wrong from entry {first} on"
    return said(replies, Name.RIGHT_UNTIL, text, f"is right in the first entries{where}, and wrong in all later ones")


def _first_wrong(part: Part) -> int | None:
    """Entry from which all are wrong, if at least two before it are right and two are wrong."""
    if part.w.ndim == 0 or len(part.w) < SHORTEST:
        return None
    rows = ~part.differs.reshape(len(part.differs), -1)
    first = int(rows.all(axis=1).argmin())
    shows = len(np.unique(part.w[:first])) >= RIGHT
    return first if RIGHT <= first <= len(rows) - RIGHT and not rows[first:].all(axis=1).any() and shows else None


def only_some(replies: Replies) -> Relation | None:
    """Right in some cases, or some parts of each case, and wrong in the others."""
    if replies.misfits or not replies.wrong or any(part.about_error for part in replies.wrong):
        return None
    wrong = [part for part in replies.wrong if not part.says_unchanged]
    right = [part for part in replies.values if part.right and _shows(part)]
    if not wrong or len(wrong) < len(replies.wrong) or not right:
        return None
    by_part = _split([p.path for p in wrong], [p.path for p in right], -1)
    if all(len(part.path) > 1 for part in [*wrong, *right]) and by_part is not None and _of_one_kind(*by_part):
        return _parts(*by_part)
    by_case = _split([p.path for p in wrong], [p.path for p in right], 0)
    if by_case is None:
        return None
    bad, good = by_case
    if not _of_one_kind(bad, good):
        return None
    if all(not isinstance(key, str) or key.isidentifier() for key in [*bad, *good]):
        return _parts(bad, good)
    return _cases(bad, good) if _alike(wrong, right) else None


def _cases(bad: Sequence[str | int], good: Sequence[str | int]) -> Relation | None:
    if len(bad) <= min(MOST_NAMED, len(good)):
        rest = f"in the other {len(good)}" if len(good) > 1 else cases(good)
        text = f"is wrong{' only' * (len(good) > 1)} {cases(bad)}, and right {rest}"
    elif len(good) <= MOST_NAMED and len(bad) <= MOST_OTHERS:
        text = f"is right only {cases(good)}, and wrong in the other {len(bad)}"
    else:
        return None
    return Relation(Name.ONLY_ONE_CASE, f"Your result {text}.", "")


def _parts(bad: Sequence[str | int], good: Sequence[str | int]) -> Relation | None:
    if len(bad) > MOST_NAMED or len(good) > 2 * MOST_NAMED:
        return None
    wrong, right = (f"{things(keys)} {'are' if len(keys) > 1 else 'is'}" for keys in (bad, good))
    text = f"{wrong} wrong, and {right} right."
    return Relation(Name.ONLY_ONE_PART, f"{text[:1].upper()}{text[1:]}", "", right=frozenset(good))


def another_part(replies: Replies) -> Relation | None:
    """What is expected of one part is in another, in every case."""
    if not replies.numeric or len(replies.parts) > MOST_PARTS or any(part.exact for part in replies.wrong):
        return None
    beside = {part.path: part for part in replies.parts}
    fits: dict[str | int, list[str | int]] = {}  # for each wrong part the others whose values it may hold
    for part in replies.wrong:
        if not part.path:
            return None
        known = fits.get(part.path[-1])
        others = [p for path, p in beside.items() if path[:-1] == part.path[:-1] and path != part.path]
        names = [p.path[-1] for p in others if _is_due(part, p) and (known is None or p.path[-1] in known)]
        if not names:
            return None
        fits[part.path[-1]] = names
    # Two parts that are exchanged explain each other.
    swaps = {one: next((n for n in names if one in fits.get(n, ())), names[0]) for one, names in fits.items()}
    if len(swaps) > MOST_NAMED or len(set(swaps.values())) < len(swaps):
        return None
    found = [(p, beside[*p.path[:-1], swaps[p.path[-1]]].w, p.w) for p in replies.wrong]
    if not weight(found).enough:
        return None
    text = ", and ".join(f"{things([one])} is what is expected of {things([other])}" for one, other in swaps.items())
    hidden = "A part of your result is what is expected of another one."
    return Relation(Name.ANOTHER_PART, f"{text[:1].upper()}{text[1:]}.", hidden, key=text)


def _is_due(part: Part, other: Part) -> bool:
    return part.g.shape == other.w.shape and not other.exact and close(part.g, other.w, part)


def _split(wrong: list[Path], right: list[Path], depth: int) -> tuple[list[str | int], list[str | int]] | None:
    """Keys at this depth of the wrong and of the right paths; None if a key has both."""
    bad = dict.fromkeys(path[depth] for path in wrong if path)
    good = dict.fromkeys(path[depth] for path in right if path)
    return None if not bad or not good or bad.keys() & good.keys() else (list(bad), list(good))


def _of_one_kind(bad: list[str | int], good: list[str | int]) -> bool:
    """Whether all parts have names, or all have numbers: the item of a list is no part beside a named one."""
    return len({isinstance(key, int) for key in [*bad, *good]}) == 1


def _alike(wrong: list[Part], right: list[Part]) -> bool:
    """Whether the cases are answers of one kind, so that one stands beside the other."""
    return {_form(part) for part in wrong} <= {_form(part) for part in right}


def _form(part: Part) -> str:
    return "tensor" if isinstance(part.want, Tensor) else type(part.want).__name__


def _shows(part: Part) -> bool:
    """Whether a right part shows something: it is not zero, empty or the answer of nearly every code."""
    return bool((part.w != 0).any()) if part.w.size else part.want is not None and not isinstance(part.want, Tensor)
