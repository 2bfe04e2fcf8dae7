"""The service's data folder, and everything that a process of the service must know.

DATA/service.db   index, queue, people and tokens, if no other database is named
DATA/blobs/       the submissions as they came
DATA/secret       the key of receipts and of the choice of seeds
DATA/attempts/    attempts and decisions, if the course's own folder is not used
DATA/submitted/   the submissions as `course collect` lays them out
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from blindgrade.attempts.reading import FEEDBACK
from blindgrade.files import write_whole

OWNER_ALONE = 0o600
SECRET_BYTES = 32


@dataclass(frozen=True)
class Settings:
    """Settings of a service. `url` is the address that people use, `database` a URL of SQLAlchemy.

    `wake` are file descriptors of the sockets by which web and grader wake each other: the web's, then the grader's.
    They are -1 if the other process is on another machine.
    """

    course: Path
    data: Path
    attempts: Path
    database: str
    url: str
    workers: int = 1
    cluster: str | None = None
    sandbox: str = "strict"
    mark_after: float = 5.0  # seconds without a newer submission of the student, before the mark is computed
    wake: tuple[int, int] = (-1, -1)

    @property
    def blobs(self) -> Path:
        """Folder of the submissions."""
        return self.data / "blobs"

    @property
    def submitted(self) -> Path:
        """Folder of the submissions as `course collect` lays them out."""
        return self.data / "submitted"

    @property
    def feedback(self) -> Path:
        """Folder of the attempts that give feedback. No reader of marks looks into a folder with a dot."""
        return self.attempts / FEEDBACK

    def to_json(self) -> str:
        """Text for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of `to_json`."""
        values: dict[str, Any] = json.loads(text)
        paths = {name: Path(values[name]) for name in ("course", "data", "attempts")}
        return cls(**{**values, **paths, "wake": tuple(values["wake"])})


def embedded(data: Path) -> str:
    """URL of the embedded database."""
    return f"sqlite:///{(data / 'service.db').resolve()}"


def make_data(data: Path) -> None:
    """Make the data folder with its secret. Only its owner can read it. OSError if that is not possible."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        write_whole(data / "secret", secrets.token_bytes(SECRET_BYTES), mode=OWNER_ALONE, durable=True, new=True)


def secret_of(data: Path) -> bytes:
    """Secret of the data folder. OSError if it cannot be read."""
    return (data / "secret").read_bytes()


def note_pid(data: Path, name: str) -> None:
    """Write the number of this process, for operators and tests."""
    write_whole(data / f"{name}.pid", f"{os.getpid()}\n")
