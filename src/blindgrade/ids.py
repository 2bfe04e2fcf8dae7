"""Names of modules, lessons and exercises as people type them: "7.2.1", "flow matching", "score_from_noise"."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from blindgrade.course import Course, LessonEntry

ID = re.compile(r"lesson-(?P<number>\d+(?:\.\d+)*)(?:/(?P<exercise>\w+))?")
NUMBER = re.compile(r"(?:lesson|module)?[\s_-]*(\d+(?:[._]\d+)*)", re.IGNORECASE)
FOLDER = re.compile(r"lesson(?P<number>(?:_\d+)+)_(?P<module>\w+)")  # a lesson's folder, as `LessonFiles` names it
MAX_SUGGESTED = 3
MAX_NEIGHBOURS = 200  # entries of the folder above that are looked at
NEAR = 0.5  # least likeness of a suggestion, from 0 to 1


class UnknownId(Exception):
    """No lesson, module or exercise has this id, or several have it. The message lists what may be meant."""


@dataclass(frozen=True)
class Ids:
    """Ids of a course. `exercises` gives the names of a ready lesson's exercises."""

    course: Course
    exercises: Callable[[LessonEntry], list[str]]

    @property
    def entries(self) -> list[LessonEntry]:
        """Every lesson in the table of contents, in order."""
        return [lesson for module in self.course.modules for lesson in module.lessons]

    def canonical(self, name: str) -> str:
        """The id that a name stands for: `all`, `lesson-7.2`, `lesson-7.2.1` or `lesson-7.2.1/score_from_noise`.

        A name may be an id, its number, a title, a module's name, an exercise, or a path in `exercises/`. UnknownId if
        it stands for nothing, or for more than one thing.
        """
        if name == "all" or ID.fullmatch(name):
            return name
        parts = [part for part in name.strip().split("/") if part not in ("", ".", "exercises")]
        if not parts:
            raise self.unknown(name)
        lesson, rest = self._lesson(parts[0]), [part for part in parts[1:] if not part.endswith((".py", ".ipynb"))]
        if not rest:
            return lesson or self._by_words(name, parts[0])
        found = lesson or self._by_words(name, parts[0])
        if "/" in found or len(rest) > 1:
            raise self.unknown(name)
        return f"{found}/{self._exercise(found, rest[0])}"

    def lesson_before(self, name: str) -> str | None:
        """Id of the lesson that the name begins with, as in "7.2.1/anything"; None if it begins with none."""
        head, slash, _ = name.strip().partition("/")
        try:
            return self.canonical(head) if slash else None
        except UnknownId:
            return None

    def unknown(self, name: str) -> UnknownId:
        """Error for a name that stands for nothing here, with the nearest names of this course."""
        near = self.nearest(name)
        listed = ", ".join(["all", *(e.id for e in self.entries if e.status == "ready")])
        hint = f"did you mean {', '.join(near)}?" if near else f"the ids are {listed}"
        return UnknownId(f"no lesson, module or exercise has the id {name!r}; {hint}")

    def nearest(self, name: str) -> list[str]:
        """Ids of this course that are like the name, the nearest first, at most three."""
        ready = [e for e in self.entries if e.status == "ready"]
        named = [("all", "all"), *((f"lesson-{module.id}", f"lesson-{module.id}") for module in self.course.modules)]
        for entry in ready:
            named += [(form, entry.id) for form in (entry.id, entry.slug, words(entry.title))]
            named += [(exercise, f"{entry.id}/{exercise}") for exercise in self.exercises(entry)]
        head = name.strip().rpartition("/")[2] if self._lesson(name.partition("/")[0]) else name.strip().split("/")[0]
        scored = [(_likeness(head, form), meant) for form, meant in named]
        best = sorted((one for one in scored if one[0] >= NEAR), key=lambda one: -one[0])
        return list(dict.fromkeys(meant for _, meant in best))[:MAX_SUGGESTED]

    def owners(self, exercise: str) -> list[str]:
        """Ids of all exercises with this name in ready lessons."""
        wanted = words(exercise)
        ready = (entry for entry in self.entries if entry.status == "ready")
        return [f"{entry.id}/{name}" for entry in ready for name in self.exercises(entry) if words(name) == wanted]

    def _lesson(self, text: str) -> str:
        """Id of the lesson or module with this number or folder; empty if the text has another form."""
        folder = FOLDER.fullmatch(text)
        number = folder["number"][1:] if folder else match[1] if (match := NUMBER.fullmatch(text.strip())) else ""
        return f"lesson-{number.replace('_', '.')}" if number else ""

    def _by_words(self, name: str, text: str) -> str:
        wanted = words(text)
        lessons = [e.id for e in self.entries if wanted in (words(e.slug), words(e.title))]
        modules = [f"lesson-{m.id}" for m in self.course.modules if words(m.title) == wanted]
        found = [*lessons, *modules, *self.owners(text)] if wanted else []
        if len(found) > 1:
            raise UnknownId(f"{name} can be {', '.join(found[:-1])} or {found[-1]}; name one of them")
        if not found:
            raise self.unknown(name)
        return found[0]

    def _exercise(self, lesson: str, text: str) -> str:
        """Name of the lesson's exercise; the text itself if there is none, so that the lesson can say so."""
        entry = next((entry for entry in self.entries if entry.id == lesson and entry.status == "ready"), None)
        names = self.exercises(entry) if entry is not None else []
        return next((one for one in names if words(one) == words(text)), text)


def words(text: str) -> str:
    """The text in small letters with `_` between its words: "Flow Matching" and "flow-matching" are one name."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def nearest_of(name: str, names: Iterable[str]) -> list[str]:
    """The names, the most alike first, at most three."""
    return sorted(names, key=lambda one: -_likeness(name, one))[:MAX_SUGGESTED]


def neighbours(root: Path) -> list[Path]:
    """Other courses' folders: the one around the working directory, and those beside `root`."""
    here = Path.cwd()
    found = [folder for folder in (here, *here.parents) if (folder / "course.toml").is_file()][:1]
    try:
        with os.scandir(root.resolve().parent) as entries:
            beside = sorted(entry.name for entry, _ in zip(entries, range(MAX_NEIGHBOURS), strict=False))
    except OSError:
        beside = []
    found += [root.resolve().parent / name for name in beside if not name.startswith(".")]
    return [folder for folder in found if folder != root.resolve() and (folder / "course.toml").is_file()]


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold()).ratio()
