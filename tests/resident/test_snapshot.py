"""A change of a file is seen, and the memory of this process is measured."""

from __future__ import annotations

import os
from pathlib import Path

import blindgrade.resident
from blindgrade.resident.memory import used_mb
from blindgrade.resident.snapshot import Snapshot, own_code


def test_a_changed_new_or_removed_file_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    snapshot = Snapshot([one, other])
    assert snapshot.changed() == ""
    other.write_text("2")
    assert snapshot.changed() == str(other)
    other.unlink()
    one.write_text("11")
    assert snapshot.changed() == str(one)
    snapshot.add([one])
    assert snapshot.changed() == str(one), "a file that is known stays as it was"


def test_the_code_of_this_package_counts() -> None:
    assert Path(blindgrade.resident.__file__ or "").resolve() in {path.resolve() for path in own_code()}


def test_the_memory_of_this_process_is_measured() -> None:
    if Path(f"/proc/{os.getpid()}/status").exists():
        assert 5 < used_mb() < 5_000
