"""Relations of several checks of one exercise: what one check shows, another must not contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blindgrade.engine.judging.relations.relation import Name, Relation

# What is wrong besides the values. It says nothing against a relation of values in another check.
OTHER_KINDS = {
    Name.NO_ERROR, Name.ANOTHER_ERROR, Name.NEEDLESS_ERROR, Name.ARGUMENT_CHANGED, Name.NO_GRADIENT,
    Name.EXTRA_GRADIENT, Name.KEYS_MISSING, Name.KEYS_EXTRA, Name.NOT_FINITE,
}  # fmt: skip
# A check at special inputs may show one of these that does not hold elsewhere: minus the value at x = 0.
MOSTLY = {
    Name.NEGATED, Name.SCALED, Name.OFFSET, Name.COMPLEMENT, Name.INVERTED, Name.SQUARED, Name.ROOTED, Name.LOGARITHM,
    Name.EXPONENTIAL, Name.ABSOLUTE, Name.THE_INPUT, Name.ANOTHER_PART, Name.RIGHT_UNTIL,
    Name.ONLY_LAST, Name.ONLY_FIRST,
}  # fmt: skip
FACTORS = {Name.SCALED, Name.PROPORTIONAL}
CASES = 2  # in which a factor is seen: one may be a chance of the inputs, as half of the value is at t = 0.5


@dataclass(frozen=True)
class Found:
    """What one failed check shows: its relation, and the names of the parts that are wrong.

    `about_values` is False if there are no values to compare. `few` says that there are too few to show any relation.
    """

    relation: Relation | None
    wrong: frozenset[str | int] = frozenset()
    about_values: bool = True
    few: bool = False


def settled(found: Sequence[Found]) -> list[Relation | None]:
    """Relations of an exercise's failed checks, without what the other checks contradict.

    - A function of each value, such as minus the value, is the relation of at least half of the checks about values.
    - A recognised factor is the same in all checks that have one.
    - A factor that is not recognised is named only if two thirds of the checks about values have a factor.
    - Some cases are named only if no check is wrong in another way: they may differ in more than their name says.
    - A part is named as right only if it is wrong in no other check.
    """
    about = [
        one for one in found if one.about_values and (one.relation is None or one.relation.name not in OTHER_KINDS)
    ]
    telling = [one for one in about if one.relation is not None or not one.few]
    factors = [one.relation for one in about if one.relation is not None and one.relation.name in FACTORS]
    recognised = {(one.name, one.key) for one in factors}
    sure = len(recognised) == 1 and factors[0].name is Name.SCALED and sum(one.cases for one in factors) >= CASES
    everywhere = 3 * len(factors) >= 2 * len(telling)
    wrong = frozenset().union(*(one.wrong for one in about))
    split = all(one.relation is not None and one.relation.name is Name.ONLY_ONE_CASE for one in about)

    def settle(one: Relation | None) -> Relation | None:
        if one is None or (one.name is Name.ONLY_ONE_CASE and not split):
            return None
        alike = sum(other.relation is not None and other.relation.name is one.name for other in about)
        if one.name in MOSTLY and 2 * alike < len(telling):
            return None
        if one.name in FACTORS and not (one.name is Name.SCALED and sure):
            return (one.weaker if one.name is Name.SCALED else one) if everywhere else None
        return None if one.right & wrong else one

    return [settle(one.relation) for one in found]
