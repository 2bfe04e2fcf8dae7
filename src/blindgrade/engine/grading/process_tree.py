"""A process that the grader has started, and all that it starts: its processor time, its memory, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blindgrade.engine.grading.windows_job import Job
from blindgrade.engine.sandbox import limits
from blindgrade.engine.sandbox.limits import STOP, processor_seconds

if TYPE_CHECKING:  # imported where it is needed, because Linux does without it
    import psutil

NOTICE_SECONDS, END_SECONDS = 0.5, 2.0


class ProcessTree:
    """One started process with its three pipes. `pid` is the command's own id, once the command has sent it."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._kept = _has_orphans()
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self.process = subprocess.Popen(
            [*_parent(kept=self._kept), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | _as_in_the_environment(command),
            creationflags=flags,
            start_new_session=True,  # Ctrl-C reaches only the grader. Windows has the flags for that
        )
        self._job = Job.around(getattr(self.process, "_handle", 0))
        self.pid = self.process.pid

    def seconds(self) -> float | None:
        """Processor seconds so far, of the command and its children. None if this machine cannot say."""
        if self._job is not None:
            return self._job.processor_seconds()
        found = processor_seconds(self.pid)
        if found is None and (process := self._seen()) is not None:
            with suppress(OSError, *_psutil_errors()):
                times = process.cpu_times()
                return float(times.user + times.system)
        return found

    def memory(self) -> int | None:
        """Bytes of memory that the command has now. None if it is gone."""
        if (process := self._seen()) is not None:
            with suppress(OSError, *_psutil_errors()):
                return int(process.memory_info().rss)
        return None

    def limit_memory(self, most: int) -> bool:
        """Limit the memory to what the command has now and `most` bytes. False if the system has no such limit."""
        if self._job is None or (process := self._seen()) is None:
            return False
        with suppress(OSError, *_psutil_errors()):
            info = process.memory_info()
            # Windows limits what was promised to a process, also if it has not touched it yet.
            return self._job.limit_memory(int(getattr(info, "private", info.rss)) + most)
        return False

    def stop(self) -> bool:
        """Send STOP. False if the system has no such signal."""
        if STOP:
            with suppress(OSError):
                os.kill(self.pid, STOP)
        return bool(STOP)

    def wait(self, seconds: float) -> int | None:
        """Exit code, or minus the number of the signal that ended the command. None if it has not ended in time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End the command and everything that it started."""
        if self._job is not None:
            self._job.end()
            self._job = None
        elif self._kept and self.wait(NOTICE_SECONDS) is None:
            self.process.terminate()  # the keeper then ends all, as it does when the pipe is closed
            self.wait(END_SECONDS)
        elif not self._kept:
            self._end_seen()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _end_seen(self) -> None:
        """End the children that can be found, and the group. A process that left both is not found."""
        process = self._seen()
        children: list[psutil.Process] = []
        with suppress(OSError, *_psutil_errors()):
            children = process.children(recursive=True) if process is not None else []
        if self.process.poll() is None:
            self.process.kill()
        for child in children:
            with suppress(OSError, *_psutil_errors()):
                child.kill()
        if hasattr(os, "killpg") and hasattr(signal, "SIGKILL"):
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _seen(self) -> psutil.Process | None:
        import psutil

        with suppress(OSError, psutil.Error):
            return psutil.Process(self.pid)
        return None


def _psutil_errors() -> tuple[type[Exception], ...]:
    import psutil

    return (psutil.Error,)


def _has_orphans() -> bool:
    """Whether the kernel can give a process all orphans below it, and Python can wait for two things (Linux)."""
    return hasattr(os, "fork") and hasattr(os, "pidfd_open") and Path("/proc/self/task").is_dir()


def _parent(*, kept: bool) -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(limits.__file__).with_name("keeper.py"))] if kept else []


def python() -> str:
    """Program that runs Python in this environment.

    In a virtual environment of Windows `python.exe` only starts the real program, as a child. So the real one is
    started here, as multiprocessing does.
    """
    real = getattr(sys, "_base_executable", sys.executable)
    return str(real) if hasattr(subprocess, "STARTUPINFO") else sys.executable


def _as_in_the_environment(command: Sequence[str]) -> dict[str, str]:
    return {} if command[0] == sys.executable else {"__PYVENV_LAUNCHER__": sys.executable}
