"""Map from lines of the text that runs to places that the student knows."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass

from blindgrade.engine.wire.replies import Raised, Reply, TraceLine
from blindgrade.places import Frame, Place

MAX_FUNCTION = 80  # characters of a function's name in a trace


@dataclass(frozen=True)
class LineMap:
    """Map from a line of the text that runs to the place that the student knows.

    `cells` of a notebook are (first line in the text, number of the cell), ascending. A .py file has none.
    """

    file: str
    cells: tuple[tuple[int, int], ...] = ()

    def where(self, line: int) -> Place:
        """Place of a line: for example line 12 of score_functions.py, or line 3 of cell 5 of score_functions.ipynb."""
        if not self.cells:
            return Place(self.file, line)
        at = max(bisect.bisect_right(self.cells, line, key=lambda cell: cell[0]) - 1, 0)
        start, number = self.cells[at]
        return Place(self.file, max(line - start, 0) + 1, f"cell {number}")


def as_it_is(line: TraceLine) -> Place:
    """Place of a line in a file that runs unchanged."""
    return Place(line.file, line.line)


def trace_of(reply: Reply, place: Callable[[TraceLine], Place] = as_it_is) -> tuple[Frame, ...]:
    """Frames of an exception, innermost last, with the places that `place` returns. Empty for other replies."""
    lines = reply.frames if isinstance(reply, Raised) else ()
    return tuple(Frame(place(line), line.function[:MAX_FUNCTION]) for line in lines)
