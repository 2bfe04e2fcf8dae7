"""The stored attempts of a cohort, read back: `ATTEMPTS/<lesson>/<student>/<key>.json`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from blindgrade.models import Attempt


class NoAttempts(Exception):
    """There is nothing to report on, or a file is damaged; the message says what to do."""


@dataclass(frozen=True)
class Record:
    """One student's attempts at one lesson, at least one, in the order in which they were handed in."""

    student: str
    attempts: list[Attempt]

    @property
    def current(self) -> Attempt:
        """The attempt that the report counts: the newest grading of what was handed in last."""
        return self.attempts[-1]

    @property
    def handed_in(self) -> list[Attempt]:
        """The attempts, each submission once: of several gradings of the same files the newest."""
        newest = {(a.submission.sha256, a.submitted_at): a for a in self.attempts}
        return list(newest.values())


def read_records(attempts: Path, lesson: str) -> list[Record]:
    """The records of a lesson by student; empty if nobody has an attempt. NoAttempts names a file that is damaged."""
    records = []
    for folder in _folders(attempts / lesson):
        found = [_read(path) for path in sorted(folder.glob("[!.]*.json"))]
        if found:
            ordered = sorted(found, key=lambda a: (instant(a.submitted_at), instant(a.graded_at)))
            records.append(Record(folder.name, ordered))
    return records


def instant(text: str | None) -> datetime:
    """A time as written in an attempt; without a zone it is UTC, and none at all is before every other."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _read(path: Path) -> Attempt:
    try:
        return Attempt.model_validate_json(path.read_bytes())
    except ValidationError:
        raise NoAttempts(f"{path} is no attempt; delete it and run `course grade` again") from None
    except OSError as error:
        raise NoAttempts(f"{path} cannot be read ({error.strerror}); check its permissions") from None
