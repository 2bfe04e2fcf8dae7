"""The warm process's memory in pages of 2 MiB, so that to fork and to end a worker takes half the time.

Most of what a fork costs is to copy the page table, and most of what an exit costs is to take it down again. The C
library's own heap asks for large pages by itself (`FOR_THE_HEAP`); this is for what Python maps beside it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

FOR_THE_HEAP = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # in its environment; other C libraries do not look
SIZE = 2 << 20  # of a large page with base pages of 4 KiB, on x86_64 and aarch64
MADV_COLLAPSE = 25  # Linux 6.1 and newer, also where large pages are given on request only

_libc = ctypes.CDLL(None, use_errno=True)


class Memory:
    """The large pieces of this process's writable memory. Made before a jail takes /proc away, and read in it."""

    def __init__(self) -> None:
        self._proc = -1
        self._places: list[int] = []
        if sys.platform == "linux":
            with suppress(OSError):  # a machine without /proc: forks cost what they cost
                self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)

    def read(self) -> None:
        """Note where the memory lies now."""
        if self._proc < 0:
            return
        # The link `self` is this process also for who has another number in its jail.
        with suppress(OSError), open(os.open("self/maps", os.O_RDONLY, dir_fd=self._proc)) as maps:
            self._places = [place for line in maps for place in _large_pages(line)]
        os.close(self._proc)
        self._proc = -1

    def gather(self, most: int) -> int:
        """Put so much of the noted memory into large pages, where the kernel can, 5 ms each; how many were made."""
        places, self._places = self._places[:most], self._places[most:]
        return sum(_libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(SIZE), MADV_COLLAPSE) == 0 for place in places)


def _large_pages(line: str) -> list[int]:
    """The addresses at which a large page fits into this line of /proc/self/maps, if it belongs to no file."""
    place, rights, _, _, _, *name = line.split(maxsplit=5)
    if rights != "rw-p" or (name and name[0].strip() != "[heap]"):
        return []
    start, end = (int(edge, 16) for edge in place.split("-"))
    return list(range(-(-start // SIZE) * SIZE, end - SIZE + 1, SIZE))
