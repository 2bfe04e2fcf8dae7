"""The secret seed of a lesson's run, in a file beside its attempts."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from blindgrade import seeds
from blindgrade.attempts.reading import StoreError


@dataclass(frozen=True)
class RunSeed:
    """The secret seed of one lesson's run. `id` names the seed without revealing it."""

    id: str
    seed: int

    def to_json(self) -> bytes:
        """Content of the seed's file."""
        return (json.dumps({"id": self.id, "seed": self.seed}) + "\n").encode()


def draw() -> RunSeed:
    """A fresh seed."""
    return RunSeed(secrets.token_hex(8), seeds.draw())


def read(path: Path) -> RunSeed:
    """The seed in a file. StoreError if the file is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return RunSeed(str(data["id"]), int(data["seed"]))
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{path} is damaged; put it back from a copy, or delete it to grade all anew") from None
