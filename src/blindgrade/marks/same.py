"""Which versions are one submission: equal files at one instant, however the time is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from blindgrade.clock import instant, is_known

One = TypeVar("One")
Identity = tuple[str, str | None]  # digest of the files, time of submission


def same(first: Identity, second: Identity) -> bool:
    """Are these one submission? Equal files with a time and without one are: their time became known later."""
    known = is_known(first[1]) and is_known(second[1])
    return first[0] == second[0] and (not known or instant(first[1]) == instant(second[1]))


def distinct(versions: Sequence[One], identity: Callable[[One], Identity]) -> list[One]:
    """Versions, oldest first, each submission once.

    The last version stays, because it is what is handed in now. Of others that are the same, one with a time stays.
    """
    places = range(len(versions))
    order = sorted(places, key=lambda n: (n == places[-1], is_known(identity(versions[n])[1]), n), reverse=True)
    kept: list[int] = []
    for number in order:
        if not any(same(identity(versions[number]), identity(versions[other])) for other in kept):
            kept.append(number)
    return [versions[number] for number in sorted(kept)]
