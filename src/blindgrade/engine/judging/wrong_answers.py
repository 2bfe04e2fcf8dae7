"""Wrong answers that no misconception explains: their replies, compared with each other and kept as bytes.

Two answers are equal if they fail the same checks and reply the same to every check of the exercise, within the check's
tolerance.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blindgrade.checks import Check
from blindgrade.engine.judging.diagnosis import Seen
from blindgrade.engine.judging.judging import same
from blindgrade.engine.judging.unexplained import is_unexplained
from blindgrade.engine.wire import frames, replies
from blindgrade.engine.wire.replies import Answer, Raised, Result
from blindgrade.models import Exercise, ExerciseResult, Outcome

LONGEST = 1 << 20  # bytes of an answer's replies that are kept; equal answers beyond it are equal to the bit
DIGEST = 24  # characters


@dataclass(frozen=True)
class WrongAnswer:
    """Replies of an answer by the names of the checks, and the checks that failed.

    An exception has its type alone: its message and lines belong to one student's file, and no comparison needs them.
    """

    replies: Mapping[str, Answer]
    failed: frozenset[str]

    @property
    def digest(self) -> str:
        """Digest that equal bits share."""
        whole = hashlib.sha256(json.dumps(sorted(self.failed)).encode())
        for name, frame in self.written.items():
            whole.update(f"{name}:{len(frame)};".encode() + frame)
        return whole.hexdigest()[:DIGEST]

    def to_bytes(self) -> bytes:
        """The answer as packed bytes."""
        sizes = {name: len(frame) for name, frame in self.written.items()}
        head = json.dumps({"failed": sorted(self.failed), "sizes": sizes}).encode()
        return zlib.compress(head + b"\n" + b"".join(self.written.values()))

    @classmethod
    def from_bytes(cls, content: bytes) -> WrongAnswer:
        """Inverse of `to_bytes`. ValueError if the bytes are damaged."""
        try:
            head, _, body = zlib.decompress(content).partition(b"\n")
            data = json.loads(head)
            found: dict[str, Answer] = {}
            start = 0
            for name, size in data["sizes"].items():
                found[name] = replies.read(body[start : start + size])
                start += size
            return cls(found, frozenset(data["failed"]))
        except (zlib.error, frames.WireError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the kept replies are damaged ({error})") from None

    @cached_property
    def written(self) -> dict[str, bytes]:
        """Frames of the replies, by the names of the checks in their order."""
        return {name: frames.encode(replies.sent(reply)) for name, reply in sorted(self.replies.items())}


def plain(reply: Answer) -> Answer | None:
    """The part of a reply that a comparison needs. None if a reply of this kind equals no other."""
    if isinstance(reply, Raised):
        return Raised(reply.type, "")
    return Result(reply.value) if isinstance(reply, Result) else None


def wrong_answer(seen: Mapping[str, Any], failed: frozenset[str]) -> WrongAnswer | None:
    """Answer with these replies. None if it gives no evidence.

    There is none if a check has no reply that can be compared, or if no failed check has a result: equal exceptions
    alone say nothing about what a student thinks.
    """
    found = {name: plain(reply) for name, reply in seen.items()}
    if any(reply is None for reply in found.values()):
        return None
    if not any(isinstance(found.get(name), Result) for name in failed):
        return None
    return WrongAnswer({name: reply for name, reply in found.items() if reply is not None}, failed)


def equal(checks: Mapping[str, Check], one: WrongAnswer, other: WrongAnswer) -> bool:
    """Whether two answers fail the same checks and reply the same to every check, within its tolerance."""
    if (
        one.failed != other.failed
        or one.replies.keys() != other.replies.keys()
        or not one.replies.keys() <= set(checks)
    ):
        return False
    # A failed check tells most answers apart.
    order = sorted(one.replies, key=lambda name: name not in one.failed)
    return all(same(checks[name], one.replies[name], other.replies[name]) for name in order)


def failed_checks(result: ExerciseResult) -> frozenset[str]:
    """Names of the failed checks."""
    return frozenset(check.name for check in result.checks if check.outcome is Outcome.FAILED)


@dataclass
class CollectedReplies:
    """Replies of submissions while they are graded, by lesson and exercise."""

    _seen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def add(self, lesson: str, seen: Seen) -> None:
        """Collect the reply of one check."""
        self._seen.setdefault((lesson, seen.check.exercise), {})[seen.check.name] = seen.reply

    def unexplained(self, lesson: str, exercise: Exercise, result: ExerciseResult) -> WrongAnswer | None:
        """The answer, if it is wrong, nothing explains it and its replies can be compared."""
        if not is_unexplained(exercise, result):
            return None
        seen = self._seen.get((lesson, exercise.name), {})
        if seen.keys() != {check.name for check in result.checks}:
            return None
        return wrong_answer(seen, failed_checks(result))
