"""Layout of a course: from an id such as "lesson-7.2" to lessons and their files. No other module knows these paths.

A released course is a course without its private trees (`solutions/`, `graders/`). The same code reads both.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from blindgrade import environment
from blindgrade.course import Course, LessonEntry
from blindgrade.files import toml_text
from blindgrade.ids import ID, Ids, nearest_of, neighbours
from blindgrade.ids import UnknownId as UnknownId
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Exercise, Lesson
from blindgrade.toml_faults import at, faults
from blindgrade.unregistered import advice, folder_of


class CourseError(Exception):
    """The course's own files are wrong. The message names the file and what to do."""


Unfinished = Callable[[str, CourseError], None]  # gets the id of a lesson whose files are wrong, and why


@dataclass(frozen=True)
class Target:
    """A lesson to grade, and its exercises to grade in the lesson's order: the named ones, or all of them.

    `packages` are those that the course adds to the grading environment.
    """

    files: LessonFiles
    lesson: Lesson
    exercises: tuple[str, ...]
    packages: tuple[str, ...] = ()


class Catalog:
    """The course at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def locate(cls, start: Path | None = None) -> Catalog:
        """Course that contains the path `start` (default: BLINDGRADE_COURSE or the working directory)."""
        given = os.environ.get("BLINDGRADE_COURSE")
        place = (start or Path(given or ".")).resolve()
        for folder in (place, *place.parents):
            if (folder / "course.toml").is_file():
                return cls(folder)
        raise CourseError(
            f"there is no course.toml in {place} or above it; run the command inside a course's folder, "
            "or set BLINDGRADE_COURSE to one"
        )

    @property
    def student_template(self) -> Path:
        """The course's own versions of files around the exercises in a student's repository (Jinja2)."""
        return self.root / "student_template"

    @property
    def reports(self) -> Path:
        """What the course shows to people: theme, templates, samples, and the pages that commands write."""
        return self.root / "reports"

    @property
    def theme(self) -> Path:
        """Colours, fonts and logo of the course's pages; released."""
        return self.reports / "theme.css"

    @property
    def page_templates(self) -> Path:
        """The course's own versions of pages, block by block (Jinja2); released."""
        return self.reports / "templates"

    @property
    def samples(self) -> Path:
        """Pages and screenshots of this course, for its README; never released."""
        return self.reports / "samples"

    def page(self, ids: Sequence[str], name: str) -> Path:
        """Where a page about these ids goes if no path is given; never committed, never released.

        ("lesson-7.2",) and "student" → reports/lesson-7.2/student.html;
        ("lesson-7.2.1/vp_sde",) → reports/lesson-7.2.1/student-vp_sde.html.
        """
        lessons = "_".join(dict.fromkeys(i.split("/")[0] for i in ids))
        exercises = [i.split("/")[1] for i in ids if "/" in i]
        return self.reports / lessons[:100] / f"{'-'.join([name, *exercises])[:100]}.html"

    @property
    def on_purpose(self) -> Path:
        """File that lists lines that are private in one place and public in another, each with its reason."""
        return self.root / "graders" / "on_purpose.toml"

    @property
    def attempts(self) -> Path:
        """Folder of attempts, with their secret seeds. It is never committed and never released."""
        return self.root / "attempts"

    @property
    def service(self) -> Path:
        """Data folder of the grading service. It is never committed and never released."""
        return self.root / "service"

    @property
    def build(self) -> Path:
        """Folder of files that can be made again: releases, measurements. It is never committed and never released."""
        return self.root / "build"

    @property
    def local(self) -> Path:
        """Folder that a student's own gradings write to. It is never part of a release or a submission."""
        return self.root / ".blindgrade"

    def is_own(self, submission: Path) -> bool:
        """Whether the path is in this course's `exercises/`, like a student's own work."""
        return submission.resolve().is_relative_to((self.root / "exercises").resolve())

    @cached_property
    def course(self) -> Course:
        """Content of course.toml, checked. CourseError if it is wrong."""
        course: Course = _parse(self.root / "course.toml", Course)
        known = {lesson.id for module in course.modules for lesson in module.lessons}
        path = self.root / "course.toml"
        for number, concept in enumerate(course.concepts):
            for lesson in concept.lessons:
                if lesson not in known:
                    raise CourseError(
                        f"{at(path, 'concept', number, 'lessons')}: concept `{concept.id}` names {lesson}, which is not"
                        " a lesson; correct the id"
                    )
        feedback = course.policy.feedback.lessons if course.policy.feedback else {}
        for table, named in (("policy.due", course.policy.due), ("policy.feedback.lessons", feedback)):
            for lesson in named:
                if lesson not in known:
                    place = at(path, *table.split("."), lesson)
                    raise CourseError(f"{place}: {table} names {lesson}, which is not a lesson; correct the id")
        return course

    @cached_property
    def entries(self) -> list[LessonEntry]:
        """Every lesson in the table of contents, in order."""
        return [lesson for module in self.course.modules for lesson in module.lessons]

    def ready(self) -> list[LessonFiles]:
        """Files of every lesson that is ready."""
        return [LessonFiles(self.root, entry) for entry in self.entries if entry.status == "ready"]

    def files(self, lesson_id: str) -> LessonFiles:
        """Files of one lesson. UnknownId if it is not in the table of contents."""
        for entry in self.entries:
            if entry.id == lesson_id:
                return LessonFiles(self.root, entry)
        raise self._unknown(lesson_id)

    def lesson(self, files: LessonFiles) -> Lesson:
        """Content of lesson.toml, checked against course.toml and itself. CourseError if it is wrong."""
        self._check_folder(files)
        lesson: Lesson = _parse(files.spec, Lesson, id=files.entry.id)
        self._check_names(files, lesson)
        return lesson

    def find(self, ids: Iterable[str], unfinished: Unfinished | None = None) -> list[Target]:
        """Targets that the ids name (`all`, modules, lessons, exercises): each lesson once, in the course's order.

        Names as `canonical` takes them are ids, too. Raises UnknownId with the nearest ids. A lesson that is only
        planned is unknown, too. A lesson whose files are wrong raises CourseError. With `unfinished` it is given
        to that, and the others are found.
        """
        wanted: dict[str, set[str] | None] = {}
        for name in ids:
            for lesson_id, exercise in self._resolve(name):
                if exercise is None:
                    wanted[lesson_id] = None
                elif wanted.get(lesson_id, set()) is not None:
                    wanted.setdefault(lesson_id, set()).add(exercise)  # type: ignore[union-attr]  # None was handled
        targets: list[Target] = []
        wrong: dict[str, CourseError] = {}
        for entry in (entry for entry in self.entries if entry.id in wanted):
            try:
                targets.append(self._target(entry, wanted[entry.id]))
            except CourseError as error:
                wrong[entry.id] = error
        for lesson, why in wrong.items():
            if unfinished is None or not targets:
                raise why
            unfinished(lesson, why)
        return targets

    def _target(self, entry: LessonEntry, names: set[str] | None) -> Target:
        files = LessonFiles(self.root, entry)
        lesson = self.lesson(files)
        known = [e.name for e in lesson.exercises]
        for name in sorted(names or ()):
            if name not in known:
                owners = self._ids.owners(name)
                listed = ", ".join(owners or (f"{entry.id}/{n}" for n in nearest_of(name, known)))
                raise UnknownId(f"{entry.id} has no exercise {name!r}; did you mean {listed}?")
        exercises = tuple(n for n in known if names is None or n in names)
        return Target(files, lesson, exercises, self.course.environment.packages)

    def canonical(self, names: Iterable[str]) -> tuple[str, ...]:
        """The ids that these names stand for; see `Ids.canonical`. UnknownId if a name is unknown or ambiguous."""
        return tuple(self._canonical(name) for name in names)

    def exercise_in(self, name: str) -> str | None:
        """Name of the exercise that `name` stands for; None for whole lessons. UnknownId as `canonical`."""
        return self._canonical(name).partition("/")[2] or None

    def _canonical(self, name: str) -> str:
        try:
            return self._ids.canonical(name)
        except UnknownId:
            if place := self._elsewhere(name):
                raise UnknownId(f"{name} is not in this folder but in {place}; run the command there") from None
            if known := advice(self.root, [entry.id for entry in self.entries], name):
                raise UnknownId(known) from None
            raise

    @cached_property
    def _ids(self) -> Ids:
        return Ids(self.course, lambda entry: _exercise_names(LessonFiles(self.root, entry).spec))

    def _resolve(self, name: str) -> list[tuple[str, str | None]]:
        name = self._canonical(name)
        if name == "all":
            return [(files.entry.id, None) for files in self.ready()]
        match = ID.fullmatch(name)
        number = match["number"] if match else ""
        entries = [e for e in self.entries if f"{e.id}.".startswith(f"lesson-{number}.")] if match else []
        ready = [e for e in entries if e.status == "ready"]
        if not ready and (place := self._elsewhere(name)):
            raise UnknownId(f"{name} is not in this folder but in {place}; run the command there")
        if not match or not entries or (match["exercise"] and len(entries) > 1):
            raise self._unknown(name)
        if not ready:
            titles = ", ".join(f"{e.id} ({e.title})" for e in entries)
            written = any(e.status == "unreleased" for e in entries)
            why = "is not released yet" if written else "is planned and not written yet"
            raise UnknownId(f"{name} {why}: {titles}; try one of {self._listed()}")
        return [(e.id, match["exercise"]) for e in ready]

    def _unknown(self, name: str) -> UnknownId:
        known = advice(self.root, [entry.id for entry in self.entries], name)
        return UnknownId(known) if known else self._ids.unknown(name)

    def _elsewhere(self, name: str) -> Path | None:
        """Folder with another part of this course that has the lesson: around the working directory or beside us.

        None if the lesson is here, because then only its exercise is unknown.
        """
        if self._ids.lesson_before(name) in [files.entry.id for files in self.ready()]:
            return None
        for folder in neighbours(self.root):
            try:
                other = Catalog(folder)
                wanted = other._ids.canonical(name).split("/")[0]
                has = any(f"{f.entry.id}.".startswith(f"{wanted}.") and f.spec.is_file() for f in other.ready())
                if has and wanted != "all" and other.course.title == self.course.title:
                    return folder
            except (CourseError, UnknownId, OSError):
                continue
        return None

    def _listed(self) -> str:
        return ", ".join(files.entry.id for files in self.ready())

    def _check_folder(self, files: LessonFiles) -> None:
        """CourseError if the lesson's folder has another slug than course.toml, because then no file is found."""
        folder = None if files.spec.is_file() else folder_of(self.root, files.entry.id)
        if folder is not None and folder.name != files.folder:
            modules = enumerate(self.course.modules)
            places = ((m, n) for m, one in modules for n, e in enumerate(one.lessons) if e == files.entry)
            module, number = next(places)
            place = at(self.root / "course.toml", "module", module, "lesson", number, "slug")
            raise CourseError(
                f"{place}: {files.entry.id} has the slug `{files.entry.slug}`, but its folder is"
                f" {folder.relative_to(self.root)}; correct one of them"
            )

    def _check_names(self, files: LessonFiles, lesson: Lesson) -> None:
        names = [e.name for e in lesson.exercises]
        concepts = {c.id for c in self.course.concepts}
        models = {m.id for m in self.course.mental_models}
        for number, exercise in enumerate(lesson.exercises):
            if exercise.name in names[:number]:
                place = at(files.spec, "exercise", number, "name")
                raise CourseError(f"{place}: exercise `{exercise.name}` is defined twice; rename one")
            earlier = {*names[: names.index(exercise.name)], *self._before(files.entry, exercise)}
            groups = [
                ("requires", exercise.requires, earlier, "an earlier exercise, of this lesson or of another"),
                ("concepts", exercise.concepts, concepts, "a concept of course.toml"),
                ("mental_models", exercise.mental_models, models, "a mental model of course.toml"),
            ]
            for key, given, known, what in groups:
                for name in given:
                    if name not in known:
                        near = difflib.get_close_matches(name, known, n=1)
                        guess = f"; did you mean `{near[0]}`?" if near else "; correct it, or add it there"
                        place = at(files.spec, "exercise", number, key)
                        raise CourseError(f"{place}: `{exercise.name}` {key} `{name}`, which is not {what}{guess}")

    def _before(self, entry: LessonEntry, exercise: Exercise) -> set[str]:
        """Ids of exercises in earlier lessons that `exercise` may require. Only earlier ones, so there is no cycle."""
        found: set[str] = set()
        for earlier in self.entries[: self.entries.index(entry)]:
            if earlier.status == "unreleased":  # the release checked its names in the whole course
                found |= {name for name in exercise.requires if name.startswith(f"{earlier.id}/")}
            elif earlier.status == "ready" and any(name.startswith(f"{earlier.id}/") for name in exercise.requires):
                lesson: Lesson = _parse(LessonFiles(self.root, earlier).spec, Lesson, id=earlier.id)
                found |= {f"{earlier.id}/{e.name}" for e in lesson.exercises}
        return found


def need_packages(targets: Iterable[Target]) -> None:
    """CourseError if this Python lacks a package of the course. The message has the command that installs it."""
    if lacking := environment.missing(dict.fromkeys(name for target in targets for name in target.packages)):
        raise CourseError(lacking)


def _exercise_names(spec: Path) -> list[str]:
    """Names of a lesson's exercises, not checked: a mistake in one lesson must not hide the others' names."""
    try:
        return list(_names_in(toml_text(spec)))
    except (OSError, ValueError, KeyError, TypeError):
        return []


# A course is read several times in one grading, and again in each later one of the same process. The same text gives
# the same data, and nobody changes them.
@lru_cache(maxsize=256)
def _names_in(text: str) -> tuple[str, ...]:
    return tuple(str(exercise["name"]) for exercise in tomllib.loads(text).get("exercise", []))


@lru_cache(maxsize=256)
def _model(text: str, model: Any, extra: tuple[tuple[str, object], ...]) -> Any:
    return model(**{**tomllib.loads(text), **dict(extra)})


def _parse(path: Path, model: Any, **extra: object) -> Any:
    text = ""
    try:
        text = toml_text(path)
        return _model(text, model, tuple(extra.items()))
    except FileNotFoundError:
        raise CourseError(
            f"{path} is missing; write it, or give the lesson the status planned in course.toml"
        ) from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8 text; save it again as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not valid TOML: {error}; correct the file") from None
    except ValidationError as error:
        raise CourseError(faults(path, tomllib.loads(text), model, error)) from None
