"""The third phase of `grade`: start the warm process, then import torch, so that both import it at the same time."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Silent
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.worker import garbage

if TYPE_CHECKING:
    from blindgrade.cli.grade.session import Session


def grade_warm(job: Job, printing: Silent, session: Session | None = None) -> int:
    """Grade, print the result, and return the exit code. A session has workers of its own, and keeps them."""
    warming: AbstractContextManager[Workers] = _workers(job) if session is None else session.warm(job)
    with warming as warm:
        if session is None and not job.options["debug"]:
            warm.start()
        from blindgrade.cli.grade import run

        garbage.search_new()
        done = run.grade(job, printing, warm, session)
    return run.deliver(job, printing, done)


def watch_warm(job: Job) -> int:
    """Watch until the student leaves, and return the exit code."""
    with _workers(job, again=True) as warm:
        warm.start()
        from blindgrade.cli.grade.watch.watch import watch

        garbage.search_new()
        code = watch(job, warm)
    sys.stdout.flush()
    return code


def _workers(job: Job, *, again: bool = False) -> Workers:
    options = job.options
    return workers_for(job.targets, sandbox=options["sandbox"], device=options["device"], again=again)
