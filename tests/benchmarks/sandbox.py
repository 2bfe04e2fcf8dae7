"""The figures that isolation is held to, each a ratio or a count of one run: part of `make bench`."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed, observe
from blindgrade.engine.answers.slices import compiled, for_worker
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.reading import read_submission
from blindgrade.engine.worker.lesson import load

ROOT = Path(__file__).parents[2]
LESSON = "lesson-7.2.1"
CALLS = 40
LOAD = {"op": "load", "module": "m", "text": b"def f(x): return x + 1\n", "file": "m.py", "files": {}}
RUN = {
    "op": "run", "name": "e", "seed": 1, "device": "cpu",
    "modules": for_worker(compiled({"experiment": "def e(lesson, rng): return lesson.f(rng.normal(3))"})),
}  # fmt: skip


def first_call(zygote: Zygote) -> float:
    """Seconds from asking for a worker to the answer of its first experiment."""
    begun = time.perf_counter()
    worker = zygote.spawn(Limits())
    worker.call(LOAD, 10)
    worker.call(RUN, 10)
    seconds = time.perf_counter() - begun
    worker.close()
    return seconds


def isolation() -> None:
    """The first answer of an isolated worker beside that of a bare fork of the same kind of process, taken in turn."""
    with Zygote(sandbox="process").ready() as bare, Zygote(sandbox="strict").ready() as walled:
        first_call(bare), first_call(walled)
        pairs = [(first_call(bare), first_call(walled)) for _ in range(CALLS)]
        one, other = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"first call, {walled.sandbox}: {other:.1f} ms, bare fork {one:.1f} ms: {other / one:.2f} x (limit 1.5)")


def private_memory() -> None:
    """What a worker has of its own after a first call and after a training step, from /proc outside of the jail."""
    with Zygote(sandbox="strict", optimizer=True).ready() as zygote:
        worker = zygote.spawn(Limits())
        worker.call(LOAD, 10)
        worker.call(RUN, 10)
        kib = max(_private_kib(pid) for pid in _family(zygote.pid))
        print(f"private memory of a worker: {kib / 1024:.1f} MiB (limit 40)")
        worker.close()


def lesson_cost() -> None:
    """Processor time of grading a lesson warm and isolated beside the same checks in this process."""
    catalog = Catalog(ROOT)
    targets = catalog.find((LESSON,))
    target = targets[0]
    # As a submission is read: without the cells that draw pictures.
    found = read_submission(target.files.solution, [target.files], {})[LESSON]
    assert found is not None
    text = found.text

    def in_process() -> None:
        checks = LessonChecks(target.files, target.lesson)
        reference = LiveReference(checks, Solution(target.files, target.lesson))
        module = load(target.files.module, text, str(target.files.solution))
        for name in target.exercises:
            for check in checks.of(name):
                seed = check_seed(7, LESSON, check)
                judge_by(reference, check, observe(checks, check, module, seed), seed)

    with Zygote.for_targets(targets, sandbox="strict").ready() as zygote:
        options = Options(seed=7, sandbox="strict")
        in_process(), grade(catalog, targets, target.files.solution, options, zygote)
        here, isolated = [], []
        for _ in range(20):
            here.append(_cpu(in_process, zygote))
            isolated.append(_cpu(lambda: grade(catalog, targets, target.files.solution, options, zygote), zygote))
    a, b = 1e3 * statistics.median(here), 1e3 * statistics.median(isolated)
    print(f"{LESSON}: in-process {a:.0f} ms CPU, strict {b:.0f} ms: {b - a:+.0f} ms (limit +60)")


def thousand(sandbox: Sandbox = "strict") -> None:
    """A thousand submissions in a row: what is left of them, and how the grader's memory grows."""
    catalog = Catalog(ROOT / "tests" / "courses" / "mini")
    targets = catalog.find(("lesson-1.1.1",))
    before = _left_behind()
    with Zygote.for_targets(targets, sandbox=sandbox).ready() as zygote:
        sizes = []
        begun = time.perf_counter()
        for number in range(1_000):
            grading = grade(catalog, targets, targets[0].files.solution, Options(sandbox=sandbox), zygote)
            assert grading.points == 100
            if number in (99, 999):
                gc.collect()
                sizes.append(_rss_kib())
        seconds = time.perf_counter() - begun
        during = {kind: len(now - before[kind]) for kind, now in _left_behind().items()}
    after = {kind: len(now - before[kind]) for kind, now in _left_behind().items()}
    growth = 100 * (sizes[1] / sizes[0] - 1)
    print(f"1,000 submissions: {1_000 / seconds:.1f} a second; grader {growth:+.1f} % from the 100th on (limit +5)")
    print(f"  left beside the warm process {during}, after it {after}")


def _left_behind() -> dict[str, set[str]]:
    temporary = os.environ.get("TMPDIR", "/tmp")
    return {
        "processes": {pid for pid in os.listdir("/proc") if pid.isdigit() and _ours(pid)},
        "files": {name for name in os.listdir(temporary) if name.startswith("blindgrade")},
        "shared memory": set(os.listdir("/dev/shm")),
        "mounts": set(Path("/proc/self/mountinfo").read_text().splitlines()),
    }


def _ours(pid: str) -> bool:
    try:
        return b"blindgrade.engine.worker.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(c) for c in children] + [one for child in children for one in _family(int(child))]


def _private_kib(pid: int) -> int:
    """Of the youngest process alone: the warm process has its own pages as well."""
    if _family(pid):
        return 0
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _cpu(work: object, zygote: Zygote) -> float:
    """Processor seconds of this process, the warm one and its workers."""
    assert callable(work)
    before = _spent(zygote)
    work()
    return _spent(zygote) - before


def _spent(zygote: Zygote) -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    total = own.ru_utime + own.ru_stime
    for pid in (zygote.pid, *_family(zygote.pid)):
        # Runtime in nanoseconds, and what ended children have used, in clock ticks.
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
        total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return total


def _rss_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    for figure in (isolation, private_memory, lesson_cost, thousand):
        if len(sys.argv) < 2 or figure.__name__ in sys.argv[1:]:
            figure()
