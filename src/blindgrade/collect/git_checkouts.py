"""Source: a folder of git checkouts or bare clones, one for each student."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from blindgrade import clock
from blindgrade.collect.copy_in import TooMuch
from blindgrade.collect.current import lessons_of
from blindgrade.collect.git_history import Commit, History, Unreadable, history
from blindgrade.collect.source_item import Asked, Listing, SourceItem
from blindgrade.engine.submission.archives import SUFFIXES
from blindgrade.roster.people import Identifier


def checkouts(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Listing of a folder with a repository for each student; None if no folder has one."""
    folders = {path: git for path in entries if (git := _git_of(path)) is not None}
    if not folders:
        return None
    listing = Listing("git", refused=[(p.name, "it is no git checkout") for p in entries if p not in folders])
    for path, git in folders.items():
        name = path.name.removesuffix(".git") if git == path else path.name
        try:
            with history(git) as commits:
                _add(_Student(name, path, git, asked, listing), commits)
        except Unreadable as error:
            taken = git != path and asked.before is None and asked.due is None
            if taken:  # the files are there, only their time is not
                listing.items.append(_item(name, (("", path),), unclear=str(error)))
            else:
                listing.refused.append((name, str(error)))
    return listing


def _git_of(path: Path) -> Path | None:
    """Folder with the repository's objects: .git of a checkout, or the bare clone itself."""
    if path.is_symlink() or not path.is_dir():
        return None
    if (path / ".git").exists():
        return path / ".git"
    return path if (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir() else None


class _Student:
    """One student's repository, and what is asked for."""

    def __init__(self, name: str, path: Path, git: Path, asked: Asked, listing: Listing) -> None:
        self.name, self.path, self.git, self.asked, self.listing = name, path, git, asked, listing

    def take(self, commits: History, commit: Commit, lessons: set[str] | None, notes: tuple[str, ...]) -> None:
        """Take a commit's files out of the repository. `lessons` are the folders of the lessons to take, None for all.

        Files that belong to no lesson come with every lesson.
        """
        place = self.asked.scratch / f"{len(list(self.asked.scratch.iterdir()))}"
        try:
            tree = commits.tree(commit)
            of = lessons_of(tree.files, self.asked.lessons)
            files = {n: f for n, f in tree.files.items() if lessons is None or of[n] is None or of[n] in lessons}
            left = [*tree.notes, *commits.write(files, place)]
        except TooMuch as error:
            self.listing.refused.append((self.name, str(error)))
            return
        self.listing.refused += [(self.name, note) for note in left]
        notes = (f"commit {commit.name}", *notes)
        self.listing.items.append(_item(self.name, (("", place),), clock.utc(commit.at), notes=notes))


def _item(
    name: str, entries: tuple[tuple[str, Path], ...], at: str | None = None, unclear: str = "",
    notes: tuple[str, ...] = (),
) -> SourceItem:  # fmt: skip
    return SourceItem(
        name, (Identifier("any", name),), name, entries, submitted_at=at, clock="commit" if at else "", notes=notes,
        unclear=unclear,
    )  # fmt: skip


def _add(student: _Student, commits: History) -> None:
    asked, head = student.asked, commits.head
    if asked.before is not None:
        commit = commits.before(asked.before)
        if commit is None:
            student.listing.refused.append((student.name, f"it has no commit until {clock.utc(asked.before)}"))
        else:
            student.take(commits, commit, None, _later(commits, asked.before, "that time"))
    elif asked.due is not None:
        _at_deadlines(student, commits, asked.due)
    elif student.git == student.path:
        student.take(commits, head, None, ())
    else:
        files = (("", student.path),)
        student.listing.items.append(_item(student.name, files, clock.utc(head.at), notes=(f"commit {head.name}",)))


def _at_deadlines(student: _Student, commits: History, due: Mapping[str, datetime]) -> None:
    """Take each lesson from the last commit before it is due, and lessons without a due date from HEAD."""
    lessons = student.asked.lessons
    head = commits.tree(commits.head)
    handed_in = {lesson for lesson in lessons_of(head.files, lessons).values() if lesson is not None}
    for name in head.files:
        if name.lower().endswith(SUFFIXES):
            student.listing.refused.append((student.name, f"{name[:200]!a} is an archive; collect it with --before"))
    chosen: dict[Commit, set[str]] = {}
    for lesson in lessons.ids:
        if lesson not in due:
            if lesson in handed_in:
                chosen.setdefault(commits.head, set()).add(lesson)
            continue
        commit = commits.before(due[lesson])
        if commit is not None:
            chosen.setdefault(commit, set()).add(lesson)
        elif lesson in handed_in:
            why = f"it has no commit before {lessons.ids[lesson]} was due ({clock.utc(due[lesson])})"
            student.listing.refused.append((student.name, why))
    for commit, wanted in chosen.items():
        of = set(lessons_of(commits.tree(commit).files, lessons).values())
        for lesson in sorted(wanted & handed_in - of):
            why = f"its files of {lessons.ids[lesson]} are all from after the due date ({clock.utc(due[lesson])})"
            student.listing.refused.append((student.name, why))
        if wanted & of:
            ends = [due[lesson] for lesson in wanted & of & due.keys()]
            student.take(commits, commit, wanted, _later(commits, min(ends), "the due date") if ends else ())


def _later(commits: History, time: datetime, what: str) -> tuple[str, ...]:
    count = commits.after(time)
    return (f"{count} commit{'s' if count > 1 else ''} after {what} did not count",) if count else ()
