"""Attempts on the disk: written whole or not at all, read in order, one writer at a time."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Attempt, SubmissionRef


def attempt(student: str = "ada", key: str = "k1", **fields: object) -> Attempt:
    values: dict[str, object] = {
        "lesson": "lesson-1.1.1", "title": "Basics", "points": 1.0, "max_points": 2.0, "student": student, "key": key,
        "submission": SubmissionRef(path="x", sha256="s"), "graded_at": "2026-11-01T10:00:00Z", "seed": 1,
        "reference": "live", "sandbox": "namespaces", "seconds": 0.1, "exercises": [],
    }  # fmt: skip
    return Attempt.model_validate(values | fields)


def test_written_content_is_read_again(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    path = store.write(attempt(points=1.5))
    assert path == tmp_path / "lesson-1.1.1" / "ada" / "k1.json"
    assert store.read("lesson-1.1.1", "ada", "k1") == attempt(points=1.5)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_current_attempt_is_the_newest_grading_of_the_newest_submission(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    early, late = "2026-11-01T09:00:00+01:00", "2026-11-01T08:30:00Z"  # the same zone would order them the other way
    store.write(attempt(key="a", submitted_at=early, graded_at="2026-11-05T00:00:00Z"))
    store.write(attempt(key="b", submitted_at=late, graded_at="2026-11-02T00:00:00Z"))
    store.write(attempt(key="c", submitted_at=late, graded_at="2026-11-03T00:00:00Z"))
    assert store.current("lesson-1.1.1", "ada") == store.read("lesson-1.1.1", "ada", "c")
    assert [one.key for one in store.all("lesson-1.1.1")] == ["a", "b", "c"]
    assert store.current("lesson-1.1.1", "ben") is None


def test_a_damaged_attempt_is_none_for_grading_and_named_in_reports(tmp_path: Path) -> None:
    store = AttemptStore(tmp_path)
    store.write(attempt()).write_text('{"lesson":')
    assert store.read("lesson-1.1.1", "ada", "k1") is None
    with pytest.raises(StoreError, match="k1.json is no attempt; delete it"):
        list(store.all("lesson-1.1.1"))


def test_the_seed_is_drawn_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    seed = AttemptStore(tmp_path).seed("lesson-1.1.1")
    assert AttemptStore(tmp_path).seed("lesson-1.1.1") == seed
    assert AttemptStore(tmp_path).seed("lesson-1.1.2") != seed
    assert (tmp_path / "lesson-1.1.1" / ".seed.json").stat().st_mode & 0o777 == 0o600
    assert str(seed.seed) not in seed.id


def test_a_damaged_seed_is_not_replaced_in_silence(tmp_path: Path) -> None:
    AttemptStore(tmp_path).seed("lesson-1.1.1")
    (tmp_path / "lesson-1.1.1" / ".seed.json").write_text("{}")
    with pytest.raises(StoreError, match="seed.json is damaged"):
        AttemptStore(tmp_path).seed("lesson-1.1.1")


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    first, second = AttemptStore(tmp_path), AttemptStore(tmp_path)
    with first.writing(), pytest.raises(StoreError, match="another run writes"), second.writing():
        pass
    with second.writing():
        pass


def test_a_disk_that_does_not_take_it_leaves_nothing_behind(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            AttemptStore(tmp_path).write(attempt())
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_reader_never_sees_half_an_attempt_while_a_writer_is_killed(tmp_path: Path) -> None:
    """A child rewrites an attempt of 2 MB over and over and is killed. A reader always sees a whole attempt."""
    store = AttemptStore(tmp_path, durable=False)
    for moment in range(10):
        child = os.fork()
        if child == 0:
            number = 0
            while True:
                number += 1
                store.write(attempt(points=float(number), title=f"{number}" * 2_000_000))
        until = time.monotonic() + 30
        while not (tmp_path / ".unfinished").exists() and time.monotonic() < until:
            time.sleep(0.001)  # on a busy machine the first child needs some time to begin
        time.sleep(0.02 + 0.003 * moment)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = store.read("lesson-1.1.1", "ada", "k1")
        path = store.path("lesson-1.1.1", "ada", "k1")
        assert found is not None or not path.exists()
    with store.writing():
        assert list((tmp_path / ".unfinished").iterdir()) == []
