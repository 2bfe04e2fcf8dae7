"""Relations: what a wrong reply is, compared with the expected one, in a fixed vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Name(StrEnum):
    """Every relation, by the id that JSON has."""

    NO_ERROR = "no_error"
    ANOTHER_ERROR = "another_error"
    NEEDLESS_ERROR = "needless_error"
    ARGUMENT_CHANGED = "argument_changed"
    NO_RESULT = "no_result"
    NO_GRADIENT = "no_gradient"
    EXTRA_GRADIENT = "extra_gradient"
    KEYS_MISSING = "keys_missing"
    KEYS_EXTRA = "keys_extra"
    OTHER_TYPE = "other_type"
    CAST = "cast"
    NOT_FINITE = "not_finite"
    ALL_ZERO = "all_zero"
    NEGATED = "negated"
    SCALED = "scaled"
    OFFSET = "offset"
    COMPLEMENT = "complement"
    INVERTED = "inverted"
    SQUARED = "squared"
    ROOTED = "rooted"
    LOGARITHM = "logarithm"
    EXPONENTIAL = "exponential"
    ABSOLUTE = "absolute"
    CLIPPED = "clipped"
    NOT_CLIPPED = "not_clipped"
    TRANSPOSED = "transposed"
    PERMUTED_AXES = "permuted_axes"
    REVERSED = "reversed"
    ROLLED = "rolled"
    SHIFTED = "shifted"
    ONE_SHORT = "one_short"
    ONE_LONG = "one_long"
    KEPT_AXIS = "kept_axis"
    DROPPED_AXIS = "dropped_axis"
    RESHAPED = "reshaped"
    REDUCED = "reduced"
    NOT_REDUCED = "not_reduced"
    OTHER_ORDER = "other_order"
    BATCH_MIXED = "batch_mixed"
    OFF_BY_ONE = "off_by_one"
    SUBSET = "subset"
    SUPERSET = "superset"
    LABELS_CONFUSED = "labels_confused"
    THE_INPUT = "the_input"
    ANOTHER_PART = "another_part"
    CONSTANT = "constant"
    PROPORTIONAL = "proportional"
    ONLY_ONE_CASE = "only_one_case"
    ONLY_ONE_PART = "only_one_part"
    RIGHT_UNTIL = "right_until"
    ONLY_LAST = "only_last"
    ONLY_FIRST = "only_first"


@dataclass(frozen=True)
class Relation:
    """A relation that holds, as a sentence. `hidden` is the sentence for a hidden check: without cases and numbers.

    `key` says which one of its name it is, for example by which factor. `cases` is the number of parts in which it was
    seen. `weaker` is what remains of it if another check contradicts it. `scattered` says that no case or part singles
    out where it holds. `right` are the parts that the sentence calls right.
    """

    name: Name
    text: str
    hidden: str
    key: str = ""
    cases: int = 1
    weaker: Relation | None = None
    scattered: bool = False
    right: frozenset[str | int] = frozenset()
