"""Order in which a notebook's cells were run, from Jupyter's numbers beside the cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_PAIRS = 3
ADVICE = (
    "the grader runs all cells from top to bottom, so it may get another result than the notebook showed; "
    "use Restart Kernel and Run All Cells, then save"
)


def order_notes(runs: Sequence[tuple[int, int | None]], saved: Iterable[int | None]) -> list[str]:
    """Notes about the order of the cells that count. `runs` are (cell, number of its run); `saved` are all numbers.

    A notebook without any number was never run, or its outputs were removed. Nothing can be said about it.
    """
    if all(count is None for count in saved):
        return []
    counted = [(cell, count) for cell, count in runs if count is not None]
    late = [
        (cell, before) for (before, first), (cell, count) in zip(counted, counted[1:], strict=False) if first >= count
    ]
    found = [f"cell {before} was run after cell {cell}" for cell, before in late[:MAX_PAIRS]]
    missing = [cell for cell, count in runs if count is None]
    if missing:
        found.append(f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run")
    return [f"{', and '.join(found)}: {ADVICE}"] if found else []


def listed(cells: Iterable[int]) -> str:
    """Text such as "cell 3" or "cells 3, 5-7"."""
    numbers = sorted(set(cells))
    parts: list[str] = []
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 < len(numbers) and numbers[at + 1] == number + 1:
            continue
        parts.append(str(number) if start == at else f"{numbers[start]}-{number}")
        start = at + 1
    return f"{'cell' if len(numbers) == 1 else 'cells'} {', '.join(parts)}"
