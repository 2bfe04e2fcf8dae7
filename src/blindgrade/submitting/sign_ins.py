"""Where the student is signed in: addresses of services and their tokens, in a file that only the user can read.

The file is outside of every course's folder, so that no token is committed or handed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from blindgrade.files import write_whole

FILE = "sign-ins.json"
TOKEN, SERVER = "BLINDGRADE_TOKEN", "BLINDGRADE_SERVER"  # for CI jobs
OWNER_ALONE = 0o600
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class SignIn:
    """A service where the user is signed in. `course` is the title of its course."""

    url: str
    token: str
    student: str = ""
    course: str = ""


class NotSignedIn(Exception):
    """There is no service to ask. The message has the command that signs in."""


class BadAddress(Exception):
    """This is no address of a service. The message says what is expected."""


@dataclass
class SignIns:
    """The file. The newest sign-in is last."""

    path: Path
    known: list[SignIn] = field(default_factory=list)

    @classmethod
    def read(cls, env: Mapping[str, str]) -> SignIns:
        """Sign-ins of the user. A file that cannot be read has none."""
        found = cls(config_folder(env) / FILE)
        try:
            data = json.loads(found.path.read_text(encoding="utf-8"))
            found.known = [SignIn(**{name: str(value) for name, value in one.items()}) for one in data["services"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return found

    def add(self, sign_in: SignIn) -> None:
        """Store a sign-in in place of an earlier one at the same address. OSError if it cannot be stored."""
        self.known = [*(one for one in self.known if one.url != sign_in.url), sign_in]
        self._write()

    def remove(self, url: str) -> None:
        """Forget a sign-in. OSError if the file cannot be written."""
        self.known = [one for one in self.known if one.url != url]
        self._write()

    def of(self, course: str, env: Mapping[str, str]) -> SignIn:
        """Sign-in for a course with this title: by the environment, else for this course. NotSignedIn without one."""
        if env.get(TOKEN) and env.get(SERVER):
            return SignIn(address(env[SERVER]), env[TOKEN], "", course)
        mine = [one for one in self.known if not course or one.course == course]
        if not mine:
            others = f" (you are signed in to {self.known[-1].course} alone)" if self.known else ""
            of = f" of {course}" if course else ""
            raise NotSignedIn(
                f"you are not signed in to the grading service{of}{others}; run `grade login URL` with the address or"
                " the link that your instructor gave you"
            )
        return mine[-1]

    def _write(self) -> None:
        content = json.dumps({"services": [asdict(one) for one in self.known]}, indent=1) + "\n"
        write_whole(self.path, content, mode=OWNER_ALONE)


def config_folder(env: Mapping[str, str]) -> Path:
    """Folder for the user's own settings: XDG's; that of Windows, where it is named; else ~/.config."""
    named = env.get("XDG_CONFIG_HOME") or env.get("APPDATA")
    return (Path(named) if named else Path.home() / ".config") / "blindgrade"


def address(text: str) -> str:
    """Address of a service as people type it, without a path. BadAddress if it is none."""
    whole = text if "://" in text else f"{'http' if text.split(':')[0] in LOOPBACK else 'https'}://{text}"
    try:
        parts = urlsplit(whole)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadAddress(f"{text} is no address of a service; write one such as https://grade.example.org")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def invitation_in(text: str) -> str | None:
    """Invitation in a link; None if the address has none."""
    last = text.rstrip("/").rpartition("/join/")[2]
    return last if last.startswith("bgi_") else None


def is_open(url: str) -> bool:
    """Can others on the way read what is sent to the address?"""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK
