"""The relation to what the code was given: a result that is an argument, unchanged."""

from __future__ import annotations

import numpy as np

from blindgrade.engine.answers.given import PART, UNNAMED, digest_of
from blindgrade.engine.judging.relations.evidence import weight
from blindgrade.engine.judging.relations.parts import Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation


def the_input(replies: Replies) -> Relation | None:
    """Every wrong value is an argument of the code, bit by bit."""
    if not replies.of_numbers:
        return None
    names, found = set[str](), []
    for part in replies.wrong:
        digest = digest_of(part.got)
        name = replies.given.get(digest) if digest else None
        if name is None:
            return None
        names.add(name)
        other = part.w if part.w.shape == part.g.shape else np.full_like(part.g, part.g.mean())
        found.append((part, part.g, other))
    if not weight(found).enough:
        return None
    return said(replies, Name.THE_INPUT, f"is {_words(names)}, unchanged")


def _words(names: set[str]) -> str:
    if len(names) > 1 or (name := names.pop()).startswith(UNNAMED):
        return "one of the arguments that your code is given"
    whole = name.removesuffix(PART)
    return f"the argument `{name}`" if whole == name else f"a part of the argument `{whole}`"
