"""The thread of `grade --watch` that watches the student's files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchfiles import watch

from blindgrade.cli.exits import GRADER_FAILED
from blindgrade.cli.grade.watch.events import Failed, Saved

STEP = 25  # ms without another change until a save is complete


def watch_files(submission: Path, leave: threading.Event, report: Callable[[object], None]) -> None:
    """Report each change of the submission until `leave` is set."""
    folder = submission if submission.is_dir() else submission.resolve().parent
    try:
        # Watch the folder and not the file: editors save by renaming another file to its name.
        for _ in watch(folder, step=STEP, stop_event=leave, raise_interrupt=False,
                       recursive=submission.is_dir(), ignore_permission_denied=True):  # fmt: skip
            report(Saved(time.monotonic()))
    except Exception as error:
        report(Failed(f"{folder} cannot be watched ({error}); set WATCHFILES_FORCE_POLLING=1 and run it again",
                      GRADER_FAILED))  # fmt: skip
