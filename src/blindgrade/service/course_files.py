"""Changes of the course while it is served: the processes start again with the new files, if these are right."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError, UnknownId

TREES = ("exercises", "solutions", "graders")
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")
Signature = frozenset[tuple[str, int, int]]


def signature(root: Path) -> Signature:
    """Names, times and sizes of the files that decide results and policy."""
    found = {_of(root / "course.toml")}
    for tree in TREES:
        for folder, inside, names in os.walk(root / tree):
            inside[:] = [name for name in inside if name not in LEFT_OUT]
            found |= {_of(Path(folder) / name) for name in names}
    return frozenset(found)


def _of(path: Path) -> tuple[str, int, int]:
    try:
        known = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), known.st_mtime_ns, known.st_size


@dataclass
class CourseFiles:
    """Looks at the course's files. `say` gets a sentence about files that are wrong."""

    root: Path
    say: Callable[[str], None]
    _served: Signature = frozenset()
    _seen: Signature = frozenset()

    def __post_init__(self) -> None:
        self._served = self._seen = signature(self.root)

    def changed(self) -> bool:
        """Are there new files that are right? They must be the same at two looks: somebody may be writing them."""
        now = signature(self.root)
        steady, self._seen = now == self._seen, now
        if now == self._served or not steady:
            return False
        self._served = now
        try:
            Catalog(self.root).find(["all"])
        except (CourseError, UnknownId, OSError) as error:
            self.say(f"the course was changed and is not right, so the service goes on with the earlier state: {error}")
            return False
        self.say("the course was changed; the service starts again with its new state")
        return True
