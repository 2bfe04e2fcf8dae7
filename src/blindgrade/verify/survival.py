"""Mutants that no check notices. Each runs in a forked process, which may crash, or loop until it is stopped."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import check_seed, observe
from blindgrade.engine.worker.lesson import LoadedLesson
from blindgrade.models import Exercise, Kind, Outcome
from blindgrade.verify.mutant import Mutant
from blindgrade.verify.workshop import Workshop

SEEDS = (0, 1)
LIMIT, TRAINING_LIMIT = 5.0, 60.0  # seconds, in addition to ten times the solution's time
MEMORY = 8 << 30  # bytes that a mutant may fill
SURVIVED, KILLED = 0, 1


class MutantsBroken(Exception):
    """The unchanged solution fails too, so a failed check of a mutant would prove nothing."""


@dataclass
class Trial:
    """A mutant, the checks that may notice it with their seeds, and its time limit in seconds."""

    mutant: Mutant
    rounds: list[tuple[Check, int]]
    limit: float
    end: float = field(default=0.0)


def survivors(
    workshop: Workshop, found: list[Mutant], workers: int, progress: Callable[[int], None] = lambda done: None
) -> list[Mutant]:
    """Mutants that pass every check that could notice them, in their order.

    `progress` gets the number of tested mutants. Raises MutantsBroken if the solution itself fails.
    """
    costs: dict[tuple[str, int], float] = {}
    trials = [_trial(workshop, mutant, costs) for mutant in found]
    everything = {(check.name, seed): (check, seed) for trial in trials for check, seed in trial.rounds}
    if not everything:
        return [trial.mutant for trial in trials]
    control = Trial(Mutant("", 0, "", workshop.solution.text), list(everything.values()), 600.0)
    if not _alive(run_all(workshop, [control], 1, passes_all)):
        raise MutantsBroken(
            "the unchanged solution fails when it is tested like a mutant; run `course verify` without --mutants"
        )
    alive = _alive(run_all(workshop, trials, workers, passes_all, progress))
    return [trial.mutant for trial in trials if any(trial is one for one in alive)]


def _alive(ended: list[tuple[Trial, int | None]]) -> list[Trial]:
    return [trial for trial, code in ended if code == SURVIVED]


def trial_of(workshop: Workshop, mutant: Mutant) -> Trial:
    """Trial of one mutant, with the time that it may take."""
    return _trial(workshop, mutant, {})


def _trial(workshop: Workshop, mutant: Mutant, costs: dict[tuple[str, int], float]) -> Trial:
    exercises = concerned(workshop, mutant)
    training = any(e.kind is Kind.TRAINING for e in exercises)
    seeds = SEEDS[:1] if training else SEEDS
    rounds = [(check, seed) for e in exercises for seed in seeds for check in workshop.checks.of(e.name)]
    cost = sum(_cost(workshop, check, seed, costs) for check, seed in rounds)
    return Trial(mutant, rounds, (TRAINING_LIMIT if training else LIMIT) + 10 * cost)


def concerned(workshop: Workshop, mutant: Mutant) -> list[Exercise]:
    """Exercises whose checks may notice the mutant. Its own exercise comes first."""
    lesson = workshop.lesson
    own = next((e for e in lesson.exercises if e.name == mutant.exercise), None)
    if own is None:
        users = workshop.touched_by(mutant.exercise)
        # If only training exercises use a helper, only their checks can notice the mutant.
        return users or [e for e in lesson.exercises if mutant.exercise in workshop.uses.get(e.defines, set())]
    if own.kind is Kind.TRAINING:
        return [own]
    later = [e for e in lesson.exercises if own.name in workshop.requires(e.name) and e.kind is not Kind.TRAINING]
    return [own, *later]


def _cost(workshop: Workshop, check: Check, seed: int, costs: dict[tuple[str, int], float]) -> float:
    """Seconds that the check takes on the solution. Its expected result is stored for the forked processes."""
    key = (check.name, seed)
    if key not in costs:
        start = time.perf_counter()
        own = check_seed(seed, workshop.lesson.id, check)
        if workshop.reference.expected(check, own) is None:
            observe(workshop.checks, check, workshop.solution.module, own)
        costs[key] = time.perf_counter() - start
    return costs[key]


def run_all(
    workshop: Workshop,
    trials: list[Trial],
    workers: int,
    attempt: Callable[[Workshop, Trial], int],
    progress: Callable[[int], None] = lambda done: None,
) -> list[tuple[Trial, int | None]]:
    """Trials in the order of their ends, each with the exit code of its process: what `attempt` returned.

    A process that crashes, raises or takes too long has another code than any that `attempt` returns.
    """
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(trials))
    running: dict[int, tuple[BaseProcess, Trial]] = {}
    ended: list[tuple[Trial, int | None]] = []
    while waiting or running:
        while waiting and len(running) < max(1, workers):
            trial = waiting.pop()
            process: BaseProcess = context.Process(target=_try, args=(workshop, trial, attempt), daemon=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # torch's idle threads are no danger to the child
                process.start()
            trial.end = time.monotonic() + trial.limit
            running[process.sentinel] = (process, trial)
        nearest = min(trial.end for _, trial in running.values())
        wait(list(running), timeout=max(0.0, nearest - time.monotonic()))
        for sentinel, (process, trial) in list(running.items()):
            if process.is_alive() and time.monotonic() < trial.end:
                continue
            process.kill()
            process.join()
            ended.append((trial, process.exitcode))
            del running[sentinel]
            progress(len(ended))
    return ended


def _try(workshop: Workshop, trial: Trial, attempt: Callable[[Workshop, Trial], int]) -> None:
    """Run in the forked process and exit with the code that `attempt` returns, or with KILLED."""
    code = KILLED
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = attempt(workshop, trial)
    finally:
        os._exit(code)


def passes_all(workshop: Workshop, trial: Trial) -> int:
    """SURVIVED if every check passes."""
    module = workshop.solution.load(trial.mutant.text)
    passed = all(_passes(workshop, module, check, seed) for check, seed in trial.rounds)
    return SURVIVED if passed else KILLED


def _passes(workshop: Workshop, module: LoadedLesson, check: Check, seed: int) -> bool:
    return workshop.trusted.check(check, module, seed).outcome is Outcome.PASSED
