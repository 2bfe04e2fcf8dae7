"""Layout of a course: from an id such as "lesson-7.2" to lessons and their files. No other module knows these paths.

A released course is a course without its private trees (`solutions/`, `graders/`). The same code reads both.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from blindgrade.models import Course, Exercise, Lesson, LessonEntry

ID = re.compile(r"lesson-(?P<number>\d+(?:\.\d+)*)(?:/(?P<exercise>\w+))?")


class CourseError(Exception):
    """The course's own files are wrong. The message names the file and what to do."""


class UnknownId(Exception):
    """No lesson, module or exercise has this id. The message lists the nearest ids."""


@dataclass(frozen=True)
class LessonFiles:
    """Paths of a lesson's files, below the course's root."""

    root: Path
    entry: LessonEntry

    @property
    def folder(self) -> str:
        """Name of the lesson's folder, the same in every tree: "lesson_7_2_1_score_functions"."""
        return f"{self.entry.id.replace('-', '_').replace('.', '_')}_{self.entry.slug}"

    @property
    def module(self) -> str:
        """Name of the student's module: "score_functions"."""
        return self.entry.slug

    @property
    def exercises(self) -> Path:
        """The lesson's public folder."""
        return self.root / "exercises" / self.folder

    @property
    def spec(self) -> Path:
        """lesson.toml."""
        return self.exercises / "lesson.toml"

    @property
    def stub(self) -> Path:
        """File that the student edits."""
        return self.exercises / f"{self.module}.py"

    @property
    def notebook(self) -> Path:
        """The stub's text as a notebook."""
        return self.exercises / f"{self.module}.ipynb"

    @property
    def solution(self) -> Path:
        """Solution, from which stub and notebook are made."""
        return self.root / "solutions" / self.folder / f"{self.module}.py"

    @property
    def private_checks(self) -> Path:
        """All checks. A released course does not have this file."""
        return self.root / "graders" / self.folder / "checks.py"

    @property
    def public_checks(self) -> Path:
        """Public checks, generated from `private_checks`."""
        return self.exercises / "public_checks.py"

    @property
    def checks(self) -> Path:
        """Checks that this course can run: all of them, or only the public ones in a released course."""
        return self.private_checks if self.private_checks.is_file() else self.public_checks

    @property
    def answer_key(self) -> Path:
        """Results of the reference in the public checks, for the public seed."""
        return self.exercises / "answer_key.json"

    @property
    def known_answers(self) -> Path:
        """Known wrong answers, and known right answers that differ from the solution."""
        return self.root / "graders" / self.folder / "known_answers.py"

    @property
    def proof_record(self) -> Path:
        """Proofs of the lesson's trained exercises that were done before."""
        return self.root / "graders" / self.folder / "proofs.json"

    @property
    def equivalents(self) -> Path:
        """Mutants of the solution that are right answers, each with its reason."""
        return self.root / "graders" / self.folder / "equivalents.toml"

    @property
    def hidden_on_purpose(self) -> Path:
        """Wrong answers and promises that no public check covers, each with its reason."""
        return self.root / "graders" / self.folder / "hidden_on_purpose.toml"

    @property
    def toys(self) -> Path:
        """Public toys, which every lesson may import."""
        return self.root / "exercises" / "toys.py"

    @property
    def grader_toys(self) -> Path:
        """Package of private toys, which experiments may import."""
        return self.root / "graders" / "grader_toys"


@dataclass(frozen=True)
class Target:
    """A lesson to grade, and its exercises to grade in the lesson's order: the named ones, or all of them."""

    files: LessonFiles
    lesson: Lesson
    exercises: tuple[str, ...]


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
        """Folder of Jinja2 templates: the files around the exercises in a student's repository."""
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
        for concept in course.concepts:
            for lesson in concept.lessons:
                if lesson not in known:
                    raise CourseError(
                        f"course.toml: concept `{concept.id}` names {lesson}, which is not a lesson; correct the id"
                    )
        for lesson in course.policy.due:
            if lesson not in known:
                raise CourseError(f"course.toml: policy.due names {lesson}, which is not a lesson; correct the id")
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
        raise UnknownId(f"no lesson has the id {lesson_id!r}{self._nearest(lesson_id)}")

    def lesson(self, files: LessonFiles) -> Lesson:
        """Content of lesson.toml, checked against course.toml and itself. CourseError if it is wrong."""
        lesson: Lesson = _parse(files.spec, Lesson, id=files.entry.id)
        self._check_names(files, lesson)
        return lesson

    def find(self, ids: Iterable[str]) -> list[Target]:
        """Targets that the ids name (`all`, modules, lessons, exercises): each lesson once, in the course's order.

        Raises UnknownId with the nearest ids. A lesson that is only planned is unknown, too.
        """
        wanted: dict[str, set[str] | None] = {}
        for name in ids:
            for lesson_id, exercise in self._resolve(name):
                if exercise is None:
                    wanted[lesson_id] = None
                elif wanted.get(lesson_id, set()) is not None:
                    wanted.setdefault(lesson_id, set()).add(exercise)  # type: ignore[union-attr]  # None was handled
        return [self._target(entry, wanted[entry.id]) for entry in self.entries if entry.id in wanted]

    def _target(self, entry: LessonEntry, names: set[str] | None) -> Target:
        files = LessonFiles(self.root, entry)
        lesson = self.lesson(files)
        known = [e.name for e in lesson.exercises]
        for name in sorted(names or ()):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
                listed = ", ".join(f"{entry.id}/{n}" for n in near)
                raise UnknownId(f"{entry.id} has no exercise {name!r}; did you mean {listed}?")
        return Target(files, lesson, tuple(n for n in known if names is None or n in names))

    def _resolve(self, name: str) -> list[tuple[str, str | None]]:
        if name == "all":
            return [(files.entry.id, None) for files in self.ready()]
        match = ID.fullmatch(name)
        number = match["number"] if match else ""
        entries = [e for e in self.entries if f"{e.id}.".startswith(f"lesson-{number}.")] if match else []
        if not match or not entries or (match["exercise"] and len(entries) > 1):
            raise UnknownId(f"no lesson, module or exercise has the id {name!r}{self._nearest(name)}")
        ready = [e for e in entries if e.status == "ready"]
        if not ready:
            titles = ", ".join(f"{e.id} ({e.title})" for e in entries)
            written = any(e.status == "unreleased" for e in entries)
            why = "is not released yet" if written else "is planned and not written yet"
            raise UnknownId(f"{name} {why}: {titles}; try one of {self._listed()}")
        return [(e.id, match["exercise"]) for e in ready]

    def _nearest(self, name: str) -> str:
        modules = [f"lesson-{module.id}" for module in self.course.modules]
        known = ["all", *modules, *(e.id for e in self.entries), *(e.slug for e in self.entries)]
        near = difflib.get_close_matches(name.split("/")[0], known, n=3, cutoff=0.5)
        by_slug = {e.slug: e.id for e in self.entries}
        names = list(dict.fromkeys(by_slug.get(n, n) for n in near))
        return f"; did you mean {', '.join(names)}?" if names else f"; the ids are all, {self._listed()}"

    def _listed(self) -> str:
        return ", ".join(files.entry.id for files in self.ready())

    def _check_names(self, files: LessonFiles, lesson: Lesson) -> None:
        names = [e.name for e in lesson.exercises]
        concepts = {c.id for c in self.course.concepts}
        models = {m.id for m in self.course.mental_models}
        for exercise in lesson.exercises:
            if names.count(exercise.name) > 1:
                raise CourseError(f"{files.spec}: exercise `{exercise.name}` is defined twice; rename one")
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
                        guess = f"; did you mean `{near[0]}`?" if near else ""
                        raise CourseError(f"{files.spec}: `{exercise.name}` {key} `{name}`, which is not {what}{guess}")

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


def _parse(path: Path, model: Any, **extra: object) -> Any:
    try:
        return model(**{**tomllib.loads(path.read_text(encoding="utf-8")), **extra})
    except FileNotFoundError:
        raise CourseError(
            f"{path} is missing; write it, or give the lesson the status planned in course.toml"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not valid TOML: {error}; correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CourseError(f"{path}: {place}: {first['msg']}") from None
