"""Reading of a submission: from the path that the user names to the files for each lesson's worker."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import stat
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

from blindgrade.catalog import LessonFiles
from blindgrade.engine.submission import archives, notebook
from blindgrade.engine.submission.files import MAX_NOTEBOOK, MAX_PYTHON, MIB, Unreadable, decode, read_bytes
from blindgrade.engine.submission.helpers import add_helpers
from blindgrade.engine.submission.lines import LineMap, as_it_is, trace_of
from blindgrade.engine.submission.statements import ASSIGNMENTS, DEFINITIONS, binds
from blindgrade.engine.wire.replies import Reply, TraceLine
from blindgrade.places import Frame, Place

MAX_PROBLEMS = 20
DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)


# The stub's line where the student writes. The stub's introduction has the same text inside a sentence, which does not
# match.
UNWRITTEN = re.compile(r"^\s*raise NotImplementedError", re.MULTILINE)


class SubmissionError(Exception):
    """The submission cannot be read. The message names the path and says what to do."""


@dataclass(frozen=True)
class LessonSubmission:
    """Files for one lesson's worker. Names in `files` are relative to its box, with `/` between the parts.

    `path` is the submission as the user named it. `file` is the lesson's file in the box. `sha256` covers `files`. If
    the lesson's file cannot be read, `unreadable` says why, and there are no files.
    """

    path: str
    sha256: str
    file: str
    text: str
    files: dict[str, bytes]
    lines: LineMap
    problems: list[str]
    unreadable: str = ""

    def trace(self, reply: Reply) -> tuple[Frame, ...]:
        """Frames of an exception, in places that the student knows."""
        return trace_of(reply, self._place)

    def _place(self, line: TraceLine) -> Place:
        return self.lines.where(line.line) if line.file == self.file else as_it_is(line)

    def definition(self, name: str) -> Place | None:
        """Place where the student defines the name, shown if no line is to blame. None if there is none."""
        found = re.search(rf"^(?:async +)?(?:def|class) +{name}\b", self.text, re.MULTILINE)
        return self.lines.where(self.text.count("\n", 0, found.start()) + 1) if found else None


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
        return _read_folder(path, targets)
    if archives.is_archive(path):
        return _read_archive(path, targets)
    if path.suffix not in (".py", ".ipynb"):
        raise SubmissionError(
            f"{path} is not a Python file, notebook, archive or folder; name a .py, .ipynb or .zip file or a folder"
        )
    found: dict[str, LessonSubmission | None] = {target.entry.id: None for target in targets}
    # The user named this file, so a link to it is followed. Links inside a folder are not followed.
    source = _read_source(path.resolve(), path)
    owner = _owner(path.stem, source.text, targets, defined)
    if owner is not None:
        # Only a lesson's own folder is known to contain helpers. Beside another file there may be anything.
        folder = path.resolve().parent if path.resolve().parent.name == owner.folder else None
        found[owner.entry.id] = _assemble(path, owner, source, folder, list(source.problems))
    return found


def _read_folder(path: Path, targets: list[LessonFiles]) -> dict[str, LessonSubmission | None]:
    lessons = {target.entry.id: _one_of_many(path, target) for target in targets}
    given = [one for one in lessons.values() if one is not None]
    if given and all(one.unreadable for one in given):
        raise SubmissionError(given[0].unreadable)
    return lessons


def _read_archive(path: Path, targets: list[LessonFiles]) -> dict[str, LessonSubmission | None]:
    try:
        with archives.unpacked(path) as (folder, notes):
            lessons = _read_folder(folder, targets)
    except archives.ArchiveError as error:
        raise SubmissionError(f"{path} {error}") from None
    more = [f"there are {len(notes) - MAX_PROBLEMS} more files like these"] if len(notes) > MAX_PROBLEMS else []
    noted = [*notes[:MAX_PROBLEMS], *more]
    return {
        lesson: replace(found, path=str(path), problems=[*found.problems, *noted]) if found else None
        for lesson, found in lessons.items()
    }


def _one_of_many(path: Path, target: LessonFiles) -> LessonSubmission | None:
    """One lesson of a folder. If its file cannot be read, the other lessons are still graded."""
    try:
        return _from_folder(path, target)
    except SubmissionError as error:
        file = f"{target.module}.py"
        text = str(error).replace(f"{path}/", "")  # an attempt must not name a path of the grading machine
        return LessonSubmission(str(path), "", file, "", {}, LineMap(file), [], unreadable=text)


def _owner(stem: str, text: str, targets: list[LessonFiles], defined: dict[str, set[str]]) -> LessonFiles | None:
    """Lesson that a single file answers, found by the file's name or by the names that it defines."""
    for target in targets:
        if stem == target.module or len(targets) == 1:
            return target
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
    kinds = (*DEFINITIONS, *ASSIGNMENTS, ast.If, ast.Try)
    return {name for node in body if isinstance(node, kinds) for name in binds(node)[0]}


def _from_folder(path: Path, target: LessonFiles) -> LessonSubmission | None:
    for folder in (path / target.folder, path / "exercises" / target.folder, path):
        linked = [part for part in (folder.parent, folder) if path in part.parents and part.is_symlink()]
        if linked and os.path.lexists(folder):
            raise SubmissionError(f"{linked[0]} is a symbolic link; replace it with the folder itself")
        files = [folder / f"{target.module}{suffix}" for suffix in (".py", ".ipynb")]
        sources = [_read_source(file, file) for file in files if os.path.lexists(file)]
        if sources:
            # A student who works in the notebook leaves the .py as an untouched stub, or the other way round.
            source = min(sources, key=lambda one: len(UNWRITTEN.findall(one.text)))
            return _assemble(path, target, source, folder, list(source.problems))
    return None


def _assemble(
    path: Path, target: LessonFiles, source: _Source, folder: Path | None, problems: list[str]
) -> LessonSubmission:
    file = f"{target.module}.py"
    files = {file: source.content}
    if folder is not None:
        add_helpers(files, folder, file, problems)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems = [*problems[:MAX_PROBLEMS], f"there are {more} more problems like these; solve these first"]
    return LessonSubmission(str(path), _digest(files), file, source.text, files, source.lines, problems)


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        label = name.encode("utf-8")
        # The lengths come first, so that two different sets of files never give the same bytes.
        digest.update(b"%d:%d:" % (len(label), len(content)) + label + content)
    return digest.hexdigest()


# ---------------------------------------------------------------- the lesson's own file


def _read_source(file: Path, shown: Path) -> _Source:
    try:
        if shown.suffix == ".ipynb":
            return _read_notebook(file, shown.name)
        data = read_bytes(file, MAX_PYTHON)
        text, content = decode(data)
        return _Source(notebook.without_pictures(text), content, LineMap(shown.name))
    except Unreadable as error:
        raise SubmissionError(f"{shown} {error}") from None


def _read_notebook(file: Path, name: str) -> _Source:
    try:
        parsed = notebook.read_notebook(read_bytes(file, MAX_NOTEBOOK))
    except notebook.NotebookError as error:
        raise Unreadable(f"{error}; open it in Jupyter and save it again, or submit a .py file") from None
    content = parsed.text.encode("utf-8")
    if len(content) > MAX_PYTHON:
        raise Unreadable(f"contains more than {MAX_PYTHON // MIB} MiB of code; move data out of the cells")
    problems = [f"{name}: {problem}" for problem in parsed.problems]
    return _Source(parsed.text, content, LineMap(name, parsed.cells or ((1, 1),)), problems)
