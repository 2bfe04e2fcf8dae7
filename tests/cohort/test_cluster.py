"""The same cohort on a real Dask scheduler with two worker processes that the test starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort.bundle import Bundle, pack, unpack
from blindgrade.cohort.grading import comparable

LESSON = "lesson-1.1.1"
distributed = pytest.importorskip("distributed")
# distributed leaves sockets and loops to the collector when a worker is killed.
DRAINS: list[subprocess.Popen[bytes]] = []
pytestmark = pytest.mark.filterwarnings("ignore")


def start(folder: Path, name: str, *command: str, until: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a process of the cluster and read its output until the awaited text appears."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        if found := re.search(until.encode(), line):
            # What it says further goes nowhere, so that it never waits for a reader.
            drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
            process.stderr.close()
            DRAINS.append(drain)
            return process, found.group(1).decode()
    raise AssertionError(f"{name} did not start: {said.decode()}")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    processes = []
    try:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        scheduler, address = start(
            tmp_path, "scheduler", "distributed.cli.dask_scheduler", *options, until=r"Scheduler at:\s*(tcp://\S+)"
        )
        processes.append(scheduler)
        workers = []
        for number in range(2):
            options = (address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1")
            worker, _ = start(
                tmp_path, f"worker {number}", "distributed.cli.dask_worker", *options, until=r"Registered to:\s*(\S+)"
            )
            processes.append(worker)
            workers.append(worker)
        yield address, workers
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        while DRAINS:
            DRAINS.pop().wait()


def attempts(store: AttemptStore) -> dict[str, Any]:
    return {one.student or "": comparable(one) for one in store.all(LESSON)}


def same_seed(store: AttemptStore, other: AttemptStore) -> None:
    store.seed(LESSON)
    (other.root / LESSON).mkdir(parents=True)
    (other.root / LESSON / ".seed.json").write_bytes((store.root / LESSON / ".seed.json").read_bytes())


def test_a_cluster_gives_the_results_of_one_machine_also_after_a_worker_is_killed(
    kit: Any, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    from blindgrade.cohort.cluster import OnCluster

    address, workers = cluster
    submitted = kit.hand_in({f"{case}-{n}": case for n in range(3) for case in kit.COHORT.values()})
    here, there = AttemptStore(tmp_path / "here"), AttemptStore(tmp_path / "there")
    same_seed(here, there)
    kit.grade(submitted, here)

    def kill_one(result: Any, done: int, of: int) -> None:
        if done == 3:
            workers[0].send_signal(signal.SIGKILL)

    summary = kit.grade(submitted, there, report=kill_one, how=OnCluster(address))
    assert workers[0].wait() == -signal.SIGKILL
    assert (summary.graded, summary.skipped, summary.errors) == (18, [], [])
    assert attempts(there) == attempts(here)
    again = kit.grade(submitted, there, how=OnCluster(address))
    assert (again.graded, again.unchanged) == (0, 18)


def test_nothing_of_a_students_passes_the_scheduler(
    kit: Any, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    """A relay in front of the scheduler keeps every byte. The bytes do not contain a student's text or name."""
    from blindgrade.cohort.cluster import OnCluster

    address, _ = cluster
    marker = "a_name_that_only_this_student_uses"
    submitted = kit.hand_in({"ada-of-the-marker": "all_right"})
    file = submitted / "ada-of-the-marker" / "basics.py"
    file.write_text(f"{file.read_text()}\n{marker} = 1\n")
    with Relay(address) as relay:
        summary = kit.grade(submitted, AttemptStore(tmp_path / "attempts"), how=OnCluster(relay.address))
    assert summary.graded == 1
    assert b"grade_task" in relay.seen  # the relay does see what is asked
    assert marker.encode() not in relay.seen and b"ada-of-the-marker" not in relay.seen
    assert b"centered / _spread(centered)" not in relay.seen  # nor the solution


class Relay:
    """Pass connections on to an address and keep the bytes of both directions."""

    def __init__(self, address: str) -> None:
        import socket
        import threading

        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self.seen = b""
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        self._start: Callable[..., None] = lambda *args: threading.Thread(target=args[0], args=args[1:]).start()

    def __enter__(self) -> Relay:
        self._start(self._accept)
        return self

    def _accept(self) -> None:
        import socket

        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(self._target)
            self._sockets += [ours, theirs]
            self._start(self._pass, ours, theirs)
            self._start(self._pass, theirs, ours)

    def _pass(self, source: Any, target: Any) -> None:
        try:
            while piece := source.recv(1 << 16):
                self.seen += piece
                target.sendall(piece)
        except OSError:
            pass
        finally:
            with __import__("contextlib").suppress(OSError):
                target.shutdown(1)

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(2)
        self._listener.close()
        for one in self._sockets:
            one.close()


def test_an_address_without_a_scheduler_is_reported(kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.cohort import cluster
    from blindgrade.cohort.cluster import NoCluster, OnCluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    submitted = kit.hand_in({"ada": "all_right"})
    with pytest.raises(NoCluster, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        kit.grade(submitted, AttemptStore(tmp_path / "attempts"), how=OnCluster("tcp://127.0.0.1:9"))


def test_the_bundle_is_named_by_its_content_and_holds_the_lessons_alone(kit: Any, tmp_path: Path) -> None:
    course = kit.course()
    (course / "graders" / "lesson_9").mkdir()
    (course / "graders" / "lesson_9" / "secret.py").write_text("other")
    bundle = pack(kit.targets(course))
    os.utime(course / "course.toml", (1, 1))
    assert pack(kit.targets(course)) == bundle
    place = unpack(bundle, tmp_path / "home")
    assert place.name == bundle.name and place.stat().st_mode & 0o777 == 0o700
    assert not (place / "graders" / "lesson_9").exists()
    assert (place / "course.toml").read_text() == (course / "course.toml").read_text()
    with pytest.raises(ValueError, match="damaged"):
        unpack(Bundle("0" * 64, bundle.content), tmp_path / "home")
    (course / "course.toml").write_text("# \n" + (course / "course.toml").read_text())
    assert pack(kit.targets(course)).name != bundle.name
