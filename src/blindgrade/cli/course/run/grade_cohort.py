"""Run `course grade`: the part with torch, which grades every submission and prints a line for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target
from blindgrade.cli.course.run.cohort_lines import CohortLines
from blindgrade.cli.exits import BAD_REQUEST, stop
from blindgrade.cohort.changes import Changes
from blindgrade.cohort.cluster import OnCluster
from blindgrade.cohort.run import Grade, Summary, grade_cohort, in_processes
from blindgrade.cohort.settings import Settings
from blindgrade.engine.grading.worker_client import NoWall, SandboxMissing
from blindgrade.engine.grading.workers import Workers
from blindgrade.submitted import read_submitted


def grade_submissions(
    targets: list[Target], submitted: Path, attempts: Path, settings: Settings, cluster: str | None,
    trial: Workers | None, finish: Callable[[Changes], None],
) -> Summary:  # fmt: skip
    """Grade the submissions here or on a cluster, after the test of the sandbox's walls has passed."""
    torch.set_num_threads(1)
    submissions, skipped = read_submitted(submitted)
    how: Grade = in_processes if cluster is None else OnCluster(cluster)
    _need_walls(trial)
    with CohortLines(len(submissions) * len(targets)) as lines:
        store = AttemptStore(attempts)
        summary = grade_cohort(targets, submissions, submitted, store, settings, lines.graded, how, finish)
    summary.skipped = [*skipped, *summary.skipped]
    return summary


def _need_walls(trial: Workers | None) -> None:
    """End the command before it grades anything if the walls do not hold on this machine."""
    if trial is None:
        return
    try:
        with trial:
            trial.ready()
    except NoWall as error:
        stop(str(error), BAD_REQUEST)
    except SandboxMissing as error:
        remedy = "Grade others' code in a sandbox, or with --sandbox process at your own risk."
        stop(f"{error}\n{remedy}", BAD_REQUEST)
