"""Files that a process was made from. When one changes, the process is out of date."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

State = dict[str, tuple[int, int, int] | None]


class Snapshot:
    """Sizes and times of files and folders at one moment. More can be added later."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._seen: State = {}
        self.add(paths)

    def add(self, paths: Iterable[Path]) -> None:
        """Add files as they are now. Those that are known stay as they were."""
        for path in paths:
            name = os.fspath(path)
            if name not in self._seen:
                self._seen[name] = _state(name)

    def changed(self) -> str:
        """First path that is not as it was; empty if all are."""
        return next((name for name, seen in self._seen.items() if _state(name) != seen), "")


def own_code() -> list[Path]:
    """Files of blindgrade, of this Python, and the folders in which packages are installed or removed."""
    package = Path(__file__).parents[1]
    installed = [Path(place) for place in sys.path if place and os.path.isdir(place)]
    return [Path(sys.executable), *installed, *package.rglob("*.py")]


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
