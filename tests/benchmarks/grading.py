"""The figures that the engine is held to, as ratios of one run: `make bench`."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.lesson_checks import LessonChecks
from blindgrade.engine.reference import LiveReference, check_seed, observe
from blindgrade.engine.sandbox import Limits
from blindgrade.engine.submission import read_submission
from blindgrade.engine.variants import Solution
from blindgrade.engine.workers import Zygote
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
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"grade lesson-7.2 without training: {ours:.2f} s; import torch: {floor:.2f} s; "
        f"ratio {ours / floor:.2f} (at most 2.0)"
    )
    print(
        f"largest process of these: {peak:.0f} MiB; grader and worker together stay under twice that (at most 900 MiB)"
    )


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
        files_there = {**found.files, "toys.py": files.toys.read_bytes()}
        worker.call(
            {"op": "load", "module": files.module, "text": found.text, "file": found.file, "files": files_there}, 20
        )
        for check, seed in wanted:
            request = {"op": "run", "name": check.name, "modules": checks.slice(check), "seed": seed, "device": "cpu"}
            worker.call(request, 20)
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
    cold()
    for each in Catalog(ROOT).find(["lesson-7.2"]):
        warm(each)
