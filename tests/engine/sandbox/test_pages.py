from __future__ import annotations

import subprocess
import sys

import pytest

from blindgrade.engine.sandbox.pages import SIZE, _Piece, libraries, own_memory

GATHER = """
import mmap, re
from blindgrade.engine.sandbox.pages import Memory

held = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE)
held.write(bytes(range(256)) * (64 << 12))
memory = Memory()
memory.read()
made = sum(memory.gather(2) for _ in range(200))
again = memory.gather(100)
large = int(re.search(r"AnonHugePages: +(\\d+)", open("/proc/self/smaps_rollup").read())[1]) >> 11
same = held[:] == bytes(range(256)) * (64 << 12)
print(made, again, large, same)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="large pages are asked of Linux")
def test_memory_is_gathered_into_large_pages_once_and_keeps_what_it_holds() -> None:
    done = subprocess.run([sys.executable, "-c", GATHER], capture_output=True, text=True, check=True)
    made, again, large, same = done.stdout.split()
    assert same == "True" and again == "0"
    if made == "0":
        pytest.skip("this kernel makes no large pages on request (MADV_COLLAPSE)")
    assert int(made) >= 31 and int(large) >= int(made)


@pytest.mark.parametrize(
    "line,places",
    [
        ("200000-800000 rw-p 00000000 00:00 0", [0x200000, 0x400000, 0x600000]),
        ("200001-7fffff rw-p 00000000 00:00 0", [0x400000]),
        ("201000-400000 rw-p 00000000 00:00 0", []),
        ("200000-600000 rw-p 00000000 00:00 0                          [heap]\n", [0x200000, 0x400000]),
        ("200000-600000 rw-p 00000000 fe:00 123                        /usr/lib/libtorch.so\n", []),
        ("200000-600000 r-xp 00000000 00:00 0", []),
    ],
)
def test_a_large_page_lies_whole_in_memory_of_no_file(line: str, places: list[int]) -> None:
    assert SIZE == 0x200000
    assert list(own_memory([_Piece.of(line)])) == places


def maps(*lines: str) -> list[_Piece]:
    return [_Piece.of(line) for line in lines]


def test_a_library_is_one_piece_up_to_what_it_writes() -> None:
    lines = [
        "200000-300000 r--p 00000000 fe:00 12        /usr/lib/libtorch.so\n",
        "300000-700000 r-xp 00100000 fe:00 12        /usr/lib/libtorch.so\n",
        "700000-a00000 r--p 00500000 fe:00 12        /usr/lib/libtorch.so\n",
        "a00000-c00000 rw-p 00800000 fe:00 12        /usr/lib/libtorch.so\n",
        "c00000-e00000 r-xp 00000000 fe:00 13        /usr/lib/libother.so.6\n",
        "1000000-1200000 r--p 00000000 fe:00 14      /usr/lib/locale/locale-archive\n",
        "1200000-1400000 r-xp 00000000 00:00 0       [vdso]\n",
    ]
    assert list(libraries(maps(*lines))) == [(0x200000, 5), (0x400000, 5), (0x600000, 5), (0x800000, 1), (0xC00000, 5)]
    apart = [lines[0], "400000-800000 r-xp 00100000 fe:00 12        /usr/lib/libtorch.so\n"]
    assert list(libraries(maps(*apart))) == [(0x400000, 5), (0x600000, 5)]


COPY = """
import torch
from blindgrade.engine.sandbox.pages import Memory

torch.set_num_threads(1)

def work():
    x = torch.arange(12.0).reshape(3, 4).requires_grad_()
    torch.softmax(x @ x.mT, -1).pow(2).sum().backward()
    try:
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    except RuntimeError as error:  # thrown in C++, through the library's tables
        return x.grad.tolist(), str(error)

first = work()
memory = Memory()
memory.read()
noted = len(memory._libraries)
memory._own.clear()
made = memory.gather(10_000)
with open("/proc/self/maps") as maps:
    left = sum("libtorch_cpu.so" in line and " r-xp " in line for line in maps)
print(noted, made, left, all(work() == first for _ in range(20)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="large pages are asked of Linux")
def test_libraries_run_on_from_large_pages() -> None:
    done = subprocess.run([sys.executable, "-c", COPY], capture_output=True, text=True, check=True)
    noted, made, left, same = done.stdout.split()
    assert same == "True" and int(noted) > 10
    if made == "0":
        pytest.skip("this kernel makes no large pages on request (MADV_COLLAPSE)")
    assert int(made) >= int(noted) - 1 and int(left) > 1, "the code is in pieces, between which lie the copies"
