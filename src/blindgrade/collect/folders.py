"""Sources that are folders of our own world: nbgrader's exchange, git checkouts, a folder for each student."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from blindgrade.collect.handed import Handed, Listing, SourceError
from blindgrade.collect.roster import Identifier
from blindgrade.engine.archives import is_archive

STAMP = "timestamp.txt"
EXCHANGES_OWN = frozenset({STAMP, "submission_secret.txt"})  # laid beside what was handed in
# "ana+lesson-7.2.1+2026-11-02 10:00:00.000000 UTC", and random letters where students may not see each other's.
INBOUND = re.compile(r"(?P<student>[^+]+)\+(?P<assignment>.+?)\+(?P<time>\d{4}-\d\d-\d\d [\d:.]+ \w+)(?:\+.*)?")


def exchange(root: Path, entries: list[Path]) -> Listing | None:
    """nbgrader's exchange (its root, a course's folder in it, or `inbound`), or what `nbgrader collect` made of it."""
    courses = [path for path in entries if (path / "inbound").is_dir()]
    if len(courses) > 1:
        raise SourceError(f"{root} holds several courses; name one of them, such as {courses[0]}")
    if courses:
        root, entries = courses[0], _listed(courses[0])
    inbound = root / "inbound" if (root / "inbound").is_dir() else root
    names = [path for path in _listed(inbound) if INBOUND.fullmatch(path.name)]
    if names:
        listing = Listing("nbgrader")
        for path in names:
            match = INBOUND.fullmatch(path.name)
            assert match is not None
            if path.is_symlink() or not path.is_dir():
                listing.refused.append((path.name, "it is no folder"))
                continue
            listing.handed.append(_from_exchange(path, match["student"], match["assignment"], match["time"]))
        return listing
    if inbound != root:
        raise SourceError(f"{inbound} holds no submissions; nobody has handed in anything there yet")
    stamped = [path.parent for path in sorted(root.glob(f"*/*/{STAMP}"))]
    if not stamped:
        return None
    listing = Listing("nbgrader")
    for folder in (path for student in entries for path in _listed(student)):
        if folder in stamped and not folder.is_symlink():
            listing.handed.append(_from_exchange(folder, folder.parent.name, folder.name, ""))
        else:
            listing.refused.append((f"{folder.parent.name}/{folder.name}", f"it holds no {STAMP}"))
    return listing


def _from_exchange(path: Path, student: str, assignment: str, time: str) -> Handed:
    stamp = path / STAMP
    if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 100:
        time = stamp.read_text(encoding="utf-8", errors="replace").strip() or time
    at = _nbgrader_time(time)
    who = (Identifier("login", student),)
    notes = _owner(path, student)
    return Handed(
        student,
        who,
        student,
        (("", path),),
        assignment,
        at,
        "exchange" if at else "",
        notes=notes,
        without=EXCHANGES_OWN,
    )


def _nbgrader_time(text: str) -> str | None:
    """nbgrader writes UTC unless its configuration names another zone, which then stands there as an offset or name."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (UTC|[+-]\d{4})", text)
    if match is None:
        return None
    zone = "+0000" if match[2] == "UTC" else match[2]
    try:
        told = datetime.strptime(f"{match[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _owner(path: Path, student: str) -> tuple[str, ...]:
    """In an exchange anybody may make a folder with anybody's name; its owner is who did."""
    import pwd

    number = path.stat().st_uid
    try:
        owner = pwd.getpwuid(number).pw_name
    except KeyError:
        return ()
    return () if number == os.getuid() or owner == student else (f"the account {owner} made this submission",)


def checkouts(root: Path, entries: list[Path]) -> Listing | None:
    """A folder for each student with a git repository in it."""
    folders = [path for path in entries if path.is_dir() and not path.is_symlink() and (path / ".git").exists()]
    if not folders:
        return None
    listing = Listing("git", refused=[(p.name, "it is no git checkout") for p in entries if p not in folders])
    for path in folders:
        at, commit = commit_of(path / ".git")
        notes = (f"commit {commit}",) if commit else ("its commit cannot be read",)
        listing.handed.append(
            Handed(path.name, (Identifier("any", path.name),), path.name, (("", path),), "", at, "commit" if at else "",
                   notes=notes)
        )  # fmt: skip
    return listing


def commit_of(git: Path) -> tuple[str | None, str]:
    """Time and name of the checked-out commit.

    Only its objects are read, through a repository of our own: a student's .git may hold settings that run programs.
    """
    name = _head(git)
    program = shutil.which("git")
    if not name or program is None or git.is_symlink():
        return None, name
    with TemporaryDirectory(prefix="blindgrade-git-") as ours:
        env = {"PATH": os.environ.get("PATH", ""), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        try:
            subprocess.run([program, "init", "-q", "--bare", ours], env=env, check=True, capture_output=True)
            env |= {"GIT_DIR": ours, "GIT_OBJECT_DIRECTORY": str((git / "objects").resolve())}
            command = [program, "-c", f"safe.directory={ours}", "cat-file", "commit", name]
            done = subprocess.run(command, env=env, check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None, name
    match = re.search(rb"^committer .*> (\d{1,11}) [+-]\d{4}$", done.stdout, re.MULTILINE)
    if match is None:
        return None, name
    return datetime.fromtimestamp(int(match[1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), name


def _head(git: Path) -> str:
    """The name of the commit that HEAD means."""
    said = _short(git / "HEAD")
    if not said.startswith("ref: "):
        return said if re.fullmatch(r"[0-9a-f]{40,64}", said) else ""
    ref = said.removeprefix("ref: ")
    if not re.fullmatch(r"refs/[\w./-]+", ref) or ".." in ref:
        return ""
    loose = _short(git / ref)
    if not loose:
        packed = _short(git / "packed-refs", 1 << 20)
        match = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$", packed, re.MULTILINE)
        loose = match[1] if match else ""
    return loose if re.fullmatch(r"[0-9a-f]{40,64}", loose) else ""


def _short(path: Path, limit: int = 1000) -> str:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > limit:
        return ""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def plain(root: Path, entries: list[Path]) -> Listing | None:
    """A folder or an archive for each student, named by the student."""
    listing = Listing("folders")
    for path in entries:
        name = path.name
        if path.is_symlink():
            listing.refused.append((name, "it is a symbolic link; put the folder itself in its place"))
        elif path.is_dir():
            listing.handed.append(Handed(name, (Identifier("any", name),), name, (("", path),)))
        elif is_archive(path):
            student = re.sub(r"\.(zip|tgz|tar(\.\w+)?)$", "", name, flags=re.IGNORECASE)
            listing.handed.append(Handed(student, (Identifier("any", student),), student, ((name, path),)))
        else:
            listing.refused.append((name, "it is neither a student's folder nor an archive"))
    return listing


def _listed(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
