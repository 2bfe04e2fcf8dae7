"""The grader process: `python -m blindgrade.service.grader SETTINGS`. `course serve` starts it."""

from __future__ import annotations

import logging
import signal
import sys

from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import CourseError
from blindgrade.cohort.cluster import NoCluster
from blindgrade.cohort.pool import Pool
from blindgrade.engine.grading.worker_client import SandboxMissing
from blindgrade.engine.sandbox.tiers import die_with_parent
from blindgrade.service.grader.loop import Loop
from blindgrade.service.grader.on_cluster import ClusterWorkers
from blindgrade.service.grader.work import GradingWork
from blindgrade.service.places import Settings, note_pid
from blindgrade.service.service import Service

CANNOT = 2  # exit code: it would fail the same way again
GONE = 3  # exit code: the cluster may come back


def _workers(work: GradingWork, settings: Settings) -> Pool | ClusterWorkers:
    return ClusterWorkers(work, settings.cluster) if settings.cluster else Pool(work, settings.workers)


def main(settings: Settings) -> int:
    """Grade until the process is stopped. Exit code."""
    die_with_parent()
    logging.basicConfig(format="course serve: grader: %(message)s", level=logging.WARNING)
    note_pid(settings.data, "grader")
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopped.append(got))
    service = Service(settings, durable=False)
    try:
        with service.marks.writing(shared=True):
            work = GradingWork(service)
            with _workers(work, settings) as workers:
                Loop(service, work, workers, lambda: bool(stopped)).run()
    except NoCluster as error:
        print(f"course serve: {error}", file=sys.stderr)
        return GONE
    except (StoreError, CourseError, SandboxMissing) as error:
        print(f"course serve: the grader cannot start: {error}", file=sys.stderr)
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main(Settings.from_json(sys.argv[1])))
