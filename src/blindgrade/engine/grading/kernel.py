"""Grade what a notebook's kernel holds: the public checks, in the student's own process.

The worker is left out on purpose. The code under test already runs here, with the student's own rights, and public
checks and answer keys are for students to read; a hidden check is never loaded, let alone run.
"""

from __future__ import annotations

import inspect
import io
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import numpy
import torch

from blindgrade import clock, seeds
from blindgrade.catalog import CourseError, Target
from blindgrade.checks import Check, Rng, derive
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.judging.diagnosis import Seen, diagnose
from blindgrade.engine.judging.judging import ReferenceFailed, judge_by
from blindgrade.engine.judging.scoring import block, score
from blindgrade.engine.wire import frames
from blindgrade.engine.worker.errors import describe_error
from blindgrade.engine.worker.experiment import reset_state
from blindgrade.engine.worker.lesson import Names
from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Outcome, SubmissionRef

MAX_OUTPUT = 2_000  # characters of what the code printed
MAX_FRAMES = 8

Reply = dict[str, Any]
# From the file name of compiled code to what the student calls that place ("cell [5]"); None: not the student's code.
Places = Callable[[str], str | None]


def grade_names(
    target: Target,
    names: Mapping[str, Any],
    places: Places,
    *,
    reference: Literal["auto", "live", "key"] = "auto",
    seed: int | None = None,
) -> Attempt:
    """The target's exercises by their public checks, run on the objects in `names`.

    Compared with the live solution where the course has it, else with the answer key. torch's switches, the random
    sources and the import path are afterwards what they were. CourseError if the course lacks what is needed.
    """
    begun = time.monotonic()
    with _left_as_it_was(target.files.module):
        run = _KernelRun(target, names, places, reference, seed)
        results = [run.exercise(name) for name in target.exercises]
    return Attempt(
        lesson=target.files.entry.id,
        title=target.lesson.title,
        points=round(sum(r.points for r in results), 6),
        max_points=sum(r.max_points for r in results),
        submission=SubmissionRef(path="the notebook's kernel", sha256=""),
        graded_at=clock.now(),
        seed=run.seed,
        reference="key" if run.reference.kind == "key" else "live",
        sandbox="none",
        seconds=round(time.monotonic() - begun, 3),
        exercises=results,
    )


@contextmanager
def _left_as_it_was(module: str) -> Iterator[None]:
    """A notebook goes on after a grading, so its random numbers, torch's switches and imports must not have moved."""
    path, loaded = list(sys.path), sys.modules.get(module)
    python, numbers, tensors = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    grad, threads, dtype = torch.is_grad_enabled(), torch.get_num_threads(), torch.get_default_dtype()
    device, deterministic = torch.get_default_device(), torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        random.setstate(python)
        numpy.random.set_state(numbers)
        torch.set_rng_state(tensors)
        torch.set_grad_enabled(grad)
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        if device.type != "cpu":
            torch.set_default_device(device)
        if deterministic:
            torch.use_deterministic_algorithms(True)
        sys.path[:] = path
        if loaded is not None:
            sys.modules[module] = loaded
        else:
            sys.modules.pop(module, None)


@dataclass
class _KernelRun:
    target: Target
    names: Mapping[str, Any]
    places: Places
    wanted: Literal["auto", "live", "key"]
    given_seed: int | None
    _results: dict[str, ExerciseResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files = self.target.files
        # The path is given: without it the private checks would be read where the course has them.
        self.checks = LessonChecks(files, self.target.lesson, files.public_checks)
        live = self.wanted == "live" or (self.wanted == "auto" and files.solution.is_file())
        self.reference: LiveReference | KeyReference
        if live:
            self.reference = LiveReference(self.checks, Solution(files, self.target.lesson))
            self.seed = seeds.draw() if self.given_seed is None else self.given_seed
        else:
            self.reference = KeyReference(files, self.checks)
            self.seed = KEY_SEED
        module = ModuleType(files.module)
        module.__dict__.update(self.names)
        self.view = Names(module)

    def exercise(self, name: str) -> ExerciseResult:
        """One exercise, graded once; blame falls on the exercise that it requires, if that one fails too."""
        if name not in self._results:
            exercise = self.target.lesson.exercise(name)
            if not self.checks.of(name):
                raise CourseError(
                    f"{self.checks.path}: exercise `{name}` has no public check; run `grade {self.checks.lesson.id}/"
                    f"{name}` where the course has its hidden ones"
                )
            result = self._graded(exercise)
            if result.outcome is Outcome.FAILED:
                outcomes = {n: self.exercise(n).outcome for n in exercise.requires_here if self.checks.of(n)}
                result = block(exercise, result, outcomes)
            self._results[name] = result
        return self._results[name]

    def _graded(self, exercise: Exercise) -> ExerciseResult:
        checks = self.checks.of(exercise.name)
        if exercise.defines not in self.names:
            text = f"this kernel knows no `{exercise.defines}` yet; run its cell first"
            return score(exercise, [_told(check, Outcome.NOT_ATTEMPTED, text) for check in checks])
        seen: list[Seen] = []
        printed = io.StringIO()
        for check in checks:
            seed = check_seed(self.seed, self.checks.lesson.id, check)
            begun = time.monotonic()
            with redirect_stdout(printed):
                reply = self._observe(check, seed)
            result = self._judge(check, reply, seed)
            result.seconds = round(time.monotonic() - begun, 4)
            if result.outcome is Outcome.FAILED and result.where is None:
                result.where = self._definition(exercise)
            seen.append((check, seed, reply, result))
        diagnose(exercise, seen, self.reference)
        return score(exercise, [result for *_, result in seen], printed.getvalue()[:MAX_OUTPUT])

    def _observe(self, check: Check, seed: int) -> Reply:
        """The experiment's reply, as a worker would give it, with places of the notebook."""
        drawn, data = check.prepare(seed)
        given = frames.copy(data)
        function = self.checks.experiment(check).function
        reset_state(derive(drawn, "student"))
        try:
            reply: Reply = {"kind": "result", "value": function(self.view, Rng(drawn), *given)}
        except KeyboardInterrupt:  # the stop button is the student's, and is obeyed
            raise
        except BaseException as error:
            reply = self._raised(error)
        try:
            value: Reply = frames.copy(reply)
        except Exception as error:  # too large, too deep, or an object whose class lies about itself
            return {"kind": "unsendable", "message": str(error)}
        return value

    def _raised(self, error: BaseException) -> Reply:
        told = describe_error(error, "/no/such/file")
        if told["missing"]:
            return {"kind": "stopped", "message": f"this kernel knows no `{told['missing']}`; run its cell first"}
        walked = [
            (self.places(frame.f_code.co_filename), line, frame.f_code.co_qualname)
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        own = [[place, line, name] for place, line, name in walked if place is not None]
        innermost = bool(walked) and walked[-1][0] is not None
        return {"kind": "raised", **told, "frames": own[-MAX_FRAMES:], "own": innermost}

    def _judge(self, check: Check, reply: Reply, seed: int) -> CheckResult:
        try:
            result = judge_by(self.reference, check, reply, seed)
        except ReferenceFailed as error:
            return _told(
                check, Outcome.ERROR, f"the grader could not judge this check, which costs no points ({error})"
            )
        if result.where and result.where in result.message:
            place = _spoken(*result.where.rsplit(":", 1))
            result.message, result.where = result.message.replace(result.where, place), place
        return result

    def _definition(self, exercise: Exercise) -> str | None:
        """Where the exercise is defined: the place to look if no line is to blame."""
        defined = inspect.unwrap(self.names[exercise.defines])
        members = [defined, *vars(defined).values()] if isinstance(defined, type) else [defined]
        codes = [code for member in members if (code := getattr(member, "__code__", None)) is not None]
        for code in sorted(codes, key=lambda code: int(code.co_firstlineno)):
            if (place := self.places(code.co_filename)) is not None:
                return _spoken(place, str(code.co_firstlineno))
        return None


def _spoken(place: str, line: str) -> str:
    return f"{place}:{line}" if place.endswith(".py") else f"{place}, line {line}"


def _told(check: Check, outcome: Outcome, message: str) -> CheckResult:
    return CheckResult(
        name=check.name, claim=check.claim, public=check.public, outcome=outcome, weight=check.weight, message=message
    )
