"""Reading of a submission: from the path that the user names to the files for each lesson's worker."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import stat
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from blindgrade.catalog import LessonFiles
from blindgrade.engine.submission import archives, notebook, versions
from blindgrade.engine.submission.answers import bindings, parsed, place_in, written_above
from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.files import MAX_NOTEBOOK, MAX_PYTHON, MIB, Unreadable, decode, read_bytes
from blindgrade.engine.submission.helpers import add_helpers
from blindgrade.engine.submission.lines import LineMap, as_it_is, trace_of
from blindgrade.engine.submission.script import read_script
from blindgrade.engine.submission.statements import IMPORTS, binds
from blindgrade.engine.wire.replies import Raised, Reply, TraceLine
from blindgrade.places import Frame, Place

MAX_PROBLEMS = 20
DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)

Graded = frozenset[str] | None  # names that a lesson's exercises define; None if they are not known


class SubmissionError(Exception):
    """The submission cannot be read. The message names the path and says what to do."""


@dataclass(frozen=True)
class LessonSubmission:
    """Files for one lesson's worker. Names in `files` are relative to its box, with `/` between the parts.

    `path` is the submission as the user named it. `file` is the lesson's file in the box. `sha256` covers `files`. If
    the lesson's file cannot be read, `unreadable` says why, and there are no files. `graded` are the names that the
    exercises define.
    """

    path: str
    sha256: str
    file: str
    text: str
    files: dict[str, bytes]
    lines: LineMap
    problems: list[str]
    unreadable: str = ""
    graded: Graded = None
    released: tuple[Path, ...] = ()  # files that have the lesson's stub

    def trace(self, reply: Reply) -> tuple[Frame, ...]:
        """Frames of an exception, in places that the student knows."""
        return trace_of(reply, self._place)

    def _place(self, line: TraceLine) -> Place:
        return self.lines.where(line.line) if line.file == self.file else as_it_is(line)

    def definition(self, name: str) -> Place | None:
        """Place where the student defines the name last, shown if no line is to blame. None if there is none."""
        if found := bindings(parsed(self.text), name):
            return self.lines.where(place_in(found[-1], name))
        # The file does not parse as a whole.
        matches = list(re.finditer(rf"^(?:async +)?(?:def|class) +{name}\b", self.text, re.MULTILINE))
        return self.lines.where(self.text.count("\n", 0, matches[-1].start()) + 1) if matches else None

    def dependants(self, line: int) -> list[str]:
        """Names of exercises whose functions may read what the statement at this line makes."""
        nodes = parsed(self.text)
        at = next((node for node in nodes if node.lineno <= line <= (node.end_lineno or node.lineno)), None)
        return Program(nodes, self.graded).dependants(at) if at is not None else []

    def left_over(self, reply: Raised) -> bool:
        """Whether the reply is a `raise NotImplementedError` of the stub that was left below written code."""
        return (
            reply.type == "NotImplementedError"
            and reply.own
            and bool(reply.frames)
            and reply.frames[-1].file == self.file
            and written_above(self.text, reply.frames[-1].line, stub_texts(self.released))
        )


def stub_texts(files: Iterable[Path]) -> list[str]:
    """Texts of the released stub. A file that cannot be read has none."""
    found = []
    for file in files:
        with suppress(Unreadable):
            found.append(decode(read_bytes(file, MAX_PYTHON))[0])
    return found


@dataclass(frozen=True)
class _Source:
    """Lesson's file after reading: its text, and bytes that Python imports as this text."""

    text: str
    content: bytes
    lines: LineMap
    problems: list[str] = field(default_factory=list)


def read_submission(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    """Files of the submission for each target lesson, by the lesson's id. None for a lesson without a file.

    `path` is a .py or .ipynb file, a lesson's folder, a folder with lesson folders (or with `exercises/`), or an
    archive of such a folder. `defined` has the names that each lesson's exercises define. With them, a single file with
    another name finds its lesson. SubmissionError if nothing can be read.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise SubmissionError(
            f"{path} does not exist or cannot be opened; name a .py or .ipynb file or a folder"
        ) from None
    if stat.S_ISDIR(mode):
        return _read_folder(path, targets, defined)
    if archives.is_archive(path):
        return _read_archive(path, targets, defined)
    if path.suffix not in (".py", ".ipynb"):
        raise SubmissionError(
            f"{path} is not a Python file, notebook, archive or folder; name a .py, .ipynb or .zip file or a folder"
        )
    found: dict[str, LessonSubmission | None] = {target.entry.id: None for target in targets}
    # The user named this file, so a link to it is followed. Links inside a folder are not followed.
    owner = next((one for one in targets if path.stem == one.module or len(targets) == 1), None)
    if owner is None:
        every = frozenset(name for names in defined.values() for name in names)
        owner = _owner(_read_source(path.resolve(), path, every).text, targets, defined)
    if owner is not None:
        graded = _graded(owner, defined)
        source = _read_source(path.resolve(), path, graded)
        # Only a lesson's own folder is known to contain helpers. Beside another file there may be anything.
        folder = path.resolve().parent if path.resolve().parent.name == owner.folder else None
        found[owner.entry.id] = _assemble(path, owner, source, folder, list(source.problems), graded)
    return found


def _graded(target: LessonFiles, defined: dict[str, set[str]]) -> Graded:
    names = defined.get(target.entry.id)
    return frozenset(names) if names else None


def _read_folder(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    lessons = {target.entry.id: _one_of_many(path, target, _graded(target, defined)) for target in targets}
    given = [one for one in lessons.values() if one is not None]
    if given and all(one.unreadable for one in given):
        raise SubmissionError(given[0].unreadable)
    return lessons


def _read_archive(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    try:
        with archives.unpacked(path) as (folder, notes):
            lessons = _read_folder(folder, targets, defined)
    except archives.ArchiveError as error:
        raise SubmissionError(f"{path} {error}") from None
    more = [f"there are {len(notes) - MAX_PROBLEMS} more files like these"] if len(notes) > MAX_PROBLEMS else []
    noted = [*notes[:MAX_PROBLEMS], *more]
    return {
        lesson: replace(found, path=str(path), problems=[*found.problems, *noted]) if found else None
        for lesson, found in lessons.items()
    }


def _one_of_many(path: Path, target: LessonFiles, graded: Graded) -> LessonSubmission | None:
    """One lesson of a folder. If its file cannot be read, the other lessons are still graded."""
    try:
        return _from_folder(path, target, graded)
    except SubmissionError as error:
        file = f"{target.module}.py"
        text = str(error).replace(f"{path}/", "")  # an attempt must not name a path of the grading machine
        return LessonSubmission(str(path), "", file, "", {}, LineMap(file), [], unreadable=text)


def _owner(text: str, targets: list[LessonFiles], defined: dict[str, set[str]]) -> LessonFiles | None:
    """Lesson that a single file of another name answers, found by the names that it defines."""
    names = _defined_names(text)
    scores = {target.entry.id: len(names & defined.get(target.entry.id, set())) for target in targets}
    best = max(targets, key=lambda target: scores[target.entry.id], default=None)
    return best if best is not None and scores[best.entry.id] else None


def _defined_names(text: str) -> set[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(DEFINITION.findall(text))
    return {name for node in body if not isinstance(node, IMPORTS) for name in binds(node)[0]}


def _from_folder(path: Path, target: LessonFiles, graded: Graded) -> LessonSubmission | None:
    for folder in (path / target.folder, path / "exercises" / target.folder, path):
        linked = [part for part in (folder.parent, folder) if path in part.parents and part.is_symlink()]
        if linked and os.path.lexists(folder):
            raise SubmissionError(f"{linked[0]} is a symbolic link; replace it with the folder itself")
        files = [folder / f"{target.module}{suffix}" for suffix in (".py", ".ipynb")]
        sources = [_read_source(file, file, graded) for file in files if os.path.lexists(file)]
        if sources:
            # A student who works in the notebook leaves the .py as an untouched stub, or the other way round.
            source = min(sources, key=lambda one: versions.unfinished(one.text))
            notes = versions.both_worked_in([(one.lines.file, one.text) for one in sources], source.lines.file, graded)
            return _assemble(path, target, source, folder, [*notes, *source.problems], graded)
    return None


def _assemble(
    path: Path, target: LessonFiles, source: _Source, folder: Path | None, problems: list[str], graded: Graded
) -> LessonSubmission:
    file = f"{target.module}.py"
    files = {file: source.content}
    problems += versions.several_definitions(source.text, source.lines.where, graded)
    if folder is not None:
        add_helpers(files, folder, file, problems)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems = [*problems[:MAX_PROBLEMS], f"there are {more} more problems like these; solve these first"]
    return LessonSubmission(
        str(path),
        _digest(files),
        file,
        source.text,
        files,
        source.lines,
        problems,
        graded=graded,
        released=target.stubs,
    )


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        label = name.encode("utf-8")
        # The lengths come first, so that two different sets of files never give the same bytes.
        digest.update(b"%d:%d:" % (len(label), len(content)) + label + content)
    return digest.hexdigest()


# ---------------------------------------------------------------- the lesson's own file


def _read_source(file: Path, shown: Path, graded: Graded) -> _Source:
    try:
        if shown.suffix == ".ipynb":
            return _read_notebook(file, shown.name, graded)
        data = read_bytes(file, MAX_PYTHON)
        text, content = decode(data)
        script = read_script(text, shown.name, graded)
        return _Source(script.text, content, LineMap(shown.name), script.problems)
    except Unreadable as error:
        raise SubmissionError(f"{shown} {error}") from None


def _read_notebook(file: Path, name: str, graded: Graded) -> _Source:
    try:
        parsed = notebook.read_notebook(read_bytes(file, MAX_NOTEBOOK), graded)
    except notebook.NotebookError as error:
        raise Unreadable(f"{error}; open it in Jupyter and save it again, or submit a .py file") from None
    content = parsed.text.encode("utf-8")
    if len(content) > MAX_PYTHON:
        raise Unreadable(f"contains more than {MAX_PYTHON // MIB} MiB of code; move data out of the cells")
    problems = [f"{name}: {problem}" for problem in parsed.problems]
    return _Source(parsed.text, content, LineMap(name, parsed.cells or ((1, 1),)), problems)
