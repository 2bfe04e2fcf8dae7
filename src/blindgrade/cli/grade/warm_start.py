"""The second phase of `grade`: start the warm process, then import torch, so that both import it at the same time."""

from __future__ import annotations

import sys

from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Silent
from blindgrade.engine.grading.warm_process import Zygote


def grade_warm(job: Job, printing: Silent) -> int:
    """Grade, print the result, and return the exit code."""
    with _zygote(job) as warm:
        if not job.options["debug"]:
            warm.start()
        from blindgrade.cli.grade import run

        done = run.grade(job, printing, warm)
    return run.deliver(job, printing, done)


def watch_warm(job: Job) -> int:
    """Watch until the student leaves, and return the exit code."""
    with _zygote(job) as warm:
        warm.start()
        from blindgrade.cli.grade.watch.watch import watch

        code = watch(job, warm)
    sys.stdout.flush()
    return code


def _zygote(job: Job) -> Zygote:
    return Zygote.for_targets(job.targets, sandbox=job.options["sandbox"], device=job.options["device"])
