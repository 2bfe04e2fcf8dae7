"""The table of system calls against the kernel's own headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blindgrade.engine.sandbox.syscalls import ALLOWED, BY_ARGUMENT

INCLUDE = Path("/usr/include")
# aarch64 has the numbers of asm-generic, which every machine with the headers has.
HEADERS = {
    "x86_64": [INCLUDE / "asm" / "unistd_64.h", *INCLUDE.glob("x86_64-*/asm/unistd_64.h")],
    "aarch64": [INCLUDE / "asm-generic" / "unistd.h"],
}


def numbers(header: Path) -> dict[str, int]:
    """Names with their numbers. A name may stand for another one, which differs between 32 and 64 bits."""
    defined = dict(re.findall(r"^#define (__NR\w*)\s+(\w+)", header.read_text(), re.MULTILINE))
    found = {name.removeprefix("__NR_"): defined.get(value, value) for name, value in defined.items()}
    return {name: int(value) for name, value in found.items() if value.isdigit()}


@pytest.mark.parametrize("machine", HEADERS)
def test_every_number_is_the_kernels(machine: str) -> None:
    header = next((path for path in HEADERS[machine] if path.is_file()), None)
    if header is None:
        pytest.skip(f"this machine lacks the kernel's header {HEADERS[machine][0]} (linux-libc-dev)")
    known = numbers(header)
    ours = ALLOWED[machine] | BY_ARGUMENT[machine]
    assert {name: known.get(name) for name in ours} == ours
    assert len(known) > 250 and not ALLOWED[machine].keys() & BY_ARGUMENT[machine].keys()


def test_no_number_is_listed_under_two_names() -> None:
    for machine, allowed in ALLOWED.items():
        listed = [*allowed.values(), *BY_ARGUMENT[machine].values()]
        assert len(set(listed)) == len(listed)
