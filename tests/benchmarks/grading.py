"""The figures that the engine is held to, most as ratios of one run: `make bench`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed, observe
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.reading import read_submission
from blindgrade.models import Kind

ROOT = Path(__file__).parents[2]
REPEATS = 7


def median(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of `work` in seconds."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def peak_memory(command: list[str]) -> float:
    """Peak of the proportional set sizes of the command and all its descendants, in MiB, sampled 50 times a second."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(_pss(pid) for pid in _family(process.pid)))
        time.sleep(0.02)
    return peak / 1024


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def cold() -> None:
    """`grade lesson-7.2` without training against `import torch`, both as commands."""
    catalog = Catalog(ROOT)
    names = [
        f"{t.files.entry.id}/{e.name}"
        for t in catalog.find(["lesson-7.2"])
        for e in t.lesson.exercises
        if e.kind is not Kind.TRAINING
    ]
    grade = [str(Path(sys.executable).with_name("grade")), *names, "--submission", str(ROOT / "solutions"), "--json"]
    torch_alone = [sys.executable, "-c", "import torch"]
    floor = median(lambda: subprocess.run(torch_alone, check=True))
    ours = median(lambda: subprocess.run(grade, check=True, capture_output=True))
    peak = peak_memory(grade)
    print(
        f"grade lesson-7.2 without training: {ours:.2f} s; import torch: {floor:.2f} s; "
        f"ratio {ours / floor:.2f} (at most 2.0)"
    )
    print(f"peak memory of grader, warm process and worker together: {peak:.0f} MiB (at most 900 MiB)")


def first_line() -> None:
    """From Enter until the first line of `grade` is there."""
    command = [str(Path(sys.executable).with_name("grade")), "lesson-7.2.2/interpolate"]

    def once() -> float:
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            took = time.perf_counter() - begun
            process.stdout.read()
        return took

    print(f"first line of grade: {statistics.median(once() for _ in range(REPEATS)):.2f} s after Enter (at most 0.3 s)")


def warm(target: Target) -> None:
    """One lesson in a warm worker against the same checks on two modules in this process."""
    lesson, files = target.lesson, target.files
    checks = LessonChecks(files, lesson)
    reference = LiveReference(checks, Solution(files, lesson))
    other = Solution(files, lesson).module
    names = [e.name for e in lesson.exercises if e.kind is not Kind.TRAINING]
    wanted = [(c, check_seed(1, lesson.id, c)) for n in names for c in checks.of(n)]
    found = read_submission(ROOT / "solutions", [files], {lesson.id: set()})[lesson.id]
    assert found is not None

    def in_process() -> None:
        for check, seed in wanted:
            observe(checks, check, reference.solution.module, seed)
            observe(checks, check, other, seed)

    def in_worker() -> None:
        worker = zygote.spawn(Limits())
        files_there = {**found.files, **files.shared.for_code([found.text])}
        worker.call(
            {
                "op": "load",
                "module": files.module,
                "text": found.text.encode(),
                "file": found.file,
                "files": files_there,
            },
            20,
        )
        for check, seed in wanted:
            worker.send(checks.request(check, seed, "cpu"), 20)
            worker.reply(20)
            observe(checks, check, reference.solution.module, seed)
        worker.close()

    with Zygote() as zygote:
        in_worker()
        in_process()
        ours, floor = median(in_worker), median(in_process)
    print(
        f"{lesson.id} warm: {ours * 1000:.0f} ms; in-process: {floor * 1000:.0f} ms; "
        f"ratio {ours / floor:.2f} (at most 3)"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    first_line()
    cold()
    for each in Catalog(ROOT).find(["lesson-7.2"]):
        warm(each)
