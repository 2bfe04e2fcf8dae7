"""The scan of a release for leaks: private text, code with a private shape, also inside archives.

It finds what was left in or copied by mistake, even if it was renamed, reformatted or commented. It cannot find what
somebody hides on purpose (an answer written as a riddle, or as another program). It ignores a line that is so short
that any program could contain it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.answer_key import KEY_SCHEMA
from blindgrade.release.scan import shapes
from blindgrade.release.scan.answer_keys import key_faults, key_texts
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
        for fault in key_faults(private, data):
            yield Leak(text.name, _line(text, json.dumps(fault.at)), fault.what)
        for at, found in key_texts(data):
            for leak in (*_lines(private, Opened(text.name, found)), *_words(private, Opened(text.name, found))):
                yield Leak(text.name, _line(text, json.dumps(at)), f"in the entry {at}: {leak.what}", leak.place)


def _line(text: Opened, needle: str) -> str:
    return str(text.text.count("\n", 0, max(text.text.find(needle), 0)) + 1)
