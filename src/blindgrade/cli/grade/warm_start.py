"""The second phase of `grade`: start the warm process, then import torch, so that both import it at the same time."""

from __future__ import annotations

import sys

from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Silent
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.workers import Workers


def grade_warm(job: Job, printing: Silent) -> int:
    """Grade, print the result, and return the exit code."""
    with _workers(job) as warm:
        if not job.options["debug"]:
            warm.start()
        from blindgrade.cli.grade import run

        done = run.grade(job, printing, warm)
    return run.deliver(job, printing, done)


def watch_warm(job: Job) -> int:
    """Watch until the student leaves, and return the exit code."""
    with _workers(job, again=True) as warm:
        warm.start()
        from blindgrade.cli.grade.watch.watch import watch

        code = watch(job, warm)
    sys.stdout.flush()
    return code


def _workers(job: Job, *, again: bool = False) -> Workers:
    options = job.options
    return workers_for(job.targets, sandbox=options["sandbox"], device=options["device"], again=again)
