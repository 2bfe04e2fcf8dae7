"""Workers that are fresh processes: on Linux they are the tier `process`, elsewhere the only one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from blindgrade.engine.answers.slices import compiled, for_worker
from blindgrade.engine.grading import choosing, process_tree
from blindgrade.engine.grading.choosing import forks_safely, workers_for
from blindgrade.engine.grading.fresh_processes import FreshProcesses
from blindgrade.engine.grading.process_tree import ProcessTree
from blindgrade.engine.grading.worker_client import NoWall, Worker, WorkerGone, ZygoteFailed
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.wire.marks import REPLIED
from blindgrade.engine.wire.replies import Result

PROBE = for_worker(compiled({"experiment": "def e(lesson, rng): return lesson.f()"}))
RUN = {"op": "run", "name": "e", "modules": PROBE, "seed": 1, "device": "cpu"}
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
    os._exit(0)
os.wait()
{more}
"""

linux = pytest.mark.skipif(not process_tree._has_orphans(), reason="another system has other limits and no keeper")
GRADER = """
import time
from blindgrade.engine.grading.fresh_processes import FreshProcesses
source = FreshProcesses().ready()
print(source._waiting[0].tree.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def source() -> Iterator[FreshProcesses]:
    """A source of workers, of which nobody knows how many will be wanted. Two are always ready."""
    with FreshProcesses(wanted=None) as one:
        yield one


def load(worker: Worker, text: str, seconds: float = 20.0) -> object:
    request = {"op": "load", "module": "m", "text": text.encode(), "file": "m.py", "files": {}}
    return worker.call(request, seconds)


def running(mark: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if mark in (one.info["cmdline"] or [])]


@linux
def test_each_worker_is_a_process_of_its_own_with_its_limits(source: FreshProcesses) -> None:
    pids = set()
    for _ in range(2):
        worker = source.spawn(Limits(memory_mb=300))
        load(worker, "import os, torch\ndef f(): return [os.getpid(), os.getcwd(), len(os.listdir())]\n")
        pid, folder, files = worker.call(RUN, 10).value  # type: ignore[union-attr]  # a list was asked for
        pids.add(pid)
        assert (folder, files) == (worker.folder, 0)
        load(worker, "import torch\ndef f(): return len(torch.ones(1 << 28))\n")
        assert "RuntimeError" in repr(worker.call(RUN, 10))
        worker.close()
        assert not Path(folder).exists()
    assert len(pids) == 2 and os.getpid() not in pids
    assert (source.sandbox, source.lacking) == ("process", [])


def test_prints_arrive_before_their_reply_and_a_mark_in_them_is_not_shown(source: FreshProcesses) -> None:
    worker = source.spawn(Limits())
    load(worker, "import os\ndef f():\n    print('x' * 300_000)\n    os.write(2, b'native')\n    return 1\n")
    for _ in range(5):
        assert worker.call(RUN, 10) == Result(1)
        printed = worker.take_output()
        assert printed.startswith("x" * 60_000) and "more bytes" in printed
    load(worker, "def f():\n    print('end', end='')\n    return 2\n")
    assert worker.call(RUN, 10) == Result(2)
    assert worker.take_output() == "end" and REPLIED.decode() not in printed
    worker.close()


def test_code_that_closes_its_streams_is_answered_all_the_same(source: FreshProcesses) -> None:
    worker = source.spawn(Limits())
    load(worker, "import os\ndef f():\n    os.close(1)\n    os.close(2)\n    return 1\n")
    assert worker.call(RUN, 10) == Result(1, leaves="check")
    worker.close()


@pytest.mark.parametrize("signalled", [True, False], ids=["by a signal", "by a request"])
def test_a_worker_that_does_not_answer_says_where_it_is(
    signalled: bool, source: FreshProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not signalled:
        monkeypatch.setattr(ProcessTree, "stop", lambda tree: False)
    worker = source.spawn(Limits())
    load(worker, "def f():\n    while True:\n        pass\n")
    with pytest.raises(WorkerGone, match="stopped after 1 s of processor time"):
        worker.call(RUN, 1)
    assert re.search(rf'"{worker.folder}/m.py", line [23] in f', worker.where())
    worker.close()


def test_the_processor_time_is_that_of_the_students_code(source: FreshProcesses) -> None:
    worker = source.spawn(Limits())
    load(worker, "def f(): return 1\n")
    worker.call(RUN, 10)
    ended = worker.close()
    assert 0 <= ended.cpu < 1  # the import of torch alone takes longer


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os._exit(3)", "your code ended its process; leave out exit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_worker_that_ends_itself_is_reported(code: str, says: str, source: FreshProcesses) -> None:
    worker = source.spawn(Limits())
    with pytest.raises(WorkerGone, match=says):
        load(worker, code)
    worker.close()


@linux
@pytest.mark.parametrize("more", ["", "os._exit(0)"], ids=["the worker is ended", "the worker ends first"])
def test_a_daemon_ends_with_its_worker(more: str, source: FreshProcesses) -> None:
    mark = f"daemon-{time.monotonic_ns()}"
    worker = source.spawn(Limits())
    try:
        load(worker, DAEMON.format(mark=mark, more=more))
        assert running(mark)
    except WorkerGone:
        assert more
    worker.close()
    assert not running(mark)


def test_without_a_keeper_the_children_that_are_found_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "_has_orphans", lambda: False)
    mark = f"child-{time.monotonic_ns()}"
    with FreshProcesses() as source:
        worker = source.spawn(Limits())
        load(
            worker, f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'input()', '{mark}'], stdin=-1)\n"
        )
        assert running(mark)
        assert (worker.clock() or 0.0) >= 0
        worker.close()
        assert not running(mark)


def test_workers_end_when_the_grader_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", GRADER], stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        worker = psutil.Process(int(grader.stdout.readline()))
        grader.send_signal(signal.SIGKILL)
    worker.wait(10)


def test_the_next_workers_get_ready_while_one_works(source: FreshProcesses) -> None:
    worker = source.spawn(Limits())
    assert len(source._waiting) == 2
    worker.close()
    with FreshProcesses(wanted=1) as one:
        one.spawn(Limits()).close()
        assert not one._waiting
        one.spawn(Limits()).close()  # not expected: more may follow
        assert len(one._waiting) == 1
    with FreshProcesses(wanted=None, ahead=False) as one:
        one.spawn(Limits()).close()
        assert not one._waiting


def test_a_worker_that_cannot_start_is_the_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    with FreshProcesses() as source:
        source._options = {"packages": []}  # without `optimizer`, the worker stops with an error
        with pytest.raises(ZygoteFailed, match="(?s)a worker did not start: .*KeyError: 'optimizer'"):
            source.spawn(Limits())


def test_strict_refuses_and_names_where_the_command_works() -> None:
    with FreshProcesses(strict=True) as source:
        source.start()
        for ask in (source.ready, lambda: source.spawn(Limits())):
            with pytest.raises(NoWall, match="WSL 2.*container.*Linux machine"):
                ask()
        assert not source._waiting


@pytest.mark.parametrize("methods", [["spawn"], ["spawn", "fork", "forkserver"]], ids=["Windows", "macOS"])
def test_fresh_processes_are_taken_where_python_itself_does_not_fork(
    methods: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing.multiprocessing, "get_all_start_methods", lambda: methods)
    assert not forks_safely()
    assert isinstance(workers_for([]), FreshProcesses)
    with pytest.raises(NoWall):
        workers_for([], sandbox="strict").ready()


@linux
def test_linux_has_fresh_processes_only_behind_the_option() -> None:
    assert not isinstance(workers_for([]), FreshProcesses)
    assert isinstance(workers_for([], sandbox="process"), FreshProcesses)
    assert isinstance(workers_for([], device="cuda"), FreshProcesses)
    assert not isinstance(workers_for([], sandbox="process", many=True), FreshProcesses)
