"""Where a course's resident is reached: a socket in the user's runtime folder, or a port with a token in a file there.

The folder belongs to the user, and nobody else may enter it.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from blindgrade.resident.use import VARIABLE

LONGEST = 100  # bytes; the name of a socket has room for about 104 with macOS, 108 with Linux


class NoPlace(Exception):
    """This machine has no folder that belongs to the user alone."""


@dataclass(frozen=True)
class Card:
    """What a resident writes down about itself. `port` and `token` are set if it listens on a port."""

    pid: int
    protocol: int
    port: int = 0
    token: str = ""


@dataclass(frozen=True)
class Place:
    """Files of one course's resident."""

    folder: Path
    name: str
    loopback: bool = False

    @property
    def socket(self) -> Path:
        """The socket; nothing is there if the resident listens on a port."""
        return self.folder / f"{self.name}.sock"

    @property
    def card(self) -> Path:
        """The card, which only its user can read."""
        return self.folder / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """What the resident prints when something goes wrong."""
        return self.folder / f"{self.name}.log"

    def forget(self) -> None:
        """Remove the address of a resident that does not answer."""
        for path in (self.socket, self.card):
            with suppress(OSError):
                path.unlink()

    def read_card(self) -> Card | None:
        """The card of the resident that was started last; None if there is none that can be trusted."""
        try:
            handle = os.open(self.card, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with open(handle, encoding="utf-8") as file:
                status = os.fstat(handle)
                if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
                    return None
                return Card(**json.load(file))
        except (OSError, ValueError, TypeError):
            return None

    def write_card(self, card: Card) -> None:
        """Write the card as a whole, readable by its user alone."""
        piece = self.folder / f".{self.name}-{os.urandom(4).hex()}"
        handle = os.open(piece, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(card), file)
        os.replace(piece, self.card)


def place_of(root: Path, environ: Mapping[str, str]) -> Place:
    """Place of this course's resident, for this Python and this installation of blindgrade. NoPlace if there is none.

    Other courses, environments and installations have residents of their own.
    """
    parts = [os.path.realpath(root), sys.prefix, os.path.realpath(sys.executable), __file__]
    name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    loopback = not hasattr(socket, "AF_UNIX") or environ.get(VARIABLE) == "loopback"
    for folder in _folders(environ):
        place = Place(folder, name, loopback)
        if not loopback and len(os.fsencode(place.socket)) > LONGEST:
            continue
        with suppress(OSError):
            if _own(folder):
                return place
    raise NoPlace("there is no folder that belongs to you alone; set XDG_RUNTIME_DIR to one")


def _folders(environ: Mapping[str, str]) -> list[Path]:
    """Folders to try, the best one first."""
    runtime, local = environ.get("XDG_RUNTIME_DIR", ""), environ.get("LOCALAPPDATA", "")
    found = [Path(runtime, "blindgrade")] if os.path.isabs(runtime) else []
    if not hasattr(os, "getuid"):
        return [*found, Path(local, "blindgrade", "run")] if os.path.isabs(local) else found
    if os.path.isdir(f"/run/user/{os.getuid()}"):
        found.append(Path(f"/run/user/{os.getuid()}/blindgrade"))
    temporary = environ.get("TMPDIR", "")
    named = [temporary] if os.path.isabs(temporary) else []
    return found + [Path(folder, f"blindgrade-{os.getuid()}") for folder in (*named, "/tmp")]


def _own(folder: Path) -> bool:
    """Whether this folder is the user's own and closed to others. It is made if it is missing."""
    if not folder.parent.is_dir() and hasattr(os, "getuid"):
        return False
    folder.mkdir(mode=0o700, parents=not hasattr(os, "getuid"), exist_ok=True)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)
