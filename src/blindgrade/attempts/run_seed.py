"""Secret seed of a lesson, in a file beside its attempts."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from blindgrade import seeds
from blindgrade.attempts.reading import StoreError


@dataclass(frozen=True)
class RunSeed:
    """Secret seed of one lesson. `id` names the seed without revealing it."""

    id: str
    seed: int

    def to_json(self) -> bytes:
        """Content of the seed's file."""
        return (json.dumps({"id": self.id, "seed": self.seed}) + "\n").encode()


def draw() -> RunSeed:
    """New random seed."""
    return RunSeed(secrets.token_hex(8), seeds.draw())


def read(path: Path) -> RunSeed:
    """Seed in a file. StoreError if the file is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return RunSeed(str(data["id"]), int(data["seed"]))
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{path} is damaged; restore it from a copy, or delete it to grade everything again") from None
