"""Parent of one fresh worker, where the kernel can give it every orphan of the worker's (Linux).

Run as `python -I -S keeper.py COMMAND...`. It starts the command and waits. When the command ends, or when nobody can
write to the command's standard input any more, it ends everything that the command has started. So a process that has
left its parents and its session ends, too.
"""

import ctypes
import os
import select
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> None:
    """Start the command, wait for its end, and end as it did."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    worker = os.fork()
    if worker == 0:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.execv(sys.argv[1], sys.argv[1:])
    # The pipes are the worker's. This process only wants to know when the other end of the first one is closed.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    status = 0
    try:
        wait = select.poll()
        wait.register(0, 0)
        wait.register(os.pidfd_open(worker), select.POLLIN)
        wait.poll()
        done, status = os.waitpid(worker, os.WNOHANG)
        status = status if done else 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it may come again, and must not stop this
        end_all()
    if os.WIFSIGNALED(status):
        with suppress(OSError):  # not every signal has a handler
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def end_all() -> None:
    """End every child until none is left: grandchildren whose parent ended become children."""
    for _ in range(100):
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            children = [int(number) for number in file.read().split()]
        if not children:
            return
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


if __name__ == "__main__":
    main()
