"""Which workers a command gets on this machine: forks of a warm process, or fresh processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable
from pathlib import Path

from blindgrade.catalog import Target, need_packages
from blindgrade.engine.grading.fresh_processes import FreshProcesses
from blindgrade.engine.grading.optimizers import needs_optimizer
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.sandbox.remedies import NO_WALL_HERE


def forks_safely() -> bool:
    """Whether a process with torch in it can be forked. Where it cannot (macOS), Python itself prefers `spawn`."""
    return hasattr(os, "fork") and multiprocessing.get_all_start_methods()[0] != "spawn"


def workers_for(
    targets: list[Target],
    *,
    sandbox: Sandbox = "auto",
    device: str = "cpu",
    private: Iterable[Path] = (),
    again: bool = False,
    many: bool = False,
    ahead: bool = True,
) -> Workers:
    """Workers for grading these lessons. Behind a wall, they cannot read the lessons' solutions and checks.

    `private` are more paths that they must not read. With `again`, the lessons are graded again and again, and somebody
    waits. With `many`, there are many submissions: then even the tier `process` has forks where they are safe. Without
    `ahead`, no process waits for a later worker. CUDA does not survive a fork. CourseError if this Python lacks a
    package of the course.
    """
    need_packages(targets)
    if device == "cpu" and forks_safely() and (sandbox != "process" or many):
        # Imported here, because it needs what only systems with a fork have.
        from blindgrade.engine.grading.warm_process import Zygote

        return Zygote.for_targets(targets, sandbox=sandbox, private=private)
    return FreshProcesses(
        optimizer=any(map(needs_optimizer, targets)),
        packages=list(dict.fromkeys(name for target in targets for name in target.packages)),
        wanted=None if again or many else len(targets),
        ahead=ahead,
        strict=sandbox not in ("auto", "process"),
        memory=device == "cpu",
        missing={} if sandbox == "process" or device != "cpu" else {"isolation": NO_WALL_HERE},
    )
