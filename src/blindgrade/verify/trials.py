"""The single proofs of a lesson. Each returns the reason for its failure, or "" if it passes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from blindgrade.authoring.notebook import notebook_text
from blindgrade.authoring.stub import stub_text
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.lesson_checks import LessonChecks, provide_toys
from blindgrade.engine.answers.reference import check_seed, observe
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.engine.judging.judging import judge
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.models import Exercise, ExerciseResult, Kind, Outcome
from blindgrade.verify import coverage, lazy
from blindgrade.verify.left_over import nothing_is_left_to_do
from blindgrade.verify.promises import promises_have_public_checks
from blindgrade.verify.public import misconceptions_lose_public_points
from blindgrade.verify.workshop import Workshop

CHECK_SECONDS, TRAINING_SECONDS = 0.5, 15.0  # CPU time of a check, of a training exercise
MEASURED = 3  # measurements at most; the shortest time counts
LAZY_SHARE, GUESS_SHARE = 0.5, 0.1  # of an exercise's points, at most
GUESS_SEEDS = range(5)

Trial = Callable[[Workshop, str, str, int], str]


def generated_files_are_current(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """Stub and notebook are equal to what the solution gives."""
    files, stale = workshop.files, []
    source, name = files.solution.read_text(encoding="utf-8"), str(files.solution.relative_to(files.root))
    for path, make in ((files.stub, stub_text), (files.notebook, notebook_text)):
        if not path.is_file() or path.read_text(encoding="utf-8") != make(source, name):
            stale.append(str(path.relative_to(files.root)))
    verb = "are" if len(stale) > 1 else "is"
    return f"{' and '.join(stale)} {verb} out of date; run `course build` and commit the result" if stale else ""


def public_checks_agree_with_their_key(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """The solution passes the public checks with only the answer key, as on a student's machine."""
    files, lesson = workshop.files, workshop.lesson
    checks = LessonChecks(files, lesson, files.public_checks)
    grading = Trusted(checks, KeyReference(files, checks))
    for check in checks.all:
        result = grading.check(check, workshop.solution.module, KEY_SEED)
        if result.outcome is not Outcome.PASSED:
            return f"{check.name} with the key: {result.message}"
    return ""


def solution_earns_all(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """The solution earns every point."""
    exercises = [e for e in workshop.lesson.exercises if exercise in ("", e.name)]
    return _losses([_graded(workshop, e, workshop.solution.module, seed) for e in exercises])


def stub_earns_nothing(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """The untouched stub earns no point in any exercise."""
    path = workshop.files.stub
    provide_toys(workshop.files)
    loaded = load(workshop.files.module, path.read_text(encoding="utf-8"), str(path))
    if loaded.problems:
        first = loaded.problems[0]
        return f"{path.name}:{first.line}: {first.error.type}: {first.error.message}"
    results = [_graded(workshop, e, loaded, seed) for e in workshop.lesson.exercises]
    earned = [f"`{r.name}` earns {r.points:g} with {_passed(r)}" for r in results if r.points > 0]
    return "; ".join(earned)


def alternative_earns_all(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """A right answer written differently earns all points of its exercise."""
    variant = _variant(workshop.alternatives, exercise, subject)
    module = workshop.solution.variant(variant)
    return _losses([_graded(workshop, workshop.lesson.exercise(exercise), module, seed)])


def misconception_is_named(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """A wrong answer loses points in its exercise, a failed check names it, and other exercises lose no points."""
    lesson = workshop.lesson
    variant = _variant(workshop.misconceptions, exercise, subject)
    module = workshop.solution.variant(variant)
    result = workshop.trusted.exercise(lesson.exercise(exercise), module, seed)
    if result.points >= result.max_points:
        return "no check notices it; write one that does"
    failed = [c for c in result.checks if c.outcome is Outcome.FAILED]
    if not any(c.misconception == variant.name for c in failed):
        named = sorted({c.misconception for c in failed if c.misconception})
        checks = ", ".join(c.name for c in failed)
        return f"the failed checks ({checks}) " + (f"name it as {', '.join(named)}" if named else "do not name it")
    if seed > 0:
        return ""  # the points lost in other exercises do not depend on the seed
    others = [
        e
        for e in workshop.touched_by(lesson.exercise(exercise).defines)
        if e.name != exercise and exercise not in workshop.requires(e.name)
    ]
    lost = _losses([_graded(workshop, e, module, seed) for e in others])
    return (
        f"other exercises lose points: {lost}; add `{exercise}` to `requires`, or do not use it there" if lost else ""
    )


def failure_is_not_named(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """A wrong answer that is no misunderstanding loses points, and no check names a misconception."""
    variant = _variant(workshop.failures, exercise, subject)
    module = workshop.solution.variant(variant)
    result = workshop.trusted.exercise(workshop.lesson.exercise(exercise), module, seed)
    if result.points >= result.max_points:
        return "it earns every point; it is a right answer, or a check is missing"
    named = [f"{c.name} names it {c.misconception}" for c in result.checks if c.misconception]
    return f"{'; '.join(named)}; let the verdict ask for evidence that only the misconception gives" if named else ""


def lazy_answers_earn_little(workshop: Workshop, name: str, subject: str, seed: int) -> str:
    """No lazy answer earns more than a small share of the exercise's points."""
    exercise = workshop.lesson.exercise(name)
    recorder = lazy.Recorder()
    fillers = list(lazy.FILLERS)
    if exercise.kind is Kind.TRAINING:
        fillers = [f for f in fillers if f.name in ("zeros", "random", "the input", "None")]
    else:
        recording = lazy.lazy_module(workshop.solution, exercise.defines, lazy.Filler("recorder", recorder))
        for recorded in GUESS_SEEDS:
            _graded(workshop, exercise, recording, recorded)
    discrete = recorder.discrete and exercise.kind is Kind.FUNCTION
    if recorder.options:
        fillers += [lazy.constant(option) for option in recorder.options[:8]]
        fillers.append(lazy.guesser(recorder.options))
    limit = GUESS_SHARE if discrete else LAZY_SHARE
    problems = []
    for filler in fillers:
        result = _graded(workshop, exercise, lazy.lazy_module(workshop.solution, exercise.defines, filler), seed)
        if result.points > limit * result.max_points + 1e-9:
            problems.append(f"{filler.name} earns {result.points:g} of {result.max_points:g} with {_passed(result)}")
    return (
        f"{'; '.join(problems)}; at most {limit:.0%} is allowed, so give the other checks more weight"
        if problems
        else ""
    )


def checks_are_cheap(workshop: Workshop, name: str, subject: str, seed: int) -> str:
    """Each check of the solution stays within its CPU time."""
    exercise = workshop.lesson.exercise(name)
    costs = {c.name: _shortest_time(workshop, exercise, c.name) for c in workshop.checks.of(name)}
    if exercise.kind is Kind.TRAINING:
        total = sum(costs.values())
        return (
            ""
            if total <= TRAINING_SECONDS
            else f"`{name}` takes {total:.1f} s; at most {TRAINING_SECONDS:g} s are allowed"
        )
    slow = [f"{check} takes {cost:.2f} s" for check, cost in costs.items() if cost > CHECK_SECONDS]
    return f"{'; '.join(slow)}; a check may take {CHECK_SECONDS:g} s" if slow else ""


def _shortest_time(workshop: Workshop, exercise: Exercise, name: str) -> float:
    check = next(c for c in workshop.checks.of(exercise.name) if c.name == name)
    own = check_seed(0, workshop.lesson.id, check)
    expected = workshop.reference.expected(check, own)
    budget = TRAINING_SECONDS / 2 if exercise.kind is Kind.TRAINING else CHECK_SECONDS
    best = float("inf")
    for _ in range(MEASURED):
        start = time.process_time()
        judge(check, observe(workshop.checks, check, workshop.solution.module, own), expected, own)
        best = min(best, time.process_time() - start)
        if best <= budget:
            break
    return best


def _graded(workshop: Workshop, exercise: Exercise, module: LoadedLesson, seed: int) -> ExerciseResult:
    return workshop.trusted.exercise(exercise, module, seed, diagnosed=False)


def _variant(variants: list[Variant], exercise: str, subject: str) -> Variant:
    name = re.sub(r", seed \d+$", "", subject).removeprefix(f"{exercise}/")
    return next(v for v in variants if v.exercise == exercise and v.name == name)


def _losses(results: list[ExerciseResult]) -> str:
    return "; ".join(
        f"`{r.name}` earns {r.points:g} of {r.max_points:g}: {c.name}: {c.message}"
        for r in results
        for c in [c for c in r.checks if c.outcome is not Outcome.PASSED][:1]
    )


def _passed(result: ExerciseResult) -> str:
    return ", ".join(c.name for c in result.checks if c.outcome is Outcome.PASSED)


def _supplied(workshop: Workshop) -> str:
    problems = (coverage.exercises_are_supplied(workshop), nothing_is_left_to_do(workshop))
    return "; ".join(problem for problem in problems if problem)


KINDS: dict[str, tuple[str, Trial]] = {
    "drift": ("stub and notebook are up to date", generated_files_are_current),
    "key": ("public checks pass with their key", public_checks_agree_with_their_key),
    "solution": ("the solution earns every point", solution_earns_all),
    "stub": ("the stub earns nothing", stub_earns_nothing),
    "alternative": ("each alternative earns all", alternative_earns_all),
    "misconception": ("each misconception is caught and named", misconception_is_named),
    "public": ("each misconception loses public points", misconceptions_lose_public_points),
    "failure": ("other ways to fail are not misdiagnosed", failure_is_not_named),
    "lazy": ("lazy answers earn little", lazy_answers_earn_little),
    "coverage": ("every concept is covered", lambda workshop, *_: coverage.concepts_are_covered(workshop)),
    "budget": ("checks stay within their time", checks_are_cheap),
    "supplies": ("every exercise has what it needs", lambda workshop, *_: _supplied(workshop)),
    "promises": ("public checks cover what is promised", lambda workshop, *_: promises_have_public_checks(workshop)),
}
