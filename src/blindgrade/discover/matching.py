"""Comparison of one wrong answer with the replies of all small changes of the solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from blindgrade.checks import Check
from blindgrade.discover.change_classes import words_of
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.engine.judging.wrong_answers import WrongAnswer, equal
from blindgrade.models import MutantMatch

SHOWN = 3  # changes that are listed
LONGEST = 60  # characters of a side of a change


def equal_mutants(checks: Mapping[str, Check], answer: WrongAnswer, known: Sequence[MutantReply]) -> list[MutantReply]:
    """Changes of the solution that reply to every check exactly as the answer does."""
    return [one for one in known if equal(checks, answer, one.answer)]


def match(checks: Mapping[str, Check], answer: WrongAnswer, known: Sequence[MutantReply]) -> MutantMatch | None:
    """What the changes say about the answer; None if none replies like it."""
    found = equal_mutants(checks, answer, known)
    if not found:
        return None
    kinds = list(dict.fromkeys(one.kind for one in found))
    return MutantMatch(
        kinds=kinds, words=words_of(kinds), changes=[change(one) for one in found[:SHOWN]], count=len(found)
    )


def match_first(
    checks: Mapping[str, Check], answer: WrongAnswer, known: Callable[[bool], Sequence[MutantReply]]
) -> MutantMatch | None:
    """What the changes of the proofs say about the answer, and only if they say nothing, the wider ones.

    `known` gives the replies; its argument says whether those of the wider changes are meant.
    """
    return match(checks, answer, known(False)) or match(checks, answer, known(True))


def change(one: MutantReply) -> str:
    """The change in words, for instructors."""
    return f"`{_short(one.old)}` read as `{_short(one.new)}` in line {one.line}"


def _short(text: str) -> str:
    text = " ".join(text.split()).rstrip(", ")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
