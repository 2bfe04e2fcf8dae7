"""What relations cost: one cohort graded with and without them, in turns, in one run. The ratio is printed.

Every second wrong answer is a known misconception, and the others are small changes of the solution. A round has a new
grader, so nothing is remembered from the round before. The processor time of a round without submissions is taken off.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from cohort import LESSON, as_files, cut_course, texts

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog
from blindgrade.cohort.grading import LessonGrader, Plan, Warm
from blindgrade.engine.answers.reference import check_seed
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.judging import diagnosis
from blindgrade.engine.judging.relations import remembered
from blindgrade.submitted import SubmittedWork
from blindgrade.verify.mutants import mutants

MOST = 1.10  # of the processor time without relations


def main() -> None:
    """Grade the cohort in turns and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=6, help="with relations, and as many without")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="blindgrade-") as folder:
        cohort = Cohort(Path(folder), asked.students)
        start = cohort.cost(relations=True, students=0)
        costs: dict[bool, list[float]] = {True: [], False: []}
        for number in range(asked.rounds):
            for relations in (True, False) if number % 2 else (False, True):
                costs[relations].append((cohort.cost(relations=relations) - start) / asked.students)
    with_them, without = (statistics.median(costs[relations]) for relations in (True, False))
    ratio = with_them / without
    print(f"{LESSON}, {asked.students} submissions, {cohort.related} of {cohort.failed} failed checks have a relation")
    for words, relations in (("with relations", True), ("without", False)):
        low, high = min(costs[relations]), max(costs[relations])
        median = statistics.median(costs[relations])
        print(f"  {words:<15} {1000 * median:6.1f} ms a submission ({1000 * low:.1f} to {1000 * high:.1f})")
    print(f"  ratio           {ratio:.3f}, at most {MOST}: {'met' if ratio <= MOST else 'missed'}")


class Cohort:
    """Submissions of one lesson, which are graded again and again."""

    def __init__(self, folder: Path, students: int) -> None:
        self.folder = folder
        course = cut_course(folder / "course")
        self.target = Catalog(course).find([LESSON])[0]
        files = texts(course, students)
        solution = Solution(self.target.files, self.target.lesson)
        changes = random.Random(7).sample(mutants(solution.text, self.target.lesson), len(files))
        for number, (student, change) in enumerate(zip(files, changes, strict=True)):
            if number % 6 == 3:  # each third one is wrong, and every second of those in an unknown way
                files[student] = change.text
        self.submitted = as_files(files, folder / "submitted", self.target.files.module)
        self.works = [SubmittedWork(name, self.submitted / name, None) for name in files]
        self.related = self.failed = 0
        self._rounds = 0
        self._replies: Any = ()

    def cost(self, *, relations: bool, students: int | None = None) -> float:
        """Processor seconds of one round."""
        with mock.patch.object(diagnosis, "_relate", _relate if relations else lambda failed, reference: None):
            return self._grade(self.works if students is None else self.works[:students], count=relations)

    def _grade(self, works: list[SubmittedWork], *, count: bool) -> float:
        self._rounds += 1
        remembered._known.clear()
        store = AttemptStore(self.folder / f"attempts{self._rounds}")
        warm = Warm([self.target], private=(store.root,))
        grader = LessonGrader(self.target, RunSeed("bench", 7), warm)
        related = failed = 0
        self._know(grader)
        before = _spent()
        try:
            for work in works:
                plan = grader.plan(work, store)
                assert isinstance(plan, Plan)
                attempt = grader.carry_out(plan).attempt
                assert attempt is not None
                wrong = [c for e in attempt.exercises for c in e.checks if c.outcome == "failed"]
                failed += len(wrong)
                related += sum(check.relation is not None for check in wrong)
        finally:
            warm.close()
        if count and works:
            self.related, self.failed = related, failed
        return _spent() - before

    def _know(self, grader: LessonGrader) -> None:
        """Give the grader the replies of solution and misconceptions, which a large cohort computes once."""
        if not self._replies:
            reference, lesson = grader.reference, self.target.lesson
            for check in grader.checks.all:
                seed = check_seed(grader.seed.seed, lesson.id, check)
                reference.own(check, seed)
                for name in reference.hints(check.exercise):
                    reference.of_misconception(check.exercise, name, check, seed)
            self._replies = (reference._replies, reference._wrong)
        grader.reference._replies, grader.reference._wrong = self._replies


_relate: Callable[..., None] = diagnosis._relate


def _spent() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
