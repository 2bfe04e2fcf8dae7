"""A lesson's file, read: its text, and what it defines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blindgrade.engine.submission import notebook, versions
from blindgrade.engine.submission.file_names import suffix_of
from blindgrade.engine.submission.files import (
    MAX_NOTEBOOK,
    MAX_PYTHON,
    MAX_WITH_OUTPUTS,
    MIB,
    Unreadable,
    decode,
    read_bytes,
)
from blindgrade.engine.submission.finding import Look
from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.outputs import without_outputs
from blindgrade.engine.submission.script import read_script
from blindgrade.engine.submission.statements import IMPORTS, binds, tree_of

DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)

Graded = frozenset[str] | None  # names that a lesson's exercises define; None if they are not known


@dataclass(frozen=True)
class Source:
    """Lesson's file after reading: its text, and bytes that Python imports as this text."""

    text: str
    content: bytes
    lines: LineMap
    problems: list[str] = field(default_factory=list)


def read_source(file: Path, name: str, graded: Graded) -> Source:
    """Script or notebook with the student's name for it: the statements that the graded names need.

    Unreadable says why it cannot be read.
    """
    if suffix_of(name) == ".ipynb":
        return _read_notebook(file, name, graded)
    text, content = decode(read_bytes(file, MAX_PYTHON))
    script = read_script(text, name, graded)
    return Source(script.text, content, LineMap(name), script.problems)


def fuller(sources: Sequence[Source]) -> Source:
    """Source with fewer unwritten exercises: who works in the notebook leaves the .py untouched, or the other way.

    A file without any code never counts before one with code. If two are alike, the .py counts.
    """
    return min(sources, key=lambda one: (*versions.unfinished(one.text), suffix_of(one.lines.file) != ".py"))


def defined_names(text: str) -> set[str]:
    """Names that a script defines, as far as they can be read without running it."""
    tree = tree_of(text)
    if tree is None:
        return set(DEFINITION.findall(text))
    return {name for node in tree.body if not isinstance(node, IMPORTS) for name in binds(node)[0]}


class Looking:
    """Looks into files, once into each. A file that cannot be read defines nothing."""

    def __init__(self, files: Mapping[str, Path], graded: Graded) -> None:
        self.files = files
        self.graded = graded  # of all lessons that the files may answer
        self._seen: dict[str, Look] = {}

    def __call__(self, name: str) -> Look:
        """What the file holds."""
        if name not in self._seen:
            try:
                source = read_source(self.files[name], PurePosixPath(name).name, self.graded)
            except Unreadable as error:
                self._seen[name] = Look(frozenset(), 0, str(error))
            else:
                unwritten = versions.unwritten_lines(source.text)
                digest = hashlib.sha256(source.content).hexdigest()
                self._seen[name] = Look(frozenset(defined_names(source.text)), unwritten, digest)
        return self._seen[name]


def _read_notebook(file: Path, name: str, graded: Graded) -> Source:
    try:
        parsed = notebook.read_notebook(_without_large_outputs(read_bytes(file, MAX_WITH_OUTPUTS)), graded)
    except notebook.NotebookError as error:
        raise Unreadable(f"{error}; open it in Jupyter and save it again, or submit a .py file") from None
    content = parsed.text.encode("utf-8")
    if len(content) > MAX_PYTHON:
        raise Unreadable(f"contains more than {MAX_PYTHON // MIB} MiB of code; move data out of the cells")
    problems = [f"{name}: {problem}" for problem in parsed.problems]
    return Source(parsed.text, content, LineMap(name, parsed.cells or ((1, 1),)), problems)


def _without_large_outputs(content: bytes) -> bytes:
    """The notebook, without its outputs if it is large. They are never graded, so they do not count."""
    if len(content) > MAX_NOTEBOOK:
        content = without_outputs(content)
    if len(content) > MAX_NOTEBOOK:
        raise Unreadable(f"is larger than {MAX_NOTEBOOK // MIB} MiB without its outputs; make it smaller")
    return content
