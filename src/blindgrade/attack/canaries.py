"""Canaries: files, variables and sockets that an attack must not reach, and a list of the traces that it left."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import torch

from blindgrade.attack.residents import Residents
from blindgrade.catalog import Catalog
from blindgrade.engine.sandbox import tiers
from blindgrade.lesson_files import LessonFiles

SECRET = "BLINDGRADE_CANARY_SECRET"
DEEP = 25_000  # terms of a sum that no parser should fall over
# Folders outside the private folder where an attack could leave a file.
SHARED = ("/", "/dev/shm", "/dev/mqueue", "/run/lock", "/etc", "/usr/lib", sys.prefix)
HOMES = ("/root", "/tmp", "/var/tmp", "/etc/profile.d", "/etc/cron.d", "/var/spool/cron")
IN_HOME = ("", ".config", ".ipython/profile_default/startup", ".jupyter", ".local", ".bashrc.d")
PACKAGES = (Path(torch.__file__).parent, Path(__file__).parents[1])
SYSTEM_V = ("shm", "sem", "msg")
SETTLE_SECONDS = 2.0  # until a killed process is gone

Traces = dict[str, object]


class Canaries:
    """A copy of a course, and files, variables and sockets with a random token. They exist while the context lasts.

    An attack puts `mark` into the name of each file that it leaves. `values` maps each placeholder of an attack's text
    to its value.
    """

    def __init__(self, course: Path) -> None:
        self.token = secrets.token_hex(16)
        self.mark = f"bgmark-{secrets.token_hex(6)}"
        self.key = secrets.randbelow(1 << 30) + 1
        self.values: dict[str, str] = {}
        self._source = course
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self.private = Path(tempfile.mkdtemp(prefix="blindgrade-attack-")).resolve()
            # A folder may be too deep for shutil.rmtree: that is one of the attacks.
            undo.callback(subprocess.run, ["rm", "-rf", "--", str(self.private)], check=False)
            self.course = self._copy_course()
            self._temporary = self._make_temporary_folder()
            files = [file for place in self._places() if (file := self._bait(place, undo))]
            self._listen(undo)
            self._residents = undo.enter_context(Residents(self.private / "residents", self.token))
            os.environ[SECRET] = self.token
            undo.callback(os.environ.pop, SECRET, None)
            # A process that an attack starts becomes a child of this process when its own parent ends.
            tiers.adopt_orphans()
            self._name_values(files)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for path in self._marked():
            subprocess.run(["rm", "-rf", "--", path], check=False)
        self._undo.close()

    @property
    def lesson(self) -> LessonFiles:
        """The lesson that the attacks answer: the course's first one."""
        return Catalog(self.course).ready()[0]

    def filled(self, text: str) -> str:
        """The text with each placeholder replaced by its value."""
        for name, value in self.values.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    @contextmanager
    def temporary_folder(self) -> Iterator[None]:
        """Context in which this process makes its temporary files in a folder that `traces` reads."""
        before, tempfile.tempdir = tempfile.tempdir, str(self._temporary)
        try:
            yield
        finally:
            tempfile.tempdir = before

    def connections(self) -> int:
        """Number of connections, datagrams and answered requests since the last call."""
        found = self._residents.answered()
        for listener in self._listeners:
            with suppress(BlockingIOError):
                while True:
                    if listener.type == socket.SOCK_DGRAM:
                        listener.recv(1)
                    else:
                        listener.accept()[0].close()
                    found += 1
        return found

    def traces(self) -> Traces:
        """Everything that an attack could leave. Each key says what it is and where."""
        seen: Traces = {f"file {path}": True for path in self._marked()}
        for folder in (self.course, self.private):
            for path in folder.rglob("*") if folder == self.course else folder.iterdir():
                status = path.lstat()
                if not path.is_dir():
                    seen[f"file {path.relative_to(self.private)}"] = (status.st_size, status.st_mtime_ns)
        seen |= {f"file {path.name} in the temporary folder": True for path in self._temporary.iterdir()}
        seen |= {f"canary {path}": Path(path).exists() for path in self.values["canaries"].split()}
        for kind in SYSTEM_V:
            with suppress(OSError):
                rows = [row.split()[:2] for row in Path("/proc/sysvipc", kind).read_text().splitlines()]
                seen |= {f"System V {kind} {number}": True for key, number in rows if key == str(self.key)}
        with suppress(OSError):
            seen |= {f"mount {row}": True for row in Path("/proc/self/mountinfo").read_text().splitlines()}
        return seen

    def _copy_course(self) -> Path:
        copy = self.private / "course"
        shutil.copytree(self._source, copy, ignore=shutil.ignore_patterns("__pycache__", "build"))
        files = Catalog(copy).ready()[0]
        for file in (files.solution, files.private_checks):
            with open(file, "a", encoding="utf-8") as opened:
                opened.write(f"\n# {self.token}\n")
        return copy

    def _make_temporary_folder(self) -> Path:
        folder = self.private / "tmp"
        folder.mkdir()
        folder.chmod(0o1777)
        self.private.chmod(0o711)  # a worker of another user must reach its box
        return folder

    def _places(self) -> list[Path]:
        return [self.private, Path.home(), Path("/dev/shm"), Path("/var/tmp")]

    def _bait(self, place: Path, undo: ExitStack) -> str:
        file = place / f"blindgrade-canary-{secrets.token_hex(6)}"
        try:
            file.write_text(self.token)
        except OSError:
            return ""  # where this user may not write, an attack may not either
        undo.callback(file.unlink, missing_ok=True)
        file.chmod(0o644)
        return str(file)

    def _listen(self, undo: ExitStack) -> None:
        addresses: list[tuple[int, int, object]] = [
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(self.private / "socket")),
        ]
        if sys.platform == "linux":
            addresses.append((socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.mark}"))
        self._listeners: list[socket.socket] = []
        for family, kind, address in addresses:
            listener = undo.enter_context(socket.socket(family, kind))
            listener.bind(address)  # type: ignore[arg-type]  # an address has its family's form
            listener.setblocking(False)
            if kind == socket.SOCK_STREAM:
                # The kernel completes connections and keeps them until `accept` is called.
                listener.listen(64)
            self._listeners.append(listener)

    def _name_values(self, canaries: list[str]) -> None:
        tcp, udp = (listener.getsockname()[1] for listener in self._listeners[:2])
        self.values = {
            "canaries": " ".join(canaries),
            "solution": str(self.lesson.solution),
            "checks": str(self.lesson.private_checks),
            "course": str(self.course),
            "private": str(self.private),
            "package": str(Path(__file__).parents[1]),
            "home": str(Path.home()),
            "port": str(tcp),
            "udp": str(udp),
            "unix": str(self.private / "socket"),
            "abstract": self.mark,
            "mark": self.mark,
            "key": str(self.key),
            "deep": "+".join("1" * DEEP),
            **self._residents.values,
        }

    def _marked(self) -> Iterator[str]:
        """Paths of files outside every box whose name contains the mark."""
        places = {Path(place) for place in SHARED}
        places |= {Path(home, name) for home in (*HOMES, Path.home()) for name in IN_HOME}
        for folder in (*(Path(p) for p in sys.path if p), Path.cwd(), self._source, *PACKAGES):
            places |= {folder, folder / "__pycache__"}
        for place in sorted(places):
            with suppress(OSError):
                yield from (str(place / name) for name in os.listdir(place) if self.mark in name)


def descendants() -> dict[int, str]:
    """Command lines of the living processes below this one, by process id."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents[int(folder.name)] = int(parent)
    found: dict[int, str] = {}
    waiting = [os.getpid()]
    while waiting:
        above = waiting.pop()
        for pid in [pid for pid, parent in parents.items() if parent == above]:
            with suppress(OSError):
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")[:80]
            waiting.append(pid)
    return found


def new_processes(before: dict[int, str]) -> dict[int, str]:
    """Descendants that are not in `before`. Processes that are ending get up to SETTLE_SECONDS to disappear."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        new = {pid: line for pid, line in descendants().items() if pid not in before}
        if not new or time.monotonic() > deadline:
            return new
        time.sleep(0.02)
