"""A grading service of the miniature course, started as operators start it, and students who use it from terminals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from blindgrade.submitting.client import Client
from blindgrade.submitting.wire_models import FINAL, SubmissionStatus

MINI = Path(__file__).parent / "courses" / "mini"
LESSON = "lesson-1.1.1"
FOLDER = "lesson_1_1_1_basics"
BIN = Path(sys.executable).parent
SOLUTION = (MINI / "solutions" / FOLDER / "basics.py").read_text()
STUB = (MINI / "exercises" / FOLDER / "basics.py").read_text()
READY_SECONDS = 60


def case(name: str) -> str:
    """One of the submissions in tests/submissions."""
    return (MINI.parents[1] / "submissions" / "mini" / name / "basics.py").read_text()


@dataclass
class Terminal:
    """A student's machine: their copy of the course and their own settings."""

    home: Path
    course: Path

    def write(self, text: str) -> None:
        """The student's file."""
        (self.course / "exercises" / FOLDER / "basics.py").write_text(text)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """`grade` with these words."""
        own = {**os.environ, "XDG_CONFIG_HOME": str(self.home), "BLINDGRADE_RESIDENT": "0", **env}
        command = [str(BIN / "grade"), *words]
        return subprocess.run(command, cwd=self.course, env=own, text=True, capture_output=True, timeout=120)

    def json(self, *words: str) -> Any:
        """JSON that `grade` prints with these words."""
        return json.loads(self.run(*words, "--json").stdout)


@dataclass
class Served:
    """A course that is served. `kept` are its processes' settings for the next start."""

    folder: Path
    workers: int = 1
    more: tuple[str, ...] = ("--mark-after", "0.2")
    process: subprocess.Popen[str] | None = None
    url: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        return self.folder / "course"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self, port: int = 0) -> None:
        """Start `course serve`, and wait until it says where it is."""
        command = [str(BIN / "course"), "serve", "--data", str(self.data), "--port", str(port)]
        command += ["--workers", str(self.workers), *self.more]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, cwd=self.course, text=True, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if " at http" not in line:
            self.process.wait(30)
            self.process.stdout.close()
            self.process = None
            raise AssertionError(line + (self.folder / "log").read_text())
        self.url = line.split(" at ")[1].split()[0]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it. Exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def pid(self, name: str) -> int:
        """Number of the web's or grader's process."""
        return int((self.data / f"{name}.pid").read_text())

    def kill(self, name: str) -> None:
        """`kill -9` of one of its processes."""
        with suppress(ProcessLookupError):
            os.kill(self.pid(name), signal.SIGKILL)

    def invite(self, *students: str, role: str = "student") -> list[dict[str, str]]:
        """Invite people as an instructor does."""
        roster = self.folder / f"roster-{role}.csv"
        roster.write_text("\n".join(["id,name", *(f"{one},{one.title()}" for one in students)]) + "\n")
        command = [str(BIN / "course"), "invite", str(roster), "--data", str(self.data), "--role", role, "--json"]
        if "--database" in self.more:
            command += ["--database", self.more[self.more.index("--database") + 1]]
        found: list[dict[str, str]] = json.loads(subprocess.check_output(command, cwd=self.course, text=True))
        self.tokens |= {one["student"]: one["token"] for one in found}
        return found

    def client(self, student: str) -> Client:
        """Client of a student who was invited."""
        return Client(self.url, self.tokens[student])

    def result(self, student: str, text: str, seconds: float = 180) -> SubmissionStatus:
        """The submission of a student with this text, when it is done. A busy machine may take long."""
        client = self.client(student)
        status = client.submit(LESSON, str(uuid4()), {"basics.py": text})
        ends = time.monotonic() + seconds
        while status.state not in FINAL and time.monotonic() < ends:
            status = client.status(LESSON, status.uuid, 20)
        assert status.state in FINAL, f"{status}\n{(self.folder / 'log').read_text()}"
        return status

    def terminal(self, student: str, *, signed_in: bool = True) -> Terminal:
        """A student's machine with a released copy of the course: no solution and no hidden check."""
        home = self.folder / f"home-{student}"
        shutil.copytree(MINI / "exercises", home / "course" / "exercises", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(self.course / "course.toml", home / "course" / "course.toml")
        found = Terminal(home, home / "course")
        if signed_in:
            done = found.run("login", self.url, "--token", self.tokens[student])
            assert done.returncode == 0, done.stderr
        return found

    def attempts(self, purpose: str) -> list[dict[str, Any]]:
        """Attempts in the files, for marks or for feedback."""
        root = self.data / "attempts" / (".feedback" if purpose == "feedback" else "")
        return [json.loads(path.read_text()) for path in sorted((root / LESSON).glob("*/*.json"))]

    def standings(self) -> list[dict[str, Any]]:
        """What `course standings` says."""
        command = [str(BIN / "course"), "standings", "--attempts", str(self.data / "attempts"), "--json"]
        done = subprocess.run(command, cwd=self.course, text=True, capture_output=True)
        return list(json.loads(done.stdout))


@contextmanager
def served(folder: Path, *, policy: str = "", **more: Any) -> Iterator[Served]:
    """A service of a copy of the miniature course with this policy; it is stopped at the end."""
    found = Served(folder, **more)
    shutil.copytree(MINI, found.course, ignore=shutil.ignore_patterns("__pycache__"))
    if policy:
        text = (found.course / "course.toml").read_text()
        (found.course / "course.toml").write_text(text.replace("\n[[module]]", f"\n{policy}\n\n[[module]]", 1))
    found.start()
    try:
        yield found
    finally:
        if found.process is not None:
            found.stop()


def eventually(ask: Any, seconds: float = 30) -> Any:
    """The first true answer. AssertionError if there is none in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not true after {seconds} s")
