"""What the grader starts when it has nothing to grade: the submissions are laid out for the other commands."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from blindgrade.service.database.tables import Submission
from blindgrade.service.places import Settings

PAUSE = 5.0  # seconds between two runs


@dataclass
class Idle:
    """At most one such process at a time. It has its own connection: one that is open must not be forked."""

    settings: Settings
    process: subprocess.Popen[bytes] | None = None
    ended: float = 0.0

    def look(self, session: Session) -> None:
        """Start the process if submissions wait for it."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            self.process, self.ended = None, time.monotonic()
        if time.monotonic() - self.ended < PAUSE and self.ended:
            return
        if session.scalar(select(Submission.uuid).where(Submission.laid_out.is_(False)).limit(1)) is None:
            return
        command = [sys.executable, "-P", "-m", "blindgrade.service.laying_out", self.settings.to_json()]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def close(self) -> None:
        """Wait for the process, which ends soon."""
        if self.process is not None:
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()  # it continues at the next start
                self.process.wait()
