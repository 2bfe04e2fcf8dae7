from __future__ import annotations

import subprocess
import sys

import pytest

from blindgrade.engine.worker.large_pages import SIZE, own_memory

GATHER = """
import mmap, re
from blindgrade.engine.worker.large_pages import Memory

held = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE)
held.write(bytes(range(256)) * (64 << 12))
memory = Memory()
memory.read()
made = sum(memory.collapse(2) for _ in range(200))
again = memory.collapse(100)
large = int(re.search(r"AnonHugePages: +(\\d+)", open("/proc/self/smaps_rollup").read())[1]) >> 11
same = held[:] == bytes(range(256)) * (64 << 12)
print(made, again, large, same)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="large pages are asked of Linux")
def test_memory_is_collapsed_into_large_pages_once_and_keeps_its_content() -> None:
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
def test_a_large_page_is_whole_and_in_memory_without_a_file(line: str, places: list[int]) -> None:
    assert SIZE == 0x200000
    assert list(own_memory([line])) == places
