"""Checks of a lesson, read from its file, with their slices for the worker."""

from __future__ import annotations

import importlib.util
import sys
from functools import cached_property
from pathlib import Path
from types import CodeType, ModuleType

from blindgrade.catalog import CourseError
from blindgrade.checks import Check
from blindgrade.engine.answers.slices import MAIN, TOYS, SliceError, Slicer, compiled, for_worker
from blindgrade.engine.wire import frames
from blindgrade.engine.worker.experiment import Experiment
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson


class LessonChecks:
    """Checks of a lesson in this course: all of them, or only the public ones in a released course.

    CourseError if the file is missing, does not load or does not fit the lesson.
    """

    def __init__(self, files: LessonFiles, lesson: Lesson, path: Path | None = None) -> None:
        self.files = files
        self.lesson = lesson
        self.path = path or files.checks
        if not self.path.is_file():
            raise CourseError(f"{self.path} is missing; write the lesson's checks, or set its status to planned")
        provide_toys(files)
        module = _import_file(self.path)
        self.all = [value for value in vars(module).values() if isinstance(value, Check)]
        self._slices: dict[str, dict[str, str]] = {}
        self._codes: dict[str, dict[str, CodeType]] = {}
        self._requests: dict[str, tuple[tuple[int, str], bytes]] = {}
        self._experiments: dict[str, Experiment] = {}
        self._validate()

    def of(self, exercise: str) -> list[Check]:
        """Checks of the exercise, in the file's order."""
        return [check for check in self.all if check.exercise == exercise]

    @cached_property
    def slicer(self) -> Slicer:
        """Slicer of this file. CourseError if the file does not parse."""
        try:
            return Slicer(self.path, self.files.grader_toys)
        except SliceError as error:
            raise CourseError(str(error)) from None

    @cached_property
    def texts(self) -> list[str]:
        """Text of the checks, and of the private toys that they may import."""
        found = [self.path.read_text(encoding="utf-8", errors="replace")]
        waiting = sorted(self.files.grader_toys.rglob("*.py"))
        while named := [path for path in waiting if any(f"{TOYS}.{path.stem}" in text for text in found)]:
            found += [path.read_text(encoding="utf-8", errors="replace") for path in named]
            waiting = [path for path in waiting if path not in named]
        return found

    def slice(self, check: Check) -> dict[str, str]:
        """Text that enters the worker for this check, by module."""
        if check.name not in self._slices:
            try:
                self._slices[check.name] = self.slicer.cut([check.name])
            except SliceError as error:
                raise CourseError(str(error)) from None
        return self._slices[check.name]

    def experiment(self, check: Check) -> Experiment:
        """Experiment of the check, made from its slice as in the worker. CourseError if it does not load."""
        if check.name not in self._experiments:
            code = self._code(check)
            try:
                self._experiments[check.name] = Experiment(check.name, code)
            except Exception as error:
                raise self._does_not_load(check, error) from error
        return self._experiments[check.name]

    def request(self, check: Check, seed: int, device: str) -> bytes:
        """Frame that asks a worker to run the check. The last one is kept, because a cohort shares one seed."""
        kept = self._requests.get(check.name)
        if kept is None or kept[0] != (seed, device):
            drawn, data = check.prepare(seed)
            asked = {
                "op": "run", "name": check.name, "modules": for_worker(self._code(check)), "seed": drawn, "data": data,
                "device": device,
            }  # fmt: skip
            try:
                kept = (seed, device), frames.encode(asked)
            except frames.WireError as error:
                raise CourseError(f"{self.path}: the inputs of check {check.name} cannot be sent: {error}") from None
            self._requests[check.name] = kept
        return kept[1]

    def _code(self, check: Check) -> dict[str, CodeType]:
        if check.name not in self._codes:
            modules = self.slice(check)
            paths = {m: str(self.path) if m == MAIN else str(self.files.grader_toys / f"<{m}>") for m in modules}
            try:
                self._codes[check.name] = compiled(modules, paths)
            except SyntaxError as error:
                raise self._does_not_load(check, error) from error
        return self._codes[check.name]

    def _does_not_load(self, check: Check, error: Exception) -> CourseError:
        return CourseError(f"{self.path}: check {check.name} does not load: {error}")

    def _validate(self) -> None:
        exercises = [e.name for e in self.lesson.exercises]
        for check in self.all:
            if check.exercise not in exercises:
                raise CourseError(
                    f"{self.path}: check {check.name} belongs to `{check.exercise}`, which lesson.toml does not list; "
                    "correct one of them"
                )
        if self.path == self.files.private_checks:
            for name in exercises:
                if not self.of(name):
                    raise CourseError(f"{self.path}: exercise `{name}` has no check; write one")


_provided: set[str] = set()  # names of shared modules of all courses that this process has seen


def provide_toys(files: LessonFiles) -> None:
    """Make this course's shared modules and `grader_toys` importable in this process, instead of another course's."""
    shared = files.shared
    homes = {**dict.fromkeys([*shared.modules, *_provided], shared.home), "grader_toys": files.grader_toys.parent}
    _provided.update(shared.modules)
    for name, home in homes.items():
        loaded = sys.modules.get(name)
        if loaded is not None and home not in Path(loaded.__file__ or "").parents:
            for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
                del sys.modules[module]
    for home in (shared.home, files.grader_toys.parent):
        if str(home) in sys.path:
            sys.path.remove(str(home))
        sys.path.insert(0, str(home))  # before the path of an earlier course


def _import_file(path: Path) -> ModuleType:
    name = f"blindgrade_course_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CourseError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CourseError(f"{path}: {type(error).__name__}: {error}") from error
    return module
