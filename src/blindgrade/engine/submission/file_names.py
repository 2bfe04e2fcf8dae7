"""Names of files as students, browsers and systems make them, and the lesson's own file that each stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath

SUFFIXES = (".py", ".ipynb")
ADDED = (".txt", ".json")  # what a browser or an editor appends to the name of a text file

# Below, a name is in small letters, with one `_` for each run of spaces, `-` and `_`.
COPY = r"(?:copy|kopie|copie|copia)"
COPY_OF = rf"(?:{COPY}(?:_\(\d+\))?_(?:of|von|de)_)*"
NUMBERED = rf"(?:_?{COPY}(?:_?\(?(?P<copied>\d{{1,4}})\)?)?|_?\((?P<bracketed>\d{{1,4}})\)|_(?P<number>\d{{1,4}}))*"


class Kind(IntEnum):
    """How surely a name is a lesson's: its own name, a copy's name by rule, or a name with another word in it."""

    OWN = 0
    COPIED = 1
    LONGER = 2


@dataclass(frozen=True)
class Named:
    """Lesson's module and suffix that a name stands for. `number` is the highest number that was appended."""

    module: str
    suffix: str
    kind: Kind
    number: int = 0


def suffix_of(name: str) -> str:
    """`.py` or `.ipynb`, also of `A.PY` and `a.py.txt`; empty for another kind of file."""
    low = name.lower()
    for added in ("", *ADDED):
        for suffix in SUFFIXES:
            if low.endswith(suffix + added) and len(low) > len(suffix + added):
                return suffix
    return ""


def stem_of(name: str) -> str:
    """Name of a Python file or notebook without its suffix."""
    low = name.lower()
    return next((name[: -len(suffix + added)] for added in ("", *ADDED) for suffix in SUFFIXES
                 if low.endswith(suffix + added)), name)  # fmt: skip


def named(path: str, modules: Iterable[str]) -> Named | None:
    """Lesson's file that the path's last part stands for; None for other files. The longest module that fits counts."""
    name = unicodedata.normalize("NFC", PurePosixPath(path).name)
    suffix = suffix_of(name)
    if not suffix:
        return None
    stem = stem_of(name)
    key = _key(stem)
    for module in sorted(modules, key=len, reverse=True):
        if name == module + suffix:
            return Named(module, suffix, Kind.OWN)
        match = re.fullmatch(f"{COPY_OF}{re.escape(_key(module))}{NUMBERED}", key)
        if match:
            # A repeated group keeps its last number, and `(1)` is never followed by a lower one.
            numbers = [int(group) for group in match.groups() if group]
            return Named(module, suffix, Kind.COPIED, max(numbers, default=0))
        if f"_{_key(module)}_" in f"_{key}_":
            return Named(module, suffix, Kind.LONGER)
    return None


def _key(stem: str) -> str:
    return re.sub(r"[\s_-]+", "_", stem.casefold()).strip("_")
