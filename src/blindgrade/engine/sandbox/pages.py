"""The warm process's memory in pages of 2 MiB, so that to fork, to run and to end a worker takes less time.

Most of what a fork costs is to copy the page table, and most of what an exit costs is to take it down again. The C
library's own heap asks for large pages by itself (`FOR_THE_HEAP`). What Python maps beside it is gathered into large
pages where it lies; of the libraries' files, which cannot be, what is in use is put into memory of our own, so that a
worker need not map it again 16 pages at a time.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

FOR_THE_HEAP = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # in its environment; other C libraries do not look
SIZE = 2 << 20  # of a large page with base pages of 4 KiB, on x86_64 and aarch64
PAGE = 4 << 10
IN_USE = 16  # pages that are mapped, of 512, to make a copy worth its memory: the kernel maps so many at once
MADV_HUGEPAGE = 14
MADV_COLLAPSE = 25  # Linux 6.1 and newer, also where large pages are given on request only
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PRIVATE_MEMORY = 0x22  # MAP_PRIVATE | MAP_ANONYMOUS
IN_THE_PLACE_OF = 3  # MREMAP_MAYMOVE | MREMAP_FIXED

_libc = ctypes.CDLL(None, use_errno=True)
if sys.platform == "linux":  # macOS has no mremap
    _libc.mmap.restype = _libc.mremap.restype = ctypes.c_void_p
FAILED = ctypes.c_void_p(-1).value


@dataclass(frozen=True)
class _Piece:
    """A line of /proc/self/maps."""

    start: int
    end: int
    rights: str
    name: str

    @classmethod
    def of(cls, line: str) -> _Piece:
        edges, rights, _, _, _, *name = line.split(maxsplit=5)
        start, end = (int(edge, 16) for edge in edges.split("-"))
        return cls(start, end, rights, name[0].strip() if name else "")


class Memory:
    """The large pieces of this process's memory. Made before a jail takes /proc away, and read in it."""

    def __init__(self) -> None:
        self._proc = -1
        self._own: list[int] = []
        self._libraries: list[tuple[int, int]] = []
        if sys.platform == "linux":
            with suppress(OSError):  # a machine without /proc: forks cost what they cost
                self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)

    def read(self) -> None:
        """Note where the memory lies now, and what of the libraries is in use."""
        if self._proc < 0:
            return
        # The link `self` is this process also for who has another number in its jail.
        with suppress(OSError), open(os.open("self/maps", os.O_RDONLY, dir_fd=self._proc)) as maps:
            pieces = [_Piece.of(line) for line in maps]
            self._own = list(own_memory(pieces))
            with open(os.open("self/pagemap", os.O_RDONLY, dir_fd=self._proc), "rb") as table:
                self._libraries = [
                    (place, rights) for place, rights in libraries(pieces) if _mapped(table.fileno(), place) >= IN_USE
                ]
        os.close(self._proc)
        self._proc = -1

    def gather(self, most: int) -> int:
        """Put so much of the noted memory into large pages, where the kernel can, 5 ms each; how many were made."""
        own, self._own = self._own[:most], self._own[most:]
        most -= len(own)
        copied, self._libraries = self._libraries[:most], self._libraries[most:]
        return sum(map(_collapsed, own)) + sum(_copied(place, rights) for place, rights in copied)


def own_memory(pieces: Iterable[_Piece]) -> Iterator[int]:
    """The addresses at which a large page fits into writable memory that belongs to no file."""
    for piece in pieces:
        if piece.rights == "rw-p" and piece.name in ("", "[heap]"):
            yield from _inside(piece.start, piece.end)


def libraries(pieces: Iterable[_Piece]) -> Iterator[tuple[int, int]]:
    """The addresses at which a large page fits into what nobody writes of a shared library, and the rights it needs."""
    runs: list[list[_Piece]] = []
    for piece in pieces:
        if piece.rights not in ("r--p", "r-xp") or ".so" not in os.path.basename(piece.name):
            continue
        if runs and (runs[-1][-1].end, runs[-1][-1].name) == (piece.start, piece.name):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    for run in runs:
        for place in _inside(run[0].start, run[-1].end):
            code = any("x" in piece.rights for piece in run if piece.start < place + SIZE and place < piece.end)
            yield place, PROT_READ | (PROT_EXEC if code else 0)


def _inside(start: int, end: int) -> range:
    return range(-(-start // SIZE) * SIZE, end - SIZE + 1, SIZE)


def _mapped(table: int, place: int) -> int:
    """How many of the pages from this address on are in this process's page table."""
    entries = os.pread(table, SIZE // PAGE * 8, place // PAGE * 8)
    return sum(entry >> 63 for (entry,) in struct.iter_unpack("=Q", entries))


def _collapsed(place: int) -> bool:
    return bool(_libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(SIZE), MADV_COLLAPSE) == 0)


def _copied(place: int, rights: int) -> bool:
    """Put a copy of this memory, in one large page, into its place; False if there is no such page."""
    copy = _room()
    if copy is None:
        return False
    size = ctypes.c_size_t(SIZE)
    ctypes.memmove(copy, place, SIZE)
    if (
        _collapsed(copy)  # which it mostly is already; small pages would make forks dearer
        and _libc.mprotect(ctypes.c_void_p(copy), size, rights) == 0
        # One call, within the C library, so that no moment is without the code that runs.
        and _libc.mremap(ctypes.c_void_p(copy), size, size, IN_THE_PLACE_OF, ctypes.c_void_p(place)) == place
    ):
        return True
    _libc.munmap(ctypes.c_void_p(copy), size)
    return False


def _room() -> int | None:
    """The address of new memory for one large page."""
    found: int | None = _libc.mmap(
        None, ctypes.c_size_t(2 * SIZE), PROT_READ | PROT_WRITE, PRIVATE_MEMORY, -1, ctypes.c_long(0)
    )
    if found is None or found == FAILED:
        return None
    start = -(-found // SIZE) * SIZE
    # The rest at once: somebody else's memory may soon lie where this was.
    for rest, end in ((found, start), (start + SIZE, found + 2 * SIZE)):
        if end > rest:
            _libc.munmap(ctypes.c_void_p(rest), ctypes.c_size_t(end - rest))
    _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(SIZE), MADV_HUGEPAGE)
    return start
