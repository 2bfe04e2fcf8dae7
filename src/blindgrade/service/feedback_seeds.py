"""Seeds of the service: 16 for feedback, and the lesson's own seed, which is held back and gives the mark.

A student who may submit often can learn what the hidden checks of one seed expect. So feedback never uses the seed of
the mark, and which of the 16 a submission gets follows from a secret, the student and the number of the submission.
"""

from __future__ import annotations

import json

from blindgrade.attempts import run_seed
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.service.receipts import keyed

POOL = 16
NAME = "seeds.json"


def feedback_seeds(feedback: AttemptStore, lesson: str) -> list[RunSeed]:
    """The lesson's seeds for feedback, drawn at the first call. StoreError if their file is damaged."""
    content = feedback.blob(lesson, NAME)
    if content is None:
        drawn = [run_seed.draw() for _ in range(POOL)]
        content = json.dumps([{"id": one.id, "seed": one.seed} for one in drawn]).encode()
        feedback.keep_blob(lesson, NAME, content)
    try:
        found = [RunSeed(str(one["id"]), int(one["seed"])) for one in json.loads(content)]
    except (ValueError, KeyError, TypeError):
        found = []
    if len(found) != POOL:
        path = feedback.root / lesson / f".{NAME}"
        raise StoreError(f"{path} is damaged; restore it from a copy, or delete it to draw new seeds")
    return found


def choice(secret: bytes, student: str, lesson: str, number: int) -> int:
    """Which of the seeds this submission gets. Nobody can predict it without the secret."""
    return int.from_bytes(keyed(secret, "seed", student, lesson, number)[:8], "big") % POOL
