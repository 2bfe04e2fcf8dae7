"""Replies of a cohort's wrong answers that nothing explains, beside the lesson's attempts. Each distinct one is a file.

A file has numbers that code returned, and nothing about a student.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from blindgrade.attempts.store import AttemptStore
from blindgrade.engine.judging.wrong_answers import WrongAnswer

FOLDER = "answers"


def keep_answers(store: AttemptStore, lesson: str, answers: Mapping[str, str]) -> None:
    """Store replies, given as base64 by their digests. OSError if they cannot be written."""
    for digest, content in answers.items():
        if store.blob(lesson, f"{FOLDER}/{digest}") is None:
            store.keep_blob(lesson, f"{FOLDER}/{digest}", base64.b64decode(content))


def kept_answer(store: AttemptStore, lesson: str, digest: str) -> WrongAnswer | None:
    """Answer with this digest. None if its file is missing or damaged: it is then equal to no other."""
    content = store.blob(lesson, f"{FOLDER}/{digest}")
    if content is None:
        return None
    try:
        return WrongAnswer.from_bytes(content)
    except ValueError:
        return None
