"""Files that the student's code opens, as Python's audit events name them.

The grader shows an earlier result again only if these files are as they were. So it asks for their names with the
request that loads the lesson. What code reads in another way, for example by another program, is named UNKNOWN.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from blindgrade.engine.wire.replies import MAX_OPENED, MAX_PATH, UNKNOWN

OPENS = frozenset({"open", "sqlite3.connect"})
LISTS = frozenset({"os.listdir", "os.scandir", "os.walk", "os.fwalk"})
# After one of these, code can read what no later event shows.
ESCAPES = frozenset(
    {
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
        "socket.connect", "socket.bind", "socket.sendto", "urllib.Request",
    }
)  # fmt: skip
HARMLESS = frozenset({"/dev/null", "/dev/urandom", "/dev/random", "/dev/zero"})


class Opened:
    """Names of the files that were opened since the last question. Those in `own` folders are left out."""

    def __init__(self, own: Iterable[str]) -> None:
        self._own = tuple(dict.fromkeys(os.path.join(folder, "") for folder in own if folder))
        self._seen: dict[str, None] = {}
        self._reported = 0

    def watch(self) -> None:
        """Watch this process from now on. Python removes no such hook, so this process must be a worker."""
        sys.addaudithook(self._hear)

    def since(self) -> list[str]:
        """Names since the last call, each given once."""
        names = list(self._seen)
        new, self._reported = names[self._reported :], len(names)
        return new

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in OPENS or event in LISTS:
            # An error here would come out of the student's line.
            with suppress(Exception):
                self._note(arguments[0] if arguments else None, listed=event in LISTS)
        elif event in ESCAPES:
            self._add(UNKNOWN)

    def _note(self, named: Any, *, listed: bool) -> None:
        if isinstance(named, int) or named is None and not listed:
            return  # a number of an open file; its name was heard before
        path = os.path.abspath(os.fsdecode(named if named is not None else "."))
        if path in HARMLESS or os.path.join(path, "").startswith(self._own):
            return
        self._add(UNKNOWN if listed or len(path) > MAX_PATH else path)

    def _add(self, name: str) -> None:
        if len(self._seen) < MAX_OPENED:
            self._seen.setdefault(name)
        elif UNKNOWN not in self._seen:
            self._seen[UNKNOWN] = None


def known_folders(box: str) -> list[str]:
    """Folders that need no watch: the worker's box, and code whose version the grader knows."""
    return [box, *_of_versions()]


def _of_versions() -> list[str]:
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    for name in ("torch", "torchgen", "functorch", "numpy", "jaxtyping", "blindgrade"):
        file = getattr(sys.modules.get(name), "__file__", None)
        places += [os.path.dirname(file)] if file else []
    found = [place for place in places if place]
    return list(dict.fromkeys([*found, *map(os.path.realpath, found)]))
