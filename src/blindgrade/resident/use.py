"""Whether a resident grader may serve a command, and which course it would serve.

The resident package needs the standard library only: a command asks it before it imports anything that takes long.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "BLINDGRADE_RESIDENT"  # "0" turns it off; "loopback" takes a port where a socket in a folder would do
OFF = frozenset({"0", "off", "no", "false"})
NOT_CI = frozenset({"", "0", "false"})
PRIVATE = ("solutions", "graders")  # trees that a released course does not have


def course_of(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Root of the course that a command in this folder works on; None if there is none."""
    place = Path(folder, environ.get("BLINDGRADE_COURSE") or ".").resolve()
    return next((one for one in (place, *place.parents) if (one / "course.toml").is_file()), None)


def refusal(root: Path, environ: Mapping[str, str]) -> str:
    """Reason why no resident may serve this course in this environment; empty if one may."""
    if environ.get("CI", "").lower() not in NOT_CI:
        return "the variable CI is set, and a CI job never has one"
    if environ.get(VARIABLE, "").lower() in OFF:
        return f"the variable {VARIABLE} turns it off"
    for tree in PRIVATE:
        if (root / tree).exists():
            return f"this course has the private folder {tree}/, which it never loads"
    return "" if _wanted(root / "course.toml") else "course.toml turns it off (resident = false)"


def _wanted(path: Path) -> bool:
    """Whether course.toml allows it. A file that cannot be read does not: the command itself will report the fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "resident" not in text:
            return True
        import tomllib  # takes a tenth of the time that the command has, and few courses need it here

        return tomllib.loads(text).get("resident", True) is not False
    except (OSError, ValueError):
        return False
