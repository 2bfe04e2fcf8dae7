"""What an answer key may contain: results of public checks for the public seed, and hints of known misconceptions.

The results are those of the reference and of misconceptions. Their code, hidden checks and right answers written
differently stay private, with their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from blindgrade.engine.answers import packing
from blindgrade.engine.answers.answer_key import KEY_SEED, recorded_given, recorded_hints
from blindgrade.engine.answers.given import LENGTH
from blindgrade.engine.answers.slices import SliceError, Slicer
from blindgrade.engine.wire import frames
from blindgrade.lesson_files import LessonFiles
from blindgrade.release.scan.private_matter import PrivateMatter

FIELDS = {"schema", "seed", "lesson", "counts", "hints", "checks"}
ENTRY = {"digest", "reply", "wrong", "given"}
GIVEN = re.compile(rf"[*]?[A-Za-z_]\w*(\[\])?:[0-9a-f]{{{2 * LENGTH}}}")  # an argument's name and a digest


@dataclass(frozen=True)
class KeyFault:
    """Something that an answer key must not contain. `at` is the name of the field where it is."""

    at: str
    what: str


def key_faults(private: PrivateMatter, key: dict[str, Any]) -> Iterator[KeyFault]:
    """Entries of the key that are not what a key may contain."""
    for name in sorted(key.keys() - FIELDS):
        yield KeyFault(name, f"the field {name}, which an answer key does not have")
    if key.get("seed") != KEY_SEED:
        yield KeyFault("seed", f"results for another seed than the public one ({KEY_SEED})")
    lesson = str(key.get("lesson"))
    yield from _hint_faults(private, lesson, key)
    public = private.public_names.get(lesson, {})
    digests = _digests(private, lesson)
    for name, entry in _checks(key).items():
        if name not in public:
            yield KeyFault(name, f"the result of {name}, which is no public check of {lesson}")
        elif entry.get("digest") != digests.get(name):
            yield KeyFault(name, f"a result of {name} that belongs to another check; run `course build`")
        for more in sorted(entry.keys() - ENTRY):
            yield KeyFault(name, f"in the result of {name}: the field {more}, which an answer key does not have")
        if not all(map(GIVEN.fullmatch, _given(entry))):
            yield KeyFault(name, f"in the result of {name}: arguments that are no digests; run `course build`")
        names = _names(entry)
        if names is None:
            yield KeyFault(name, f"a result of {name} that cannot be read; run `course build`")
        known = private.hints.get(lesson, {}).get(public.get(name, ""), {})
        for wrong in names or []:
            if wrong not in known:
                yield KeyFault(name, f"in the result of {name}: {wrong}, which is no misconception of its exercise")


def key_texts(key: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text in the key's packed parts, with the name of its field."""
    for exercise, hints in _hints(key).items():
        for name, hint in hints.items():
            yield from (("hints", text) for text in (exercise, name, hint))
    for name, entry in _checks(key).items():
        for packed, shared in _packed(entry):
            yield from ((name, text) for text in _strings(packed, shared))
        yield from ((name, text.partition(":")[0]) for text in _given(entry))


def _hint_faults(private: PrivateMatter, lesson: str, key: dict[str, Any]) -> Iterator[KeyFault]:
    known = private.hints.get(lesson, {})
    for exercise, hints in _hints(key).items():
        for name, hint in hints.items():
            if known.get(exercise, {}).get(name) != hint:
                yield KeyFault(
                    "hints", f"a hint of {exercise}/{name} that is not the misconception's; run `course build`"
                )


def _hints(key: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Hints of the key. Hints that cannot be read are one text."""
    try:
        return recorded_hints(key)
    except (AttributeError, KeyError, TypeError, ValueError):
        return {"": {"": str(key.get("hints", ""))}}


def _checks(key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    checks = key.get("checks")
    found = checks if isinstance(checks, dict) else {}
    return {str(name): entry if isinstance(entry, dict) else {"reply": str(entry)} for name, entry in found.items()}


def _packed(entry: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Packed texts of an entry, each with the bytes that it shares."""
    reply = str(entry.get("reply") or "")
    yield reply, b""
    try:
        shared = packing.raw(reply) if reply else b""
    except ValueError:
        shared = b""
    yield str(entry.get("wrong") or ""), shared
    yield from ((str(entry[more]), b"") for more in entry.keys() - ENTRY)


def _given(entry: dict[str, Any]) -> list[str]:
    """Each argument of an entry: its name, a colon and its digest. What cannot be read is one text."""
    try:
        return [f"{name}:{digest}" for digest, name in recorded_given(entry).items()]
    except (AttributeError, TypeError, ValueError):
        return [str(entry["given"])]


def _names(entry: dict[str, Any]) -> list[str] | None:
    """Names of the misconceptions in an entry; None if a part of it cannot be read."""
    [(reply, _), (wrong, shared), *_] = _packed(entry)
    try:
        own = frames.unpack(packing.raw(reply)) if reply else {}
        found = frames.unpack(packing.raw(wrong, shared)) if wrong else {}
    except (ValueError, frames.WireError):
        return None
    return [str(name) for name in found] if isinstance(found, dict) and isinstance(own, dict) else None


def _strings(packed: str, shared: bytes) -> Iterator[str]:
    """Every string in a packed value. A text that cannot be unpacked is one string."""
    try:
        waiting = [frames.unpack(packing.raw(packed, shared))] if packed else []
    except (ValueError, frames.WireError):
        waiting = [packed]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value


def _digests(private: PrivateMatter, lesson: str) -> dict[str, str]:
    entry = next((e for e in private.catalog.entries if e.id == lesson), None)
    if entry is None:
        return {}
    files = LessonFiles(private.catalog.root, entry)
    try:
        slicer = Slicer(files.public_checks, files.grader_toys)
        return {name: slicer.digest([name]) for name in private.public_names.get(lesson, {})}
    except (SliceError, OSError):
        return {}
