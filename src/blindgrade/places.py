"""Places in a student's files: data inside the program, text in JSON, in messages and on pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

LINE = re.compile(r"(?P<file>[^\n]*):(?P<line>[1-9]\d{0,9})")
CELL = re.compile(r"(?P<cell>cell (?:\d{1,9}|\[\d{1,9}\])), line (?P<line>[1-9]\d{0,9})(?: of (?P<file>[^\n]+))?")


@dataclass(frozen=True)
class Place:
    """Line of a file, or line of a notebook's cell.

    `cell` is the cell's name. "cell 5" counts a file's cells. "cell [5]" is Jupyter's number of a running cell, which
    has no file. Line 0 means the whole file.
    """

    file: str
    line: int
    cell: str = ""

    def __str__(self) -> str:
        """Text such as "score.py:12", "cell 5, line 3 of score.ipynb" or "cell [5], line 3"."""
        if self.cell:
            return f"{self.cell}, line {self.line}" + (f" of {self.file}" if self.file else "")
        return f"{self.file}:{self.line}" if self.line else self.file

    @classmethod
    def parse(cls, text: str) -> Self:
        """Inverse of `str`. Any other text is the name of a whole file, so no text is lost."""
        if match := CELL.fullmatch(text):
            return cls(match["file"] or "", int(match["line"]), match["cell"])
        if match := LINE.fullmatch(text):
            return cls(match["file"], int(match["line"]))
        return cls(text, 0)


@dataclass(frozen=True)
class Frame:
    """One line of an exception's trace, and the function that contains it."""

    place: Place
    function: str

    def __str__(self) -> str:
        """Text such as "score.py:12 in score_from_noise"."""
        return f"{self.place} in {self.function}" if self.function else str(self.place)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Inverse of `str`."""
        place, separator, function = text.rpartition(" in ")
        return cls(Place.parse(place), function) if separator else cls(Place.parse(text), "")
