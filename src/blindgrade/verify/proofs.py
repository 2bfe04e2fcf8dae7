"""Proofs of the course: claims that must be true of every lesson. Each passes or says what to do."""

from __future__ import annotations

import multiprocessing
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from blindgrade.authoring.cells import CellError
from blindgrade.authoring.regions import RegionError
from blindgrade.catalog import Catalog, CourseError, need_packages
from blindgrade.engine.judging.judging import ReferenceFailed
from blindgrade.models import Kind
from blindgrade.verify import trials
from blindgrade.verify.coverage import mental_models_are_carried
from blindgrade.verify.mutants import Mutant, read_equivalents
from blindgrade.verify.mutants import mutants as all_mutants
from blindgrade.verify.survival import MutantsBroken, survivors
from blindgrade.verify.workshop import Workshop

Progress = Callable[[str, int, int], None]


@dataclass
class Proof:
    """One claim about the course and its result.

    `name` is the claim. `subject` is the tested part, for example a seed. `detail` is the reason for a failure.
    """

    lesson: str
    name: str
    subject: str
    passed: bool
    detail: str
    seconds: float


@dataclass(frozen=True)
class Task:
    """One proof to do. `kind` is a key of `trials.KINDS`. `exercise` is empty for a proof about the whole lesson."""

    lesson: str
    kind: str
    subject: str
    exercise: str = ""
    seed: int = 0


def prove(
    catalog: Catalog,
    target_ids: Iterable[str],
    seeds: int,
    mutants: bool,
    workers: int = 2,
    progress: Progress | None = None,
) -> list[Proof]:
    """Every proof of the lessons and exercises that the ids name, in the course's order.

    `progress` gets a text about the last proof, the number of proofs that are done, and the number of all proofs.
    Raises CourseError if the course's files cannot be read, and UnknownId if an id names nothing.
    """
    torch.set_num_threads(1)  # before the fork: the workers inherit it
    targets = catalog.find(target_ids)
    need_packages(targets)
    workshops = {t.files.entry.id: Workshop(catalog.root, t.files.entry.id) for t in targets}
    tasks = [task for t in targets for task in plan(workshops[t.files.entry.id], t.exercises, seeds)]
    found = {t.files.entry.id: _mutants_of(workshops[t.files.entry.id], t.exercises) for t in targets if mutants}
    total = len(tasks) + sum(len(mutated) for mutated in found.values())
    report = progress or (lambda what, done, all_: None)
    proofs = _prove_all(catalog.root, tasks, workers, lambda what, done: report(what, done, total))
    done = len(tasks)
    for lesson, mutated in found.items():
        proofs += mutants_are_killed(workshops[lesson], mutated, workers, _onwards(report, lesson, done, total))
        done += len(mutated)
    if len(targets) == len(catalog.entries) and all(len(t.exercises) == len(t.lesson.exercises) for t in targets):
        start = time.perf_counter()
        detail = mental_models_are_carried(catalog.course, [t.lesson for t in targets])
        seconds = time.perf_counter() - start
        proofs.append(Proof("course", "every mental model is carried", "", not detail, detail, seconds))
    order = {lesson: n for n, lesson in enumerate(workshops)}
    return sorted(proofs, key=lambda p: order.get(p.lesson, len(order)))


def _onwards(report: Progress, lesson: str, before: int, total: int) -> Callable[[int], None]:
    return lambda done: report(f"{lesson} mutants", before + done, total)


def plan(workshop: Workshop, exercises: Iterable[str], seeds: int) -> list[Task]:
    """Proofs to do for one lesson. For only some of its exercises, without the proofs about the whole lesson."""
    lesson, names = workshop.lesson, list(exercises)
    tasks = [Task(lesson.id, "solution", f"seed {seed}", seed=seed) for seed in range(seeds)]
    if names != [e.name for e in lesson.exercises]:
        tasks = [Task(lesson.id, "solution", f"{n}, seed {s}", n, s) for n in names for s in range(seeds)]
    else:
        tasks += [Task(lesson.id, kind, "") for kind in ("drift", "key", "stub", "coverage", "supplies")]
    for name in names:
        tasks += [Task(lesson.id, kind, name, name) for kind in ("budget", "lazy")]
        once = lesson.exercise(name).kind is Kind.TRAINING
        tasks += [
            Task(lesson.id, "alternative", f"{name}/{v.name}, seed {seed}", name, seed)
            for v in workshop.alternatives
            if v.exercise == name
            for seed in range(2)
        ]
        tasks += [
            Task(lesson.id, "misconception", f"{name}/{v.name}, seed {seed}", name, seed)
            for v in workshop.misconceptions
            if v.exercise == name
            for seed in range(1 if once else 2)
        ]
    return tasks


def _prove_all(root: Path, tasks: list[Task], workers: int, report: Callable[[str, int], None]) -> list[Proof]:
    done: dict[Task, Proof] = {}
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(max(1, workers), mp_context=context) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's idle threads are no danger to a forked child
        futures = {pool.submit(prove_task, root, task): task for task in tasks}
        for number, future in enumerate(as_completed(futures), start=1):
            task = futures[future]
            done[task] = future.result()
            report(f"{task.lesson} {task.kind} {task.subject}".rstrip(), number)
    return [done[task] for task in tasks]


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


def _mutants_of(workshop: Workshop, exercises: Iterable[str]) -> list[Mutant]:
    """Mutants of the lesson. If only some of its exercises were named, only their mutants."""
    found = all_mutants(workshop.solution.text, workshop.lesson)
    names = list(exercises)
    return found if len(names) == len(workshop.lesson.exercises) else [m for m in found if m.exercise in names]


def _whole(workshop: Workshop, found: list[Mutant]) -> bool:
    return len(found) == len(all_mutants(workshop.solution.text, workshop.lesson))


def mutants_are_killed(
    workshop: Workshop, found: list[Mutant], workers: int, progress: Callable[[int], None] = lambda done: None
) -> list[Proof]:
    """One proof for each surviving mutant, one for each listed mutant that does not survive, one for all others."""
    start = time.perf_counter()
    path = workshop.files.equivalents
    name, lesson = "mutants are killed", workshop.lesson.id
    try:
        listed = read_equivalents(path)
        alive = survivors(workshop, found, workers, progress)
    except (CourseError, MutantsBroken, ReferenceFailed) as error:
        return [Proof(lesson, name, "", False, str(error), time.perf_counter() - start)]
    concerned = {m.exercise for m in found} | ({e.exercise for e in listed} if _whole(workshop, found) else set())
    known = {(e.exercise, e.change) for e in listed if e.exercise in concerned}
    proofs = [Proof(lesson, name, f"{len(found) - len(alive)} of {len(found)}", True, "", time.perf_counter() - start)]
    for mutant in alive:
        if (mutant.exercise, mutant.change) not in known:
            detail = (
                f"line {mutant.line}: no check notices {mutant.change}; write one, or list it with its reason in {path}"
            )
            proofs.append(Proof(lesson, name, f"{mutant.exercise}: {mutant.change}", False, detail, 0.0))
    surviving = {(m.exercise, m.change) for m in alive}
    for exercise, change in sorted(known - surviving):
        detail = f"{path} lists {change!r}, but no mutant of `{exercise}` with this change survives; remove the entry"
        proofs.append(Proof(lesson, name, f"{exercise}: {change}", False, detail, 0.0))
    return proofs
