"""Reading of a submission: from the path that the user names to the files for each lesson's worker."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from blindgrade.engine.submission import archives, versions
from blindgrade.engine.submission.answers import bindings, parsed, place_in, written_above
from blindgrade.engine.submission.archives import MAX_ENTRIES
from blindgrade.engine.submission.broken import UNREAD, readable
from blindgrade.engine.submission.calls import names_used
from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.file_names import SUFFIXES, Kind, named, stem_of, suffix_of
from blindgrade.engine.submission.files import MAX_PYTHON, Unreadable, decode, read_bytes
from blindgrade.engine.submission.finding import Wanted, find, passed_over
from blindgrade.engine.submission.helpers import add_helpers
from blindgrade.engine.submission.lesson_source import Graded, Looking, Source, defined_names, fuller, read_source
from blindgrade.engine.submission.lines import LineMap, as_it_is, trace_of
from blindgrade.engine.submission.tree import Tree, opened_tree, size_of
from blindgrade.engine.wire.replies import Raised, Reply, TraceLine
from blindgrade.lesson_files import LessonFiles
from blindgrade.places import Frame, Place

MAX_PROBLEMS = 20


class SubmissionError(Exception):
    """The submission cannot be read. The message names the path and says what to do."""


@dataclass(frozen=True)
class LessonSubmission:
    """Files for one lesson's worker. Names in `files` are relative to its box, with `/` between the parts.

    `path` is the submission as the user named it. `file` is the lesson's file in the box. `sha256` covers `files`. If
    the lesson's file cannot be read, `unreadable` says why, and there are no files. `to_run` is the text without the
    parts that Python cannot read, `unread` has the reasons of the definitions in these parts. If no definition is left,
    `empty` says why. `graded` are the names that the exercises define.
    """

    path: str
    sha256: str
    file: str
    text: str
    files: dict[str, bytes]
    lines: LineMap
    problems: list[str]
    unreadable: str = ""
    readable: str | None = None  # None: the whole text
    unread: dict[str, str] = field(default_factory=dict)
    empty: str = ""
    graded: Graded = None
    released: tuple[Path, ...] = ()  # files that have the lesson's stub

    @property
    def to_run(self) -> str:
        """Text that a worker loads."""
        return self.text if self.readable is None else self.readable

    def trace(self, reply: Reply) -> tuple[Frame, ...]:
        """Frames of an exception, in places that the student knows."""
        return trace_of(reply, self.place)

    def place(self, line: TraceLine) -> Place:
        """Place of a line that ran, as the student knows it."""
        return self.lines.where(line.line) if self._is_own(line) else as_it_is(line)

    def _is_own(self, line: TraceLine) -> bool:
        # With --debug the file has the student's own name.
        return line.file in (self.file, self.lines.file)

    def names_used(self, name: str) -> set[str] | None:
        """Names of the file that the definition of `name` uses; None if the text does not show it."""
        helpers = {file.split("/")[0].removesuffix(".py") for file in self.files if file.endswith(".py")}
        return names_used(self.to_run, name, {"", *helpers})

    def definition(self, name: str) -> Place | None:
        """Place where the student defines the name last, shown if no line is to blame. None if there is none."""
        found = bindings(parsed(self.to_run), name) if name not in self.unread else []
        if found:
            return self.lines.where(place_in(found[-1], name))
        # Python cannot read this definition.
        matches = list(re.finditer(rf"^(?:async +)?(?:def|class) +{name}\b", self.text, re.MULTILINE))
        return self.lines.where(self.text.count("\n", 0, matches[-1].start()) + 1) if matches else None

    def dependants(self, line: int) -> list[str]:
        """Names of exercises whose functions may read what the statement at this line makes."""
        nodes = parsed(self.to_run)
        at = next((node for node in nodes if node.lineno <= line <= (node.end_lineno or node.lineno)), None)
        return Program(nodes, self.graded).dependants(at) if at is not None else []

    def left_over(self, reply: Raised) -> bool:
        """Whether the reply is a `raise NotImplementedError` of the stub that was left below written code."""
        return (
            reply.type == "NotImplementedError"
            and reply.own
            and bool(reply.frames)
            and self._is_own(reply.frames[-1])
            and written_above(self.to_run, reply.frames[-1].line, stub_texts(self.released))
        )


def stub_texts(files: Iterable[Path]) -> list[str]:
    """Texts of the released stub. A file that cannot be read has none."""
    found = []
    for file in files:
        with suppress(Unreadable):
            found.append(decode(read_bytes(file, MAX_PYTHON))[0])
    return found


def read_submission(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    """Files of the submission for each target lesson, by the lesson's id. None for a lesson without a file.

    `path` is a .py or .ipynb file, a folder, or an archive. In a folder, a lesson's file is in the lesson's folder, in
    `exercises/` or in the folder itself; otherwise it is looked for everywhere, also in archives and under other names.
    `defined` has the names that each lesson's exercises define. SubmissionError if nothing can be read.
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
    if reason := archives.unknown_archive(path.name):
        raise SubmissionError(f"{path} cannot be opened: {reason}")
    if not suffix_of(path.name):
        raise SubmissionError(
            f"{path} is not a Python file, notebook, archive or folder; name a .py, .ipynb or .zip file or a folder"
        )
    return _read_file(path, targets, defined)


def _read_file(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    found: dict[str, LessonSubmission | None] = {target.entry.id: None for target in targets}
    # The user named this file, so a link to it is followed. Links inside a folder are not followed.
    every = _every(defined)
    source = _read(path.resolve(), path, every)
    names = defined_names(source.text)
    owner = _owner(path.name, names, targets, defined)
    if owner is not None:
        wanted = defined.get(owner.entry.id, set())
        if (graded := frozenset(wanted) or None) != every:
            source = _read(path.resolve(), path, graded)  # what other lessons' exercises need does not run
        # Only a lesson's own folder is known to contain helpers. Beside another file there may be anything.
        folder = path.resolve().parent if path.resolve().parent.name == owner.folder else None
        problems = list(source.problems)
        if wanted and not names & wanted and stem_of(path.name) != owner.module:
            own = f"the lesson's own file is {owner.module}.py or {owner.module}.ipynb"
            problems.append(f"{path.name} defines no exercise of {owner.entry.id}; {own}")
        found[owner.entry.id] = _assemble(path, owner, source, folder, problems, graded)
    return found


def _every(defined: dict[str, set[str]]) -> Graded:
    return frozenset(name for names in defined.values() for name in names) or None


def _read_folder(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]], room: int = archives.MAX_UNPACKED
) -> dict[str, LessonSubmission | None]:
    graded = {target.entry.id: frozenset(defined.get(target.entry.id, ())) or None for target in targets}
    lessons: dict[str, LessonSubmission | None] = {}
    for target in targets:
        search = partial(_from_folder, path, target, graded[target.entry.id])
        lessons[target.entry.id] = _one_of_many(path, target, search)
    missing = [target for target in targets if lessons[target.entry.id] is None]
    if missing:
        with opened_tree(path, room) as tree:
            look = Looking(tree.files, _every(defined))
            for target in missing:
                search = partial(_from_tree, path, target, tree, look, graded[target.entry.id])
                lessons[target.entry.id] = _one_of_many(path, target, search)
    given = [one for one in lessons.values() if one is not None]
    if given and all(one.unreadable for one in given):
        raise SubmissionError(given[0].unreadable)
    return lessons


def _read_archive(
    path: Path, targets: list[LessonFiles], defined: dict[str, set[str]]
) -> dict[str, LessonSubmission | None]:
    try:
        with archives.unpacked(path) as (folder, notes):
            room = max(archives.MAX_UNPACKED - size_of(folder), 0)
            lessons = _read_folder(folder, targets, defined, room)
    except archives.ArchiveError as error:
        raise SubmissionError(f"{path} {error}") from None
    noted = _some(notes)
    missing = [target for target in targets if lessons[target.entry.id] is None] if noted else []
    if len(missing) == len(targets):
        raise SubmissionError(f"{path} {_holds_none(missing[0])}: {'; '.join(noted)}")
    for target in missing:
        lessons[target.entry.id] = _unreadable(path, target, f"the archive {_holds_none(target)}: {'; '.join(noted)}")
    return {
        lesson: replace(found, path=str(path), problems=[*found.problems, *noted]) if found else None
        for lesson, found in lessons.items()
    }


def _some(notes: list[str]) -> list[str]:
    more = [f"there are {len(notes) - MAX_PROBLEMS} more files like these"] if len(notes) > MAX_PROBLEMS else []
    return [*notes[:MAX_PROBLEMS], *more]


def _holds_none(target: LessonFiles) -> str:
    return f"holds no file for {target.entry.id} ({target.module}.py or {target.module}.ipynb)"


def _one_of_many(
    path: Path, target: LessonFiles, read: Callable[[], LessonSubmission | None]
) -> LessonSubmission | None:
    """One lesson of a folder. If its file cannot be read, the other lessons are still graded."""
    try:
        return read()
    except SubmissionError as error:
        # An attempt must not name a path of the grading machine.
        return _unreadable(path, target, str(error).replace(f"{path}{os.sep}", ""))


def _unreadable(path: Path, target: LessonFiles, reason: str) -> LessonSubmission:
    file = f"{target.module}.py"
    return LessonSubmission(str(path), "", file, "", {}, LineMap(file), [], unreadable=reason)


def _owner(name: str, names: set[str], targets: list[LessonFiles], defined: dict[str, set[str]]) -> LessonFiles | None:
    """Lesson that a single file answers, found by the file's name or by the names that it defines."""
    if not targets:
        return None
    by_name = named(name, {module for target in targets for module in (target.module, *target.modules)})
    for target in targets:
        if by_name and by_name.module == target.module and by_name.kind is not Kind.LONGER:
            return target
    scores = {target.entry.id: len(names & defined.get(target.entry.id, set())) for target in targets}
    best = max(targets, key=lambda target: scores[target.entry.id])
    if scores[best.entry.id]:
        return best
    # Nobody knows better than the user, unless the file has another lesson's name.
    of_another = by_name is not None and by_name.module != targets[0].module
    return targets[0] if len(targets) == 1 and not of_another else None


def _from_folder(path: Path, target: LessonFiles, graded: Graded) -> LessonSubmission | None:
    """Lesson's file in one of its places, under its own name."""
    for folder in (path / target.folder, path / "exercises" / target.folder, path):
        linked = [part for part in (folder.parent, folder) if path in part.parents and part.is_symlink()]
        if linked and os.path.lexists(folder):
            raise SubmissionError(f"{linked[0]} is a symbolic link; replace it with the folder itself")
        files = [folder / f"{target.module}{suffix}" for suffix in SUFFIXES]
        sources = [_read(file, file, graded) for file in files if os.path.lexists(file)]
        if sources:
            source, notes = _fuller(sources, graded)
            problems = [*notes, *source.problems, *_copies(folder, target, source, graded)]
            return _assemble(path, target, source, folder, problems, graded)
    return None


def _fuller(sources: list[Source], graded: Graded) -> tuple[Source, list[str]]:
    """Source that counts, and the notes about the others."""
    source = fuller(sources)
    texts = [(one.lines.file, readable(one.text, one.lines).text) for one in sources] if len(sources) > 1 else []
    return source, versions.both_worked_in(texts, source.lines.file, graded)


def _copies(folder: Path, target: LessonFiles, source: Source, graded: Graded) -> list[str]:
    """Notes about copies of the lesson's file that are not graded."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry, _ in zip(entries, range(MAX_ENTRIES), strict=False) if suffix_of(entry.name)]
    files = {name: folder / name for name in sorted(names) if not (folder / name).is_symlink()}
    return passed_over(_wanted(target, frozenset()), source.lines.file, files, Looking(files, graded))


def _from_tree(path: Path, target: LessonFiles, tree: Tree, look: Looking, graded: Graded) -> LessonSubmission | None:
    """Lesson's file anywhere in the submission. SubmissionError if there are several, or if something was left out."""
    wanted = _wanted(target, graded or frozenset())
    choice = find(wanted, tree.files, target.modules, look)
    if choice.refused:
        raise SubmissionError(choice.refused)
    if not choice.names:
        if tree.notes:
            raise SubmissionError(f"the submission {_holds_none(target)}: {'; '.join(_some(tree.notes))}")
        return None
    source, notes = _fuller([_read(tree.files[name], Path(name), graded) for name in choice.names], graded)
    problems = [*notes, *source.problems, *choice.notes, *tree.notes]
    folder = tree.files[choice.names[0]].parent
    own = {PurePosixPath(name).name for name in (*choice.names, *choice.others)}
    return _assemble(path, target, source, folder, problems, graded, own)


def _wanted(target: LessonFiles, defined: Set[str]) -> Wanted:
    return Wanted(target.entry.id, target.folder, target.module, defined)


def _assemble(
    path: Path,
    target: LessonFiles,
    source: Source,
    folder: Path | None,
    problems: list[str],
    graded: Graded,
    own: Collection[str] = (),
) -> LessonSubmission:
    file = f"{target.module}.py"
    files = {file: source.content}
    found = readable(source.text, source.lines)
    empty = ""
    if found.empty:
        reason = next(iter(found.unread.values())).removeprefix(f"{UNREAD}: ")
        empty = f"no function or class of {source.lines.file} could be read: {reason}; correct it and grade again"
    twice = versions.several_definitions(found.text, source.lines.where, graded)
    problems = [*([empty] if empty else found.problems), *problems, *twice]
    if folder is not None:
        add_helpers(files, folder, {file, *own}, problems, target.shared.names)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems = [*problems[:MAX_PROBLEMS], f"there are {more} more problems like these; solve these first"]
    return LessonSubmission(
        str(path), _digest(files), file, source.text, files, source.lines, problems,
        readable=None if found.text == source.text else found.text,
        unread=found.unread,
        empty=empty,
        graded=graded,
        released=target.stubs,
    )  # fmt: skip


def _read(file: Path, shown: Path, graded: Graded) -> Source:
    try:
        return read_source(file, shown.name, graded)
    except Unreadable as error:
        raise SubmissionError(f"{shown} {error}") from None


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        label = name.encode("utf-8")
        # The lengths come first, so that two different sets of files never give the same bytes.
        digest.update(b"%d:%d:" % (len(label), len(content)) + label + content)
    return digest.hexdigest()
