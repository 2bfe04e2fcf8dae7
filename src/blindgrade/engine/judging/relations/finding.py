"""The relation of a wrong reply to the expected one: the first in a fixed order that holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from blindgrade.agreement import Tolerance
from blindgrade.checks import Check
from blindgrade.engine.answers.exact import Keyed
from blindgrade.engine.answers.given import Given
from blindgrade.engine.judging.relations import (
    arguments,
    axes,
    cases,
    effects,
    factors,
    functions,
    lengths,
    lookups,
    members,
    samples,
)
from blindgrade.engine.judging.relations.evidence import VALUES
from blindgrade.engine.judging.relations.parts import Replies, compared
from blindgrade.engine.judging.relations.relation import Name, Relation
from blindgrade.engine.judging.relations.together import Found
from blindgrade.engine.wire.replies import Raised, Reply, Result

Family = Callable[[Replies], Relation | None]

# What needs no calculation comes first, and what says least comes last.
ORDER: tuple[Family, ...] = (
    effects.error,
    effects.argument_changed,
    effects.gradient,
    effects.no_result,
    effects.keys,
    effects.other_type,
    lengths.list_one_more_or_less,
    effects.not_finite,
    effects.all_zero,
    effects.lower_precision,
    arguments.the_input,
    cases.another_part,
    factors.negated,
    factors.scaled,
    factors.offset,
    functions.complement,
    functions.function_of,
    axes.moved,
    axes.shifted,
    lengths.one_more_or_less,
    axes.reshaped,
    lengths.reduced,
    axes.other_order,
    samples.batch_mixed,
    members.off_by_one,
    members.subset,
    functions.clipped,
    effects.constant,
    members.labels_confused,
    cases.one_entry,
    cases.right_until,
    factors.proportional,
    cases.only_some,
)
# Of a lookup only digests of the right answers are known.
WITHOUT_VALUES = (effects.error, effects.constant, members.labels_confused, cases.only_some)
# The code ends with an exception. The check's message names it and its line, so no sentence repeats it.
STOPPED = Relation(Name.NEEDLESS_ERROR, "", "")
GRADIENTS = {"gradients", "grad", "backward", "jacobian", "vjp", "jvp"}


def found_in(check: Check, student: Reply, reference: Reply | Keyed | None, given: Callable[[], Given] = dict) -> Found:
    """What the student's reply to the check is, compared with the reference's. Nothing, if no relation is sure.

    `given` finds the arguments of the student's code. It is asked only if they matter.
    """
    if check.verdict is not None:
        return Found(None, about_values=False)
    if isinstance(student, Raised) and student.missing is None and isinstance(reference, Result | Keyed):
        return Found(STOPPED, about_values=False)
    if not isinstance(student, Result):
        return Found(None, about_values=False)
    if isinstance(reference, Keyed):
        return _first(lookups.compared(student.value, reference), WITHOUT_VALUES)
    if not isinstance(reference, Result):
        return Found(None, about_values=False)
    of_gradients = _takes_gradients(check.experiment)
    try:
        return between(student.value, reference.value, check.atol, check.rtol, of_gradients=of_gradients, given=given)
    except Exception:
        # The data come from a student and may have any form. A relation is no part of the verdict.
        return Found(None)


def between(
    got: Any,
    want: Any,
    atol: Tolerance = None,
    rtol: Tolerance = None,
    *,
    of_gradients: bool = False,
    given: Callable[[], Given] = dict,
) -> Found:
    """The first relation of ORDER that holds between what came and what was expected, within these tolerances."""
    with np.errstate(all="ignore"):  # a relation that does not hold may divide by zero
        return _first(compared(got, want, atol, rtol, of_gradients=of_gradients, given=given), ORDER)


def _first(replies: Replies | None, order: Sequence[Family]) -> Found:
    if replies is None or not (replies.wrong or replies.misfits):
        return Found(None)
    relation = next((found for family in order if (found := family(replies)) is not None), None)
    different = sum(len(np.unique(part.w)) for part in replies.wrong)
    few = replies.of_numbers and different <= VALUES  # one of them is used up by the choice of a factor
    return Found(relation, frozenset(part.path[-1] for part in replies.wrong if part.path), few=few)


@lru_cache(maxsize=1024)
def _takes_gradients(experiment: Callable[..., Any]) -> bool:
    """Whether the experiment's code, or a function that it calls, takes a gradient."""
    seen: set[str] = set()
    pending = [getattr(experiment, "__code__", None)]
    around = getattr(experiment, "__globals__", {})
    while pending:
        code = pending.pop()
        if not isinstance(code, CodeType):
            continue
        names = {name for name in code.co_names if name not in seen}
        if names & GRADIENTS:
            return True
        seen |= names
        pending += [getattr(around.get(name), "__code__", None) for name in names]
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return False
