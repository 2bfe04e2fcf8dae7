"""Places of a relation in words: the whole result, a part of each case, or some of the cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blindgrade.engine.judging.relations.parts import Part, Path, Replies
from blindgrade.engine.judging.relations.relation import Name, Relation

MOST_NAMED = 3  # cases or parts that a sentence names
PLURAL = {"is": "are", "has": "have", "holds": "hold", "lacks": "lack", "stops": "stop", "goes": "go", "was": "were"}


@dataclass(frozen=True)
class Place:
    """Where something holds. `keys` are the steps at `depth` that single it out; none for the whole result."""

    depth: int = 0
    keys: tuple[str | int, ...] = ()
    some: str = ""  # "in 3 of 9 places", if no key singles them out

    @property
    def whole(self) -> bool:
        """Whether it is all of the result."""
        return not self.keys and not self.some


def place(some: Sequence[Path], others: Sequence[Path]) -> Place:
    """Place of `some` paths among themselves and `others`."""
    if not others:
        return Place()
    deepest = min(len(path) for path in [*some, *others])
    # A part that each case has says more than a list of cases.
    for depth in [*range(-1, -deepest - 1, -1)]:
        inside = {path[depth] for path in some}
        if len(inside) <= MOST_NAMED and not any(path[depth] in inside for path in others):
            return Place(depth if depth + deepest else -deepest, tuple(dict.fromkeys(path[depth] for path in some)))
    return Place(some=f"in {len(some)} of {len(some) + len(others)} places")


def said(
    replies: Replies, name: Name, predicate: str, hidden: str = "", neutral: Callable[[Part], bool] = lambda part: False
) -> Relation:
    """The relation of all wrong parts as a sentence: its subject, then the predicate, which begins with a verb.

    Right parts that are `neutral`, because the relation leaves them as they are, do not count as exceptions.
    """
    wrong = [part.path for part in replies.wrong if not part.says_unchanged] or [p.path for p in replies.wrong]
    right = [part.path for part in replies.values if part.right and not neutral(part)]
    where = place(wrong, right)
    text, open_text = predicate, hidden or predicate
    if where.whole:
        return Relation(name, f"Your result {text}.", f"Your result {open_text}.")
    scattered = bool(where.some)
    return Relation(name, f"{subject(where, text)}.", f"Part of your result {open_text}.", scattered=scattered)


def subject(where: Place, predicate: str) -> str:
    """The predicate about this place, as a sentence without its full stop."""
    if where.some:
        return f"{where.some[:1].upper()}{where.some[1:]} your result {predicate}"
    if all(isinstance(key, str) and key.isidentifier() for key in where.keys):
        names = joined([f"`{key}`" for key in where.keys])
        return f"{names} {plural(predicate) if len(where.keys) > 1 else predicate}"
    return f"{cases(where.keys)[:1].upper()}{cases(where.keys)[1:]}, your result {predicate}"


def cases(keys: Sequence[str | int]) -> str:
    """The cases in words: "in the case “one pixel”", "in item 0"."""
    noun = "item" if all(isinstance(key, int) for key in keys) else "the case"
    return f"in {noun}{'s' if len(keys) > 1 else ''} {joined([named(key) for key in keys])}"


def named(key: str | int) -> str:
    """A case's or part's name in a sentence."""
    if isinstance(key, int):
        return str(key)
    return f"`{key}`" if key.isidentifier() else f"“{key}”"


def things(keys: Sequence[str | int]) -> str:
    """The parts in words: "`drift` and `score`", "items 2 and 3"."""
    if all(isinstance(key, int) for key in keys):
        return f"item{'s' if len(keys) > 1 else ''} {joined([named(key) for key in keys])}"
    return joined([f"item {key}" if isinstance(key, int) else named(key) for key in keys])


def joined(names: Sequence[str]) -> str:
    """Enumeration of the names."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def plural(predicate: str) -> str:
    """The predicate about several things."""
    verb, _, rest = predicate.partition(" ")
    return f"{PLURAL.get(verb, verb)} {rest}"
