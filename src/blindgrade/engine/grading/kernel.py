"""Grading of the objects in a notebook's kernel: the public checks, in the student's own process.

There is no worker, on purpose. The code under test already runs here, with the student's own rights. Students may read
public checks and answer keys. A hidden check is never loaded and never run.
"""

from __future__ import annotations

import inspect
import io
import random
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from types import CodeType, ModuleType
from typing import Any, Literal

import numpy
import torch

from blindgrade import seeds
from blindgrade.catalog import CourseError, Target, need_packages
from blindgrade.checks import Check, Rng, derive
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference, check_counts
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.loop import Loop, Round, forgiving
from blindgrade.engine.judging.judged_before import JudgedBefore
from blindgrade.engine.judging.observed import Observed, left_over
from blindgrade.engine.submission.answers import STUB_ERROR, written_above
from blindgrade.engine.submission.calls import BY_NAME
from blindgrade.engine.submission.lines import MAX_FUNCTION
from blindgrade.engine.submission.reading import stub_texts
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import MAX_FRAMES, Result, Stopped, Unsendable, Unwritten, crossed, sent
from blindgrade.engine.worker.errors import describe_error
from blindgrade.engine.worker.lesson import Names
from blindgrade.engine.worker.state import State, begin, to_standard
from blindgrade.models import Attempt, Exercise, ExerciseResult, SubmissionRef
from blindgrade.places import Frame, Place

MAX_OUTPUT = 2_000  # characters of the code's prints

# Function from the file name of compiled code and a line to the student's place; None if it is not the student's code.
Places = Callable[[str, int], Place | None]


def grade_names(
    target: Target,
    names: Mapping[str, Any],
    places: Places,
    *,
    reference: Literal["auto", "live", "key"] = "auto",
    seed: int | None = None,
) -> Attempt:
    """Attempt at the target's exercises: their public checks, run on the objects in `names`.

    The reference is the live solution if the course has it, else the answer key. Afterwards torch's switches, the
    random sources and the import path are unchanged. CourseError if the course lacks a file or a check.
    """
    need_packages([target])
    begun = time.monotonic()
    with _restored(target.files.module) as state:
        loop = _loop(target, names, places, reference, seed, state)
        results = [_graded(loop, name) for name in target.exercises]
        counts = check_counts(target.files.answer_key)
    return Attempt.of(
        target.lesson,
        results,
        SubmissionRef(path="the notebook's kernel", sha256=""),
        seed=loop.seed,
        reference="key" if loop.reference.kind == "key" else "live",
        seconds=time.monotonic() - begun,
        checks=sum(counts.get(result.name, len(result.checks)) for result in results),
    )


def _loop(
    target: Target,
    names: Mapping[str, Any],
    places: Places,
    wanted: Literal["auto", "live", "key"],
    given_seed: int | None,
    state: State,
) -> Loop:
    files = target.files
    # The path of the public checks is given, because the default is the private checks if the course has them.
    checks = LessonChecks(files, target.lesson, files.public_checks)
    reference: LiveReference | KeyReference
    if wanted == "live" or (wanted == "auto" and files.solution.is_file()):
        reference = LiveReference(checks, Solution(files, target.lesson))
        seed = seeds.draw() if given_seed is None else given_seed
    else:
        reference, seed = KeyReference(files, checks), KEY_SEED
    module = ModuleType(files.module)
    module.__dict__.update(names)
    kernel = _Kernel(checks, names, places, Names(module), state)
    return Loop(checks, reference, seed, kernel, forgiving(JudgedBefore(reference).judge))


def _graded(loop: Loop, name: str) -> ExerciseResult:
    if not loop.checks.of(name):
        raise CourseError(
            f"{loop.checks.path}: exercise `{name}` has no public check; run `grade {loop.checks.lesson.id}/{name}` "
            "in the course that has its hidden checks"
        )
    result = loop.exercise(name)
    return result.model_copy(update={"output": result.output[:MAX_OUTPUT]})


@contextmanager
def _restored(module: str) -> Iterator[State]:
    """The kernel's own state, which is restored at the end with random numbers and imports: a notebook continues."""
    state, loaded = State(), sys.modules.get(module)
    python, numbers, tensors = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    try:
        yield state
    finally:
        state.restore()
        random.setstate(python)
        numpy.random.set_state(numbers)
        torch.set_rng_state(tensors)
        if loaded is not None:
            sys.modules[module] = loaded
        else:
            sys.modules.pop(module, None)


@dataclass(frozen=True)
class _Kernel:
    """Observes the objects in a notebook's kernel."""

    checks: LessonChecks
    names: Mapping[str, Any]
    places: Places
    view: Names
    state: State  # in which each experiment begins: the kernel's own

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """Reply of the experiment, as a worker would give it, with places in the notebook."""
        if exercise.defines not in self.names:
            return Observed(Unwritten(f"this kernel does not define `{exercise.defines}` yet; run its cell first"))
        printed = io.StringIO()
        self.state.restore()  # the reference ran with the switches of a new process
        with redirect_stdout(printed):
            seen = self._run(*rounds[0])
        self.state.restore()
        to_standard()  # a verdict, too, expects them
        return replace(seen, printed=printed.getvalue())

    def _run(self, check: Check, seed: int) -> Observed:
        drawn, data = check.prepare(seed)
        given = frames.copy(data)
        function = self.checks.experiment(check).function
        begin(derive(drawn, "student"))
        try:
            reply = Result(function(self.view, Rng(drawn), *given))
        except KeyboardInterrupt:  # the student pressed the stop button
            raise
        except BaseException as error:
            return self._raised(error)
        try:
            return Observed(crossed(sent(reply)))
        except Exception as error:  # the result is too large, too deep, or of a class that pretends to be another
            return Observed(Unsendable(str(error)))

    def _raised(self, error: BaseException) -> Observed:
        described = describe_error(error, "/no/such/file")
        if described.missing:
            return Observed(Stopped(f"this kernel does not define `{described.missing}`; run its cell first"))
        walked = [
            (self.places(frame.f_code.co_filename, line), frame.f_code.co_qualname)
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        own = [Frame(place, name[:MAX_FUNCTION]) for place, name in walked if place is not None]
        innermost = bool(walked) and walked[-1][0] is not None
        reply = replace(described, own=innermost)
        if innermost and reply.type == STUB_ERROR and self._written_above(error):
            reply = left_over(reply)
        return Observed(reply, trace=tuple(own[-MAX_FRAMES:]))

    def _written_above(self, error: BaseException) -> bool:
        """Whether the function that raised has more code than its stub."""
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        try:
            source, first = inspect.getsourcelines(frame.f_code)
        except (OSError, TypeError):
            return False
        text = textwrap.dedent("".join(source))
        return written_above(text, line - max(first, 1) + 1, stub_texts(self.checks.files.stubs))

    def names_used(self, exercise: Exercise) -> set[str] | None:
        """Names of the kernel that the exercise's object uses; None if it is no function or class with code."""
        reached: set[str] = set()
        if exercise.defines not in self.names:
            return reached
        waiting = [exercise.defines]
        while waiting:
            codes = _codes(self.names.get(waiting.pop()))
            names = {name for code in codes for name in code.co_names}
            if names & BY_NAME or (not codes and not reached):
                return None
            waiting += (names & set(self.names)) - reached
            reached |= names
        return reached

    def definition(self, exercise: Exercise) -> Place | None:
        """First line of the function, or of the class's first method; None if it is not the student's."""
        defined = inspect.unwrap(self.names[exercise.defines])
        for code in sorted(_outer_codes(defined), key=lambda code: int(code.co_firstlineno)):
            if (place := self.places(code.co_filename, code.co_firstlineno)) is not None:
                return place
        return None


def _outer_codes(defined: Any) -> list[CodeType]:
    """Code of a function, or of each method of a class."""
    members = [defined, *vars(defined).values()] if isinstance(defined, type) else [defined]
    codes = [getattr(member, "__code__", None) for member in members]
    return [code for code in codes if isinstance(code, CodeType)]


def _codes(value: Any) -> list[CodeType]:
    """Code of a function or class with all that is defined inside; empty for any other object."""
    try:
        waiting = _outer_codes(inspect.unwrap(value))
    except ValueError:  # a cycle of wrappers
        return []
    found = []
    while waiting:
        code = waiting.pop()
        found.append(code)
        waiting += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return found
