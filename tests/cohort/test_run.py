"""A cohort is graded, interrupted, continued, and graded again after a change."""

from __future__ import annotations

import json
import os
import random
import resource
import select
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort.grading import Result, comparable
from blindgrade.cohort.pool import Pool, Task
from blindgrade.cohort.run import Summary, Work
from blindgrade.models import Attempt

LESSON = "lesson-1.1.1"


def contents(store: AttemptStore) -> dict[str, bytes]:
    """Content of every attempt's file without times."""
    return {
        str(path.relative_to(store.root)): json.dumps(
            comparable(Attempt.model_validate_json(path.read_bytes()))
        ).encode()
        for path in sorted(store.root.rglob("[!.]*.json"))
    }


def reasons(summary: Summary) -> dict[str, str]:
    return {one.student: one.reason for one in summary.skipped}


def share_seed(store: AttemptStore, other: AttemptStore) -> None:
    """Two runs of one assignment: the same secret seed."""
    store.seed(LESSON)
    (other.root / LESSON).mkdir(parents=True)
    shutil.copy(store.root / LESSON / ".seed.json", other.root / LESSON)


def test_everyone_is_graded_and_nobody_twice(kit: Any, tmp_path: Path) -> None:
    submitted, store = kit.hand_in(kit.COHORT), AttemptStore(tmp_path / "attempts")
    kit.collected(submitted, {"ada": "2026-11-01T10:00:00Z"})
    calls: list[tuple[str, str, int, int]] = []
    first = kit.grade(submitted, store, report=lambda r, done, of: calls.append((r.student, r.state, done, of)))
    assert (first.graded, first.unchanged, first.skipped, first.errors) == (6, 0, [], [])
    assert sorted(calls) == sorted((s, "graded", n, 6) for (s, *_), n in zip(calls, range(1, 7), strict=True))
    points = {one.student: one.points for one in store.all(LESSON)}
    assert points == {"ada": 100, "ben": 20, "cleo": 40, "dan": points["dan"], "eva": points["eva"], "fay": 0}
    ada = store.current(LESSON, "ada")
    assert (ada.submitted_at, ada.sandbox, ada.seed) == ("2026-11-01T10:00:00Z", "namespaces", store.seed(LESSON).seed)
    assert {one.seed for one in store.all(LESSON)} == {ada.seed}
    before = contents(store)
    times = {path: path.stat().st_mtime_ns for path in store.root.rglob("*.json")}
    again = kit.grade(submitted, store)
    assert (again.graded, again.unchanged) == (0, 6)
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*.json")} == times
    whole = kit.grade(submitted, store, regrade=True, workers=1)
    assert (whole.graded, whole.unchanged) == (6, 0)
    assert contents(store) == before  # to the bit, and under the same names


def test_a_new_submission_is_another_attempt_beside_the_old_one(kit: Any, tmp_path: Path) -> None:
    submitted, store = (
        kit.hand_in({"ada": "wrong_and_blocked", "ben": "all_right"}),
        AttemptStore(tmp_path / "attempts"),
    )
    kit.collected(submitted, {"ada": "2026-11-01T10:00:00Z"})
    kit.grade(submitted, store, workers=1)
    shutil.copy(submitted / "ben" / "basics.py", submitted / "ada")
    kit.collected(submitted, {"ada": "2026-11-02T10:00:00Z"})
    assert kit.grade(submitted, store, workers=1).graded == 1
    assert [one.points for one in store.attempts(LESSON, "ada")] == [20, 100]


def test_a_changed_check_regrades_its_exercise_alone(kit: Any, tmp_path: Path) -> None:
    course = kit.course()
    submitted, store = kit.hand_in({"ada": "all_right", "cleo": "raises"}), AttemptStore(tmp_path / "attempts")
    kit.grade(submitted, store, course, workers=1)
    checks = course / "graders" / "lesson_1_1_1_basics" / "checks.py"
    text = checks.read_text()
    checks.write_text("# a comment changes nothing\n" + text)
    assert kit.grade(submitted, store, course, workers=1).unchanged == 2
    checks.write_text(text.replace("< 0.01:\n        return", "< 0.02:\n        return"))
    seen: list[Result] = []
    summary = kit.grade(submitted, store, course, workers=1, report=lambda result, *_: seen.append(result))
    assert (summary.graded, {result.reused for result in seen}) == (2, {2})
    for student in ("ada", "cleo"):
        old, new = store.attempts(LESSON, student)
        kept = [a.model_dump(exclude={"version"}) for a in old.exercises[:2]]
        assert [a.model_dump(exclude={"version"}) for a in new.exercises[:2]] == kept  # with their times
        assert [a.version == b.version for a, b in zip(old.exercises, new.exercises, strict=True)] == [
            True,
            True,
            False,
        ]
        assert new.course != old.course and new.points == old.points


def test_a_blocked_exercise_is_graded_again_with_its_required_exercise(kit: Any, tmp_path: Path) -> None:
    course = kit.course()
    submitted, store = kit.hand_in({"ben": "wrong_and_blocked"}), AttemptStore(tmp_path / "attempts")
    kit.grade(submitted, store, course, workers=1)
    assert store.current(LESSON, "ben").exercises[1].outcome == "blocked"
    checks = course / "graders" / "lesson_1_1_1_basics" / "checks.py"
    text = checks.read_text()
    assert text.count("return lesson.standardize(values)") == 1
    forgiving = text.replace("return lesson.standardize(values)", 'return "anything"')
    forgiving = forgiving.replace('"result": lesson.standardize(values)', '"result": None')
    checks.write_text(forgiving.replace('"two": lesson.standardize(two)', '"two": 2'))
    kit.grade(submitted, store, course, workers=1)
    outcomes = [e.outcome for e in store.current(LESSON, "ben").exercises]
    assert outcomes[:2] == ["passed", "failed"]


def test_an_unreadable_submission_is_skipped_and_the_others_are_graded(kit: Any, tmp_path: Path) -> None:
    submitted, store = kit.hand_in({"ada": "all_right", "zoe": "all_right"}), AttemptStore(tmp_path / "attempts")
    (submitted / "empty").mkdir()
    (submitted / "bomb.zip").write_bytes(b"")
    with zipfile.ZipFile(submitted / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("basics.py", b"#" * (200 << 20))
    (submitted / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    (submitted / "huge.py").write_bytes(b"#" * (3 << 20))
    (submitted / "binary.py").write_bytes(b"\0\1\2")
    (submitted / "endless").mkdir()
    os.mkfifo(submitted / "endless" / "basics.py")
    (submitted / "deep.py").write_text("x = " + "(" * 100_000)
    summary = kit.grade(submitted, store, workers=1)
    assert summary.graded == 3  # deep.py is a file with a line that does not parse: its attempt says so
    said = reasons(summary)
    assert sorted(said) == ["binary", "bomb", "broken", "empty", "endless", "huge"]
    assert "holds more than 128 MiB" in said["bomb"]
    assert "larger than 2 MiB" in said["huge"]
    assert "not a regular file" in said["endless"]
    assert f"holds no file for {LESSON}" in said["empty"]
    assert [one.student for one in store.all(LESSON)] == ["ada", "deep", "zoe"]


def test_a_full_disk_is_reported_and_its_attempts_are_tried_again_at_the_end(
    kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted, store = (
        kit.hand_in({"ada": "all_right", "ben": "raises", "cleo": "all_right"}),
        AttemptStore(tmp_path / "a"),
    )
    write, refused = store.write, []

    def full(attempt: Attempt) -> Path:
        if attempt.student == "ben" or not refused:
            refused.append(attempt.student)
            raise OSError(28, "No space left on device")
        return write(attempt)

    monkeypatch.setattr(store, "write", full)
    summary = kit.grade(submitted, store, workers=1)
    assert reasons(summary) == {
        "ben": "the attempt could not be stored (No space left on device); free some disk space"
        " and run the command again"
    }
    assert summary.graded == 2
    monkeypatch.undo()
    assert (kit.grade(submitted, store, workers=1).graded, len(list(store.all(LESSON)))) == (1, 3)


def test_a_disk_that_stays_full_leaves_whole_attempts_and_is_reported(kit: Any, tmp_path: Path) -> None:
    """The kernel refuses from the third student on: a limit on the size of a file that the process may write."""
    submitted, store = kit.hand_in(kit.COHORT), AttemptStore(tmp_path / "attempts")
    child = os.fork()
    if child == 0:
        try:

            def no_more(result: Result, done: int, of: int) -> None:
                if done == 2:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))

            summary = kit.grade(submitted, store, report=no_more)
            unsaved = {
                reason for reason in reasons(summary).values() if "could not be stored (File too large)" in reason
            }
            os._exit(0 if (summary.graded, len(summary.skipped), len(unsaved)) == (2, 4, 1) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(list(store.all(LESSON))) == 2
    assert list((store.root / ".unfinished").iterdir()) == []
    assert kit.grade(submitted, store).graded == 4


def test_a_worker_that_is_killed_in_mid_run_costs_nothing(kit: Any, tmp_path: Path) -> None:
    submitted = kit.hand_in(kit.COHORT)
    calm, store = AttemptStore(tmp_path / "calm"), AttemptStore(tmp_path / "attempts")
    share_seed(store, calm)
    kit.grade(submitted, calm)
    killed: list[int] = []

    def how(work: Work, todo: list[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        with Pool(work, 2) as pool:
            for answer in pool.run(todo):
                if not killed:
                    killed.extend(pool.pids[:1])
                    os.kill(killed[0], signal.SIGKILL)
                yield answer

    summary = kit.grade(submitted, store, how=how)
    assert killed and (summary.graded, summary.skipped) == (6, [])
    assert contents(store) == contents(calm)


def in_a_process_that_is_killed(moment: float, work: Callable[[], object]) -> None:
    """Run `work` in a forked process, kill it after `moment` seconds, and wait until its workers have ended, too."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.close(write)
    select.select([read], [], [], moment)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert select.select([read], [], [], 60.0)[0], "a worker outlived the run"
    os.close(read)


@pytest.mark.slow
def test_killed_at_fifty_random_moments_it_ends_like_an_undisturbed_run(kit: Any, tmp_path: Path) -> None:
    """Ten times everything is real. Forty times the answers are recorded, so that the kills hit the writing."""
    students = {f"{case}-{n}": case for n in range(2) for case in kit.COHORT.values()}
    submitted = kit.hand_in(students)
    calm = AttemptStore(tmp_path / "calm")
    begun = time.monotonic()
    kit.grade(submitted, calm)
    whole_run = time.monotonic() - begun
    undisturbed = contents(calm)
    assert len(undisturbed) == 12
    moments = random.Random(7)

    store = AttemptStore(tmp_path / "real")
    share_seed(calm, store)
    reached = set()
    for _ in range(10):
        in_a_process_that_is_killed(moments.uniform(0, whole_run), lambda: kit.grade(submitted, store))
        reached.add(len(contents(store)))
        assert contents(store).items() <= undisturbed.items()
    kit.grade(submitted, store)
    assert contents(store) == undisturbed

    recorded = {one.student: Result(LESSON, one.student, "graded", attempt=one).to_json() for one in calm.all(LESSON)}

    class Recorded:
        def do(self, content: bytes) -> bytes:
            time.sleep(0.02)
            return recorded[json.loads(content)["student"]]

        def close(self) -> None:
            """There are no resources to release."""

    def play(work: Work, todo: list[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        with Pool(Recorded(), 2) as pool:
            yield from pool.run(todo)

    store = AttemptStore(tmp_path / "recorded")
    share_seed(calm, store)
    begun = time.monotonic()
    in_a_process_that_is_killed(60.0, lambda: kit.grade(submitted, store, how=play))
    whole_run = time.monotonic() - begun
    assert contents(store) == undisturbed
    for number in range(40):
        store = AttemptStore(tmp_path / f"recorded-{number}")
        share_seed(calm, store)
        moment = moments.uniform(0.1, 1.0) * whole_run
        in_a_process_that_is_killed(moment, lambda: kit.grade(submitted, store, how=play))  # noqa: B023
        reached.add(len(contents(store)))
        assert contents(store).items() <= undisturbed.items()
        kit.grade(submitted, store, how=play)
        assert contents(store) == undisturbed
    assert len(reached) > 3  # the moments fell before, between and after


def test_after_a_kill_only_missing_attempts_are_graded(kit: Any, tmp_path: Path) -> None:
    submitted, store = kit.hand_in(kit.COHORT), AttemptStore(tmp_path / "attempts")
    kit.grade(submitted, store)
    next(store.root.glob(f"{LESSON}/ben/*.json")).unlink()
    summary = kit.grade(submitted, store)
    assert (summary.graded, summary.unchanged) == (1, 5)
