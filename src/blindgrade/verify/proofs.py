"""Proofs of the course: claims that must be true of every lesson. Each passes or says what to do.

A proof whose result is known by its content is not done again. `Effort` says which results count as known.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

import torch

from blindgrade.authoring.cells import CellError
from blindgrade.authoring.regions import RegionError
from blindgrade.catalog import Catalog, CourseError, need_packages
from blindgrade.course import Course
from blindgrade.engine.judging.judging import ReferenceFailed
from blindgrade.verify import trials
from blindgrade.verify.bench import Bench, Effort
from blindgrade.verify.coverage import concepts_are_used, mental_models_are_carried
from blindgrade.verify.kept import KeptResult
from blindgrade.verify.mutant_proofs import mutants_are_killed
from blindgrade.verify.public import few_are_hidden
from blindgrade.verify.tasks import Proof, Task
from blindgrade.verify.workshop import Workshop

Progress = Callable[[str, int, int], None]
READABLE = "the lesson's files can be read"


def prove(
    catalog: Catalog,
    target_ids: Iterable[str],
    effort: Effort,
    progress: Progress | None = None,
    estimate: Callable[[float | None], None] = lambda seconds: None,
) -> list[Proof]:
    """Every proof of the lessons and exercises that the ids name, in the course's order.

    `estimate` gets the seconds that all this may take, before it begins; None if no earlier run shows them. `progress`
    gets a text about the last proof, the number of proofs that are done, and the number of all proofs.
    A lesson whose files cannot be read is one proof that fails, and the others are proved. Raises CourseError if
    course.toml cannot be read, and UnknownId if an id names nothing.
    """
    torch.set_num_threads(1)  # before the fork: the workers inherit it
    report = progress or (lambda what, done, all_: None)
    unreadable: list[Proof] = []

    def unfinished(lesson: str, error: CourseError) -> None:
        unreadable.append(Proof(lesson, READABLE, "", False, str(error), 0.0))

    targets = catalog.find(target_ids, unfinished)
    need_packages(targets)
    benches: list[Bench] = []
    for target in targets:
        try:
            benches.append(Bench.of(catalog, target, effort))
        except CourseError as error:
            unfinished(target.files.entry.id, error)
    estimate(_expected_seconds(benches, effort.workers))
    known = {task: proof for bench in benches for task in bench.tasks if (proof := bench.known(task))}
    new = [task for bench in benches for task in bench.tasks if task not in known]
    total = len(known) + len(new) + sum(len(bench.mutants) for bench in benches)
    results = dict(known)
    try:
        _prove_all(catalog.root, new, effort.workers, results, lambda what: report(what, len(results), total))
    finally:  # an interrupted run keeps what it has proved
        for bench in benches:
            bench.keep({task: results[task] for task in bench.tasks if task in results})
    done = len(results)
    proofs = unreadable
    for bench in benches:
        mine = {task: results[task] for task in bench.tasks}
        proofs += mine.values()
        tried: dict[str, KeptResult] = {}
        if bench.mutants:
            killed, tried = _mutants(bench, _onwards(report, bench.workshop.lesson.id, done, total))
            proofs += killed
            done += len(bench.mutants)
        bench.keep_mutants(tried)
        if effort.known == "record" and bench.records:
            bench.write_record(tried)
        elif bench.whole and (effort.known == "recorded" or bench.record is not None):
            proofs.append(bench.record_is_current())
    if len(benches) == len(catalog.entries) and all(bench.whole for bench in benches):
        proofs += _of_whole_course(catalog.course, [bench.workshop for bench in benches])
    return proofs


def _expected_seconds(benches: list[Bench], workers: int) -> float | None:
    """Estimate of the time for all benches, from the times of earlier proofs; None if most lessons have none."""
    known = [seconds for bench in benches if (seconds := bench.expected_seconds()) is not None]
    return sum(known) / len(known) * len(benches) / max(1, workers) if 2 * len(known) > len(benches) else None


def _mutants(bench: Bench, progress: Callable[[int], None]) -> tuple[list[Proof], dict[str, KeptResult]]:
    shop, workers = bench.workshop, bench.effort.workers
    known, digests = bench.known_mutant, bench.local
    return mutants_are_killed(shop, bench.mutants, workers, progress, known, digests, whole=bench.whole)


def _of_whole_course(course: Course, workshops: list[Workshop]) -> list[Proof]:
    lessons = [workshop.lesson for workshop in workshops]
    return [
        _of_course("every mental model is carried", lambda: mental_models_are_carried(course, lessons)),
        _of_course("no developed concept is only looked up", lambda: concepts_are_used(course, lessons)),
        _of_course("public checks notice nearly all misconceptions", lambda: few_are_hidden(workshops)),
    ]


def _of_course(name: str, problem: Callable[[], str]) -> Proof:
    """Proof about the whole course. `problem` gives what is missing, in one text; "" if nothing is."""
    start = time.perf_counter()
    try:
        detail = problem()
    except CourseError as error:
        detail = str(error)
    return Proof("course", name, "", not detail, detail, time.perf_counter() - start)


def _onwards(report: Progress, lesson: str, before: int, total: int) -> Callable[[int], None]:
    return lambda done: report(f"{lesson} mutants", before + done, total)


def _prove_all(
    root: Path, tasks: list[Task], workers: int, results: dict[Task, Proof], report: Callable[[str], None]
) -> None:
    """Do the tasks in processes of their own. Each result is added to `results` at once."""
    if not tasks:
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(max(1, workers), mp_context=context) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's idle threads are no danger to a forked child
        futures = {pool.submit(prove_task, root, task): task for task in tasks}
        for future in as_completed(futures):
            task = futures[future]
            results[task] = future.result()
            report(f"{task.lesson} {task.kind} {task.subject}".rstrip())


@lru_cache(maxsize=4)
def _workshop(root: Path, lesson: str) -> Workshop:
    return Workshop(root, lesson)


def prove_task(root: Path, task: Task) -> Proof:
    """Result of one proof, done in this process. Every error on the way makes the proof fail, with its message."""
    name, trial = trials.KINDS[task.kind]
    start = time.perf_counter()
    try:
        detail = trial(_workshop(root, task.lesson), task.exercise, task.subject, task.seed)
    except (CourseError, CellError, RegionError, ReferenceFailed) as error:
        detail = str(error)
    except Exception as error:
        detail = f"the proof itself stopped: {type(error).__name__}: {error}"
    return Proof(task.lesson, name, task.subject, not detail, detail, time.perf_counter() - start)
