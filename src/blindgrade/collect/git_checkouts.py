"""Source: a folder of git checkouts, one for each student."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from blindgrade import clock
from blindgrade.collect.source_item import Listing, SourceItem
from blindgrade.roster.people import Identifier


def checkouts(root: Path, entries: list[Path]) -> Listing | None:
    """Listing of a folder with a git checkout for each student; None if no folder has a repository."""
    folders = [path for path in entries if path.is_dir() and not path.is_symlink() and (path / ".git").exists()]
    if not folders:
        return None
    listing = Listing("git", refused=[(p.name, "it is no git checkout") for p in entries if p not in folders])
    for path in folders:
        at, commit = commit_of(path / ".git")
        notes = (f"commit {commit}",) if commit else ("its commit cannot be read",)
        listing.items.append(
            SourceItem(
                path.name,
                (Identifier("any", path.name),),
                path.name,
                (("", path),),
                submitted_at=at,
                clock="commit" if at else "",
                notes=notes,
            )
        )
    return listing


def commit_of(git: Path) -> tuple[str | None, str]:
    """Time and name of the checked-out commit; None and "" if they cannot be read.

    git reads only the objects, through a repository that we make: a student's .git may hold settings that run programs.
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
    return clock.utc(datetime.fromtimestamp(int(match[1]), UTC)), name


def _head(git: Path) -> str:
    """Name of the commit that HEAD refers to; "" if it cannot be read."""
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
