"""The history of a student's repository, read from its objects.

git reads only the objects, through a repository that we make: a student's .git may hold settings that run programs.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from blindgrade import clock
from blindgrade.collect.copy_in import TooMuch
from blindgrade.engine.submission.archives import MAX_ENTRIES, MAX_UNPACKED, MIB, refused_name

SECONDS = 60  # for one command of git
NAME = re.compile(r"[0-9a-f]{40,64}")


class Unreadable(Exception):
    """The repository cannot be read. The message says what to do."""


@dataclass(frozen=True)
class Commit:
    """A commit, and the time from which it can exist: no commit is older than those that it builds on."""

    name: str
    at: datetime


@dataclass
class Tree:
    """Files of a commit: names with the names of their contents and sizes, and a note for each that was left out."""

    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """Commits that HEAD builds on, from the oldest; HEAD is the last."""

    commits: list[Commit]
    _program: str
    _env: dict[str, str]

    @property
    def head(self) -> Commit:
        """The commit of HEAD."""
        return self.commits[-1]

    def before(self, time: datetime) -> Commit | None:
        """The last commit that is not later than this time."""
        found = [(one.at, n) for n, one in enumerate(self.commits) if one.at <= time]
        return self.commits[max(found)[1]] if found else None

    def after(self, time: datetime) -> int:
        """Number of commits that are later."""
        return sum(one.at > time for one in self.commits)

    def tree(self, commit: Commit) -> Tree:
        """Files of a commit. TooMuch if there are more than one submission may have."""
        listed = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit.name)
        tree = Tree()
        for entry in listed.split(b"\0")[:-1]:
            about, _, raw = entry.partition(b"\t")
            mode, _, content, size = about.split()
            name = os.fsdecode(raw)
            if mode not in (b"100644", b"100755", b"100664"):
                what = "a symbolic link" if mode == b"120000" else "another repository"
                tree.notes.append(f"{name[:200]!a} was left out: it is {what}")
            elif reason := refused_name(name):
                tree.notes.append(f"{name[:200]!a} was left out: {reason}")
            else:
                tree.files[name] = (content.decode(), int(size) if size.isdigit() else MAX_UNPACKED + 1)
        if len(tree.files) > MAX_ENTRIES:
            raise TooMuch(f"it holds more than {MAX_ENTRIES} files; ask the student for the lesson's files only")
        return tree

    def write(self, files: dict[str, tuple[str, int]], target: Path) -> list[str]:
        """Write these files of a tree into a new folder, byte by byte. Return notes about files that were left out."""
        if sum(size for _, size in files.values()) > MAX_UNPACKED:
            raise TooMuch(f"it holds more than {MAX_UNPACKED // MIB} MiB; ask the student for the lesson's files only")
        asked = b"".join(content.encode() + b"\n" for content, _ in files.values())
        answer = io.BytesIO(self._run("cat-file", "--batch", given=asked))
        notes = []
        target.mkdir(parents=True)
        for name in files:
            head = answer.readline().rstrip(b"\n")
            if not head.endswith(b" missing"):
                content = answer.read(int(head.split()[-1]))
                answer.read(1)  # the line end after the content
            else:
                notes.append(f"{name[:200]!a} is missing in this clone; clone the repository whole")
                continue
            place = target / PurePosixPath(name)
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with open(place, "xb") as out:
                    out.write(content)
            except OSError as error:
                notes.append(f"{name[:200]!a} was left out: it cannot be written here ({error.strerror})")
        return notes

    def _run(self, *command: str, given: bytes = b"") -> bytes:
        return _git(self._program, self._env, *command, given=given)


@contextmanager
def history(git: Path) -> Iterator[History]:
    """History of HEAD in a .git folder or a bare clone. Unreadable if there is none."""
    name = head_of(git)
    program = shutil.which("git")
    if program is None:
        raise Unreadable("git is not installed here; install it and collect again")
    if not name or git.is_symlink():
        raise Unreadable("its commit cannot be read; clone it again")
    if (git / "objects" / "info" / "alternates").exists():
        raise Unreadable("it borrows objects from another repository; clone it again, without --shared or --reference")
    with TemporaryDirectory(prefix="blindgrade-git-") as ours:
        env = {"PATH": os.environ.get("PATH", ""), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        _git(program, env, "init", "-q", "--bare", ours)
        shallow = [line for line in _short(git / "shallow", 1 << 20).splitlines() if NAME.fullmatch(line)]
        if shallow:
            Path(ours, "shallow").write_text("\n".join(shallow) + "\n", encoding="ascii")
        env |= {"GIT_DIR": ours, "GIT_OBJECT_DIRECTORY": str((git / "objects").resolve()), "GIT_NO_LAZY_FETCH": "1"}
        said = _git(program, env, "rev-list", "--topo-order", "--reverse", "--timestamp", "--parents", name)
        yield History(_commits(said.decode("ascii", "replace")), program, env)


def commit_of(git: Path) -> tuple[str | None, str]:
    """Time and name of the commit of HEAD; None and "" if they cannot be read."""
    try:
        with history(git) as found:
            return clock.utc(found.head.at), found.head.name
    except Unreadable:
        return None, head_of(git)


def _commits(listed: str) -> list[Commit]:
    """Commits with their times. A commit whose clock says less than its parents' has the latest time of its parents."""
    times: dict[str, int] = {}
    for line in listed.splitlines():
        at, name, *parents = line.split()
        times[name] = max([int(at), *(times.get(parent, 0) for parent in parents)])
    if not times:
        raise Unreadable("its commit cannot be read; clone it again")
    try:
        return [Commit(name, datetime.fromtimestamp(at, UTC)) for name, at in times.items()]
    except (ValueError, OverflowError, OSError):
        raise Unreadable("a commit has a time that cannot exist; ask the student") from None


def _git(program: str, env: dict[str, str], *command: str, given: bytes = b"") -> bytes:
    full = [program, "-c", f"safe.directory={env.get('GIT_DIR', '')}", *command]
    try:
        done = subprocess.run(full, env=env, check=True, capture_output=True, timeout=SECONDS, input=given)
    except (OSError, subprocess.SubprocessError):
        raise Unreadable("its commits cannot be read; clone it again") from None
    return done.stdout


def head_of(git: Path) -> str:
    """Name of the commit that HEAD refers to; "" if it cannot be read."""
    said = _short(git / "HEAD")
    if not said.startswith("ref: "):
        return said if NAME.fullmatch(said) else ""
    ref = said.removeprefix("ref: ")
    if not re.fullmatch(r"refs/[\w./-]+", ref) or ".." in ref:
        return ""
    loose = _short(git / ref)
    if not loose:
        packed = _short(git / "packed-refs", 1 << 20)
        match = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$", packed, re.MULTILINE)
        loose = match[1] if match else ""
    return loose if NAME.fullmatch(loose) else ""


def _short(path: Path, limit: int = 1000) -> str:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > limit:
        return ""
    return path.read_text(encoding="utf-8", errors="replace").strip()
