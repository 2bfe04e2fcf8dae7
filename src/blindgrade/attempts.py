"""Where attempts lie: one immutable file each, `ROOT/<lesson>/<student>/<key>.json`.

A file is written beside its place and renamed into it, so whoever reads sees a whole attempt or none, also after
`kill -9`. Gradebooks and reports are views of these files.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from blindgrade.models import MAX_SEED, Attempt
from blindgrade.policies import instant

LOCK_SECONDS = 3.0
UNFINISHED = ".unfinished"
SEED = ".seed.json"


class StoreError(Exception):
    """The attempts cannot be read or written; the message names the file and what to do."""


@dataclass(frozen=True)
class RunSeed:
    """The secret seed of one assignment's run. `id` names it without telling it."""

    id: str
    seed: int


class Store:
    """Attempts below `root`. With `durable` a written attempt survives a power cut, not just a killed process."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable

    def path(self, lesson: str, student: str, key: str) -> Path:
        """Where the attempt lies or would lie."""
        return self.root / lesson / student / f"{key}.json"

    def write(self, attempt: Attempt) -> Path:
        """Store an attempt under its lesson, student and key. OSError if the disk does not take it."""
        assert attempt.student and attempt.key
        target = self.path(attempt.lesson, attempt.student, attempt.key)
        text = attempt.model_dump_json(by_alias=True, indent=1) + "\n"
        self._replace(target, text.encode("utf-8"))
        return target

    def read(self, lesson: str, student: str, key: str) -> Attempt | None:
        """The attempt of that key; None if there is none, or none that can be read: then it is graded again."""
        try:
            return read_attempt(self.path(lesson, student, key))
        except (FileNotFoundError, StoreError):
            return None

    def attempts(self, lesson: str, student: str) -> list[Attempt]:
        """A student's attempts at a lesson, the current one last. StoreError names a file that is none."""
        return _in_order([read_attempt(path) for path in _listed(self.root / lesson / student)])

    def all(self, lesson: str) -> Iterator[Attempt]:
        """Every attempt at a lesson, student by student, each student's current one last."""
        for student in self.students(lesson):
            yield from self.attempts(lesson, student)

    def students(self, lesson: str) -> list[str]:
        """Who has attempts at a lesson."""
        return _folders(self.root / lesson)

    def lessons(self) -> list[str]:
        """The lessons that have attempts."""
        return _folders(self.root)

    def current(self, student: str) -> dict[str, Attempt]:
        """A student's current attempt at each lesson: of what was handed in last, the newest grading."""
        found = {lesson: self.attempts(lesson, student) for lesson in self.lessons()}
        return {lesson: attempts[-1] for lesson, attempts in found.items() if attempts}

    def seed(self, lesson: str) -> RunSeed:
        """The lesson's secret seed, drawn when it is first asked for; readable by its owner alone."""
        path = self.root / lesson / SEED
        if not path.exists():
            drawn = {"id": secrets.token_hex(8), "seed": secrets.randbelow(MAX_SEED)}
            self._replace(path, (json.dumps(drawn) + "\n").encode())
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return RunSeed(str(data["id"]), int(data["seed"]))
        except (ValueError, KeyError, TypeError):
            raise StoreError(f"{path} is damaged; put it back from a copy, or delete it to grade all anew") from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, for one process at a time; what a killed run left unfinished is cleared away."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self.root} cannot be written ({error.strerror}); name another --attempts") from None
        try:
            self._lock(handle)
            self._clear()
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> None:
        """Take the lock. The processes of a run that was killed hold it until they are gone, which takes a moment."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    text = f"another run writes into {self.root}; wait for it, or name another --attempts"
                    raise StoreError(text) from None
            time.sleep(0.02)

    def blob(self, lesson: str, name: str) -> bytes | None:
        """Something kept beside a lesson's attempts, readable by its owner alone."""
        try:
            return (self.root / lesson / f".{name}").read_bytes()
        except FileNotFoundError:
            return None

    def keep_blob(self, lesson: str, name: str, content: bytes) -> None:
        """Keep it. OSError if the disk does not take it."""
        self._replace(self.root / lesson / f".{name}", content)

    def _replace(self, target: Path, content: bytes) -> None:
        unfinished = self.root / UNFINISHED
        unfinished.mkdir(parents=True, exist_ok=True)
        new = not target.parent.is_dir()
        target.parent.mkdir(parents=True, exist_ok=True)
        piece = unfinished / f"{secrets.token_hex(8)}"
        handle = os.open(piece, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                if self.durable:
                    os.fsync(handle)
            os.replace(piece, target)
        except BaseException:
            with suppress(OSError):
                piece.unlink()
            raise
        if self.durable:
            for folder in (target.parent, *([target.parent.parent, self.root] if new else [])):
                _sync_folder(folder)

    def _clear(self) -> None:
        unfinished = self.root / UNFINISHED
        if unfinished.is_dir():
            for piece in unfinished.iterdir():
                piece.unlink(missing_ok=True)


def read_attempt(path: Path) -> Attempt:
    """The attempt in a file. FileNotFoundError if there is none, StoreError if it is damaged."""
    try:
        return Attempt.model_validate_json(path.read_bytes())
    except ValidationError:
        raise StoreError(f"{path} is no attempt; delete it and run `course grade` again") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its permissions") from None


def _in_order(attempts: list[Attempt]) -> list[Attempt]:
    return sorted(attempts, key=lambda a: (instant(a.submitted_at), instant(a.graded_at), a.key))


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.json"))


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
