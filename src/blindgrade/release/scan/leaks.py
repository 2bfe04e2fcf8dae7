"""The scan of a release for leaks: private text, code with a private shape, also inside archives.

It finds what was left in or copied by mistake, even if it was renamed, reformatted or commented. It cannot find what
somebody hides on purpose (an answer written as a riddle, or as another program). It ignores a line that is so short
that any program could contain it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.answer_key import KEY_SCHEMA, KEY_SEED
from blindgrade.engine.answers.slices import SliceError, Slicer
from blindgrade.engine.wire import frames
from blindgrade.lesson_files import LessonFiles
from blindgrade.release.scan import shapes
from blindgrade.release.scan.opening import CannotOpen, Opened, code_of, opened
from blindgrade.release.scan.pieces import squeezed
from blindgrade.release.scan.private_matter import NAME, Origin, PrivateMatter

SHOWN = 20
RECORDS = ("blindgrade/attempt/", "blindgrade/grading/")
NUMBER = re.compile(r"(?<![\d.])\d{7,}(?![\d.])")


@dataclass(frozen=True, order=True)
class Leak:
    """Something private in a file of the release. `line` is "12" or "cell 3, line 2", or empty for the whole file."""

    file: str
    line: str
    what: str
    place: str = ""

    def __str__(self) -> str:
        colon = ":" if self.line.isdigit() else ": " if self.line else ""
        return f"{self.file}{colon}{self.line}: {self.what}" + (f" ({self.place})" if self.place else "")


class LeakError(Exception):
    """The release contains something private. The message names each file and line."""

    def __init__(self, leaks: list[Leak]) -> None:
        self.leaks = leaks
        more = [f"  and {len(leaks) - SHOWN} more"] if len(leaks) > SHOWN else []
        listed = [f"  {leak}" for leak in leaks[:SHOWN]]
        super().__init__("\n".join([
            "the release contains something private, so nothing was written:", *listed, *more,
            "remove it from these files and release again (a generated file: correct its source, run `course build`);",
            "if a line is meant to be public, list it in graders/on_purpose.toml with its reason",
        ]))  # fmt: skip


def refuse_leaks(catalog: Catalog, files: dict[str, bytes]) -> None:
    """Raise LeakError if anything in `files` (relative path → content) is private."""
    leaks = find_leaks(PrivateMatter(catalog), files)
    if leaks:
        raise LeakError(leaks)


def find_leaks(private: PrivateMatter, files: dict[str, bytes]) -> list[Leak]:
    """Every leak, sorted by file and line."""
    found: set[Leak] = set()
    for name, content in files.items():
        try:
            for text in opened(name, content):
                found.update(_in_text(private, text))
        except CannotOpen as error:
            found.add(Leak(name, "", str(error).removeprefix(f"{name}: ")))
    return sorted(found, key=lambda leak: (leak.file, len(leak.line), leak.line, leak.what))


def _in_text(private: PrivateMatter, text: Opened) -> Iterator[Leak]:
    yield from _lines(private, text)
    yield from _words(private, text)
    yield from _shapes(private, text)
    if text.text.lstrip().startswith("{"):
        yield from _records(private, text)


def _lines(private: PrivateMatter, text: Opened) -> Iterator[Leak]:
    """Leaks of private lines, in code, a comment, a docstring, a string or a sentence."""
    parts = [squeezed(line) for line in text.text.split("\n")]
    whole = "".join(parts)
    ends = list(accumulate(map(len, parts)))
    allowed = _on_purpose(private, text.name)
    for at, line in private.lines_in(whole):
        if not any(line in one for one in allowed):
            origin = private.lines[line]
            yield Leak(text.name, str(bisect_right(ends, at) + 1), origin.what, origin.place)


def _words(private: PrivateMatter, text: Opened) -> Iterator[Leak]:
    """Leaks of paths, seeds and names of hidden checks."""
    for path, origin in private.paths.items():
        at = text.text.find(path)
        if at >= 0:
            yield _leak(text, at, f"{origin.what}, {path}", origin)
    for pattern, known in ((NUMBER, private.seeds), (NAME, private.hidden_names)):
        for match in pattern.finditer(text.text) if known else ():
            if match[0] in known:
                yield _leak(text, match.start(), known[match[0]].what, known[match[0]])


def _leak(text: Opened, at: int, what: str, origin: Origin) -> Leak:
    return Leak(text.name, str(text.text.count("\n", 0, at) + 1), what, origin.place)


def _shapes(private: PrivateMatter, text: Opened) -> Iterator[Leak]:
    """Leaks of private code with other names."""
    allowed = _on_purpose(private, text.name)
    for code in code_of(text.text):
        tree = shapes.parse(code.text)
        for shape, line in shapes.seen_in(tree, private.sizes) if tree else ():
            origin = private.shapes.get(shape)
            if origin is not None and squeezed(code.text.split("\n")[line - 1]) not in allowed:
                yield Leak(text.name, code.where(line), f"{origin.what}, perhaps under other names", origin.place)


def _on_purpose(private: PrivateMatter, name: str) -> set[str]:
    """Squeezed lines that the course allows in this file. A target may have moved the file into a folder."""
    return {squeezed(line) for p in private.on_purpose if p.names(name) for line in p.lines}


# ---------------------------------------------------------------- records: answer keys and attempts


def _records(private: PrivateMatter, text: Opened) -> Iterator[Leak]:
    try:
        data = json.loads(text.text)
    except (ValueError, RecursionError):
        return
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, str) and schema.startswith(RECORDS):
        yield Leak(text.name, "1", "the record of an attempt, with its seed")
    if schema == KEY_SCHEMA:
        yield from _answer_key(private, text, data)


def _answer_key(private: PrivateMatter, text: Opened, key: dict[str, Any]) -> Iterator[Leak]:
    """Leaks in an answer key. It may contain only results of public checks for the public seed."""
    if key.get("seed") != KEY_SEED:
        yield Leak(text.name, _line(text, '"seed"'), f"results for another seed than the public one ({KEY_SEED})")
    lesson = str(key.get("lesson"))
    public = private.public_names.get(lesson, set())
    digests = _digests(private, lesson, public)
    for name, entry in dict(key.get("checks") or {}).items():
        line = _line(text, json.dumps(name))
        if name not in public:
            yield Leak(text.name, line, f"the result of {name}, which is no public check of {lesson}")
        elif entry.get("digest") != digests.get(name):
            yield Leak(text.name, line, f"a result of {name} that belongs to another check; run `course build`")
        for found in _strings(entry.get("reply")):
            for leak in (*_lines(private, Opened(text.name, found)), *_words(private, Opened(text.name, found))):
                yield Leak(text.name, line, f"in the result of {name}: {leak.what}", leak.place)


def _digests(private: PrivateMatter, lesson: str, public: set[str]) -> dict[str, str]:
    entry = next((e for e in private.catalog.entries if e.id == lesson), None)
    if entry is None:
        return {}
    files = LessonFiles(private.catalog.root, entry)
    try:
        slicer = Slicer(files.public_checks, files.grader_toys)
        return {name: slicer.digest([name]) for name in public}
    except (SliceError, OSError):
        return {}


def _strings(reply: object) -> Iterator[str]:
    """Every string in a recorded reply. A reply that cannot be read is one string."""
    try:
        frame = base64.b64decode(str(reply or ""), validate=True)
        waiting = [frames.unpack(frame)] if frame else []
    except (binascii.Error, ValueError, frames.WireError):
        waiting = [str(reply)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value


def _line(text: Opened, needle: str) -> str:
    return str(text.text.count("\n", 0, max(text.text.find(needle), 0)) + 1)
