"""The submissions as they came: files named by the digest of their content, `BLOBS/ab/abcd….json`.

A blob is on the disk before the database has a row that names it. A blob without a row is harmless.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from blindgrade.engine.submission.archives import refused_name
from blindgrade.files import write_whole

MAX_FILES = 200
MAX_NAME = 200  # bytes
OWNER_ALONE = 0o600


class RefusedFiles(Exception):
    """Files that cannot be a submission. The message names the file and the reason."""


def checked(files: object) -> dict[str, str]:
    """Files by their names. RefusedFiles if they are not names and texts, or if a name is not safe."""
    if not isinstance(files, dict) or not files:
        raise RefusedFiles('there are no files; send {"files": {"NAME": "TEXT"}}')
    if len(files) > MAX_FILES:
        raise RefusedFiles(f"there are {len(files)} files, and at most {MAX_FILES} are taken; remove some")
    seen: dict[str, str] = {}
    for name, text in files.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise RefusedFiles(f"{name!a}: each name needs a text")
        _check_name(name)
        key = _folded(name)
        if key in seen:
            raise RefusedFiles(f"{name!a} and {seen[key]!a} differ in capitals or look alike; rename one")
        seen[key] = name
        if "\0" in text:
            raise RefusedFiles(f"{name!a} contains NUL characters; save it again as UTF-8")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise RefusedFiles(f"{name!a} is not UTF-8 text; save it again as UTF-8") from None
    _no_file_is_a_folder(seen.values())
    return files


def _check_name(name: str) -> None:
    reason = refused_name(name)
    if not reason and any(part.startswith(".") for part in name.split("/")):
        reason = "its name begins with a dot"
    if not reason and len(name.encode()) > MAX_NAME:
        reason = "its name is too long"
    if reason:
        raise RefusedFiles(f"{name[:200]!a} cannot be taken: {reason}; rename it, or leave it out")


def _no_file_is_a_folder(names: Iterable[str]) -> None:
    plain = {_folded(name) for name in names}
    for name in plain:
        for parent in PurePosixPath(name).parents:
            if str(parent) in plain:
                raise RefusedFiles(f"{str(parent)!a} is a file and a folder; rename one")


def _folded(name: str) -> str:
    """Name as a system that ignores capitals sees it."""
    return unicodedata.normalize("NFKC", name).casefold()


def packed(files: dict[str, str]) -> tuple[str, bytes]:
    """Digest and content of the blob with these files. Equal files give equal blobs."""
    content = json.dumps(files, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(content).hexdigest(), content


class Blobs:
    """Blobs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Path of the blob."""
        return self.folder / digest[:2] / f"{digest}.json"

    def keep(self, digest: str, content: bytes) -> None:
        """Store a blob durably, if it is not there. OSError if it cannot be written."""
        path = self.path(digest)
        if not path.exists():
            write_whole(path, content, mode=OWNER_ALONE, durable=True, pieces=self.folder / ".unfinished")

    def read(self, digest: str) -> dict[str, str]:
        """Files of a blob. OSError if it is missing, ValueError if it is damaged."""
        content = self.path(digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{self.path(digest)} is damaged; restore it from a backup")
        files: dict[str, str] = json.loads(content)
        return files

    def lay_out(self, digest: str, folder: Path) -> None:
        """Write the files of a blob into `folder`. Errors as `read`."""
        for name, text in self.read(digest).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))

    def delete(self, digest: str) -> None:
        """Delete a blob. Nobody may need it any more."""
        self.path(digest).unlink(missing_ok=True)
