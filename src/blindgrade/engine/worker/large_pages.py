"""Large memory pages (2 MiB) for the warm process: a fork copies fewer page-table entries, and an exit frees fewer.

This saves time and protects nothing, so it is no part of the sandbox. The C library puts its own heap into large pages
when `HEAP_ENVIRONMENT` is set. `Memory` collapses the rest of the process's private memory into large pages.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache

HEAP_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # other C libraries ignore it
SIZE = 2 << 20  # bytes of a large page where normal pages have 4 KiB (x86_64 and aarch64)
MADV_COLLAPSE = 25  # Linux 6.1 and newer; works even where large pages are given on request only


class Memory:
    """Private memory of this process that can be collapsed. Create it before a jail removes /proc."""

    def __init__(self) -> None:
        self._proc = -1
        self._places: list[int] = []
        if hasattr(os, "O_PATH") and hasattr(os, "O_DIRECTORY"):
            with suppress(OSError):  # without /proc nothing is collapsed, and forks are slower
                self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)

    def read(self) -> None:
        """Record the addresses that can be collapsed now."""
        if self._proc < 0:
            return
        # The link `self` also works for a process that has another number inside its jail.
        with suppress(OSError), open(os.open("self/maps", os.O_RDONLY, dir_fd=self._proc)) as maps:
            self._places = list(own_memory(maps))
        os.close(self._proc)
        self._proc = -1

    def collapse(self, most: int) -> int:
        """Collapse up to `most` recorded places, about 5 ms each; return how many became large pages."""
        now, self._places = self._places[:most], self._places[most:]
        return sum(map(_collapse, now))


def own_memory(maps: Iterable[str]) -> Iterator[int]:
    """Addresses of whole large pages in writable memory without a file, from the lines of /proc/PID/maps."""
    for line in maps:
        edges, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and "".join(name).strip() in ("", "[heap]"):
            start, end = (int(edge, 16) for edge in edges.split("-"))
            yield from range(-(-start // SIZE) * SIZE, end - SIZE + 1, SIZE)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _collapse(place: int) -> bool:
    return bool(_library().madvise(ctypes.c_void_p(place), ctypes.c_size_t(SIZE), MADV_COLLAPSE) == 0)
