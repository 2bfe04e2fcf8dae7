"""What answer keys say about right and wrong answers: with other seeds, threads and instructions of the processor.

    python tests/benchmarks/keys.py --seeds 20
    python tests/benchmarks/keys.py --trained lesson-7.2.1
    python tests/benchmarks/keys.py --before ../old/released --after ../new/released

The last compares the processor time of `grade` in two students' folders, with the solutions as answers and with stubs,
without the exercises that train.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.answer_key import KEY_SEED
from blindgrade.models import Kind
from blindgrade.verify.key_figures import KeyFigures, key_figures
from blindgrade.verify.workshop import Workshop

ROOT = Path(__file__).parents[2]
MOST_BYTES = 300 << 10
MOST_TIME = 1.5
RUNS = 3  # of `grade`; the shortest counts
MACHINES = [(threads, capability) for threads in (1, 2) for capability in ("default", "avx2")]


def main() -> int:
    """Print the figures; 1 if a right answer is refused, a key is too large or `grade` costs too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", default=["all"])
    parser.add_argument("--seeds", type=int, default=2, help="other seeds for which keys are recorded")
    parser.add_argument("--trained", action="store_true", help="also exercises that train")
    parser.add_argument("--before", type=Path, help="a released folder, with .venv/bin/grade or the one of this course")
    parser.add_argument("--after", type=Path, help="another released folder")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # the key of this seed, in a process of its own
    options = parser.parse_args()
    if options.before and options.after:
        return costs(options.before, options.after, options.lessons)
    lessons = [target.files.entry.id for target in Catalog(ROOT).find(options.lessons)]
    if options.one is not None:
        print(json.dumps(vars(figures(lessons, options.one, trained=options.trained))))
        return 0
    wrong = sizes(lessons)
    for seed in range(1001, 1001 + options.seeds):
        wrong |= said(f"key of seed {seed}", figures(lessons, seed, trained=options.trained))
    for threads, capability in MACHINES:
        found = elsewhere(lessons, threads, capability, trained=options.trained)
        wrong |= said(f"shipped key, {threads} threads, {capability}", found)
    return int(wrong)


def figures(lessons: list[str], seed: int, *, trained: bool) -> KeyFigures:
    """Figures of the keys of these lessons for one seed."""
    return sum((key_figures(Workshop(ROOT, lesson), seed, trained=trained) for lesson in lessons), KeyFigures())


def elsewhere(lessons: list[str], threads: int, capability: str, *, trained: bool) -> KeyFigures:
    """Figures of the shipped keys in a process with these threads and instructions."""
    settings = {"OMP_NUM_THREADS": str(threads), "ATEN_CPU_CAPABILITY": capability, "BENCH_THREADS": str(threads)}
    command = [sys.executable, __file__, *lessons, "--one", str(KEY_SEED), *(["--trained"] if trained else [])]
    done = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True)
    return KeyFigures(**json.loads(done.stdout))


def said(what: str, found: KeyFigures) -> bool:
    """Print the figures. True if a right answer is refused or a wrong one gets another's name."""
    noticed = found.wrong - len(found.unnoticed)
    print(
        f"{what}: {found.right - len(found.refused)} of {found.right} right answers accepted; of {found.wrong} wrong"
        f" ones, {noticed} lose points, {found.named} are named, {len(found.misnamed)} get another's name",
        flush=True,
    )
    lists = {"refused": found.refused, "no points lost": found.unnoticed, "not named": found.unnamed}
    for fault, names in {**lists, "another name": found.misnamed}.items():
        for name in names:
            print(f"  {fault}: {name}")
    return bool(found.refused or found.misnamed)


def sizes(lessons: list[str]) -> bool:
    """Print the sizes of the keys. True if one is too large."""
    found = {lesson: Workshop(ROOT, lesson).files.answer_key.stat().st_size for lesson in lessons}
    for lesson, size in found.items():
        print(f"{lesson}: key of {size >> 10} KB (limit {MOST_BYTES >> 10})")
    return max(found.values()) > MOST_BYTES


def costs(before: Path, after: Path, ids: list[str]) -> int:
    """Print the processor time of `grade` in both folders; 1 if the second costs too much more."""
    ratios = []
    for target in Catalog(ROOT).find(ids):
        names = [e.name for e in target.lesson.exercises if e.kind is not Kind.TRAINING]
        asked = [f"{target.files.entry.id}/{name}" for name in names]
        for what, answer in (("right answers", target.files.solution), ("stubs", target.files.stub)):
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(answer, Path(folder) / f"{target.files.module}.py")
                old, new = (min(cost(home, asked, Path(folder)) for _ in range(RUNS)) for home in (before, after))
            ratios.append(new / old)
            print(f"{target.files.entry.id}, {what}: {old:.2f} s, then {new:.2f} s: {new / old:.2f} x", flush=True)
    print(f"largest ratio {max(ratios):.2f} (limit {MOST_TIME})")
    return int(max(ratios) > MOST_TIME)


def cost(home: Path, asked: list[str], submission: Path) -> float:
    """Processor seconds of `grade` in this folder, with all processes that it starts."""
    own = home / ".venv" / "bin" / "grade"
    grade = own if own.is_file() else Path(sys.executable).parent / "grade"
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [grade.resolve(), *asked, "--reference", "key", "--submission", submission, "--json"]
    subprocess.run(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))
    sys.exit(main())
