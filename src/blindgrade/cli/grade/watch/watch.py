"""`grade --watch`: after every save, grade what changed and show it at once.

Three threads feed one queue: the keyboard, the files, the grader. The main thread takes one event after the other and
draws; it never grades, so keys are answered also while a training runs.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from blindgrade.catalog import Target
from blindgrade.cli.exits import ALL_DONE, SOME_NOT, stop
from blindgrade.cli.grade.device import need_device
from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.screen import Screen, put
from blindgrade.cli.grade.watch.events import Failed, Graded, Key, Redraw, Request, Rest, Running, Saved
from blindgrade.cli.grade.watch.files import watch_files
from blindgrade.cli.grade.watch.grader import Grader
from blindgrade.cli.grade.watch.keys import HAS_KEYS, keys
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.regrading import Regrading
from blindgrade.engine.grading.workers import Workers
from blindgrade.history import Progress
from blindgrade.models import ExerciseResult, Outcome
from blindgrade.next_step import next_in
from blindgrade.render.links import Links
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.watching import Focus, View, verdict, watch_screen

PATIENCE = 0.5  # seconds after which Ctrl-C is noticed at the latest
CLEAR = "\x1b[H\x1b[2J\x1b[3J"


def watch(job: Job, warm: Workers) -> int:
    """Watch until the student leaves. Return the exit code."""
    need_device(job.options["device"])
    return Watch(job, warm).run()


class Watch:
    """One run of `grade --watch`, from the first grading until the student leaves."""

    def __init__(self, job: Job, warm: Workers) -> None:
        submission, targets = job.submission, job.targets
        self._targets = targets
        self._submission = submission
        self._screen = Screen()
        self._events: SimpleQueue[object] = SimpleQueue()
        self._grader = Grader(Regrading(targets, submission, Options(**job.options), warm), self._events.put)
        self._progress = Progress(job.catalog.local) if job.catalog.is_own(submission) else None
        self._results: dict[str, dict[str, ExerciseResult]] = {}
        self._public_only = False  # hidden checks did not run
        self._hints: dict[tuple[str, str], int] = {}
        self._links = Links(submission, [t.files for t in targets])
        self._recent: list[ExerciseResult] = []
        self._focus: tuple[str, str] | None = None
        self._listed = False
        self._looked = False
        self._verbose = job.wanted["verbose"]
        self._status = self._last = "grading …"
        self._terminal = sys.stdout.isatty()

    def run(self) -> int:
        """Watch until the student leaves. Return the exit code."""
        leave = threading.Event()
        files = threading.Thread(target=watch_files, args=(self._submission, leave, self._events.put), daemon=True)
        try:
            with keys(lambda key: self._events.put(Key(key)), lambda: self._events.put(Redraw())):
                files.start()
                self._grader.start()
                while self._take(self._next_event()):
                    pass
        except KeyboardInterrupt:
            pass
        finally:
            leave.set()
            self._grader.leave()
            if self._terminal:
                put("\n")
        return self._exit_code()

    def _next_event(self) -> object:
        while True:
            # On Windows a wait without an end cannot be interrupted by Ctrl-C.
            with suppress(Empty):
                return self._events.get(timeout=PATIENCE)

    def _take(self, event: object) -> bool:
        """Handle one event. Return False after the last one."""
        match event:
            case Failed(message, code):
                stop(message, code)
            case Key(text):
                if text in ("q", "\x04"):
                    return False
                if not self._key(text):
                    return True
            case Saved(at):
                self._grader.ask(Request(at))
                return True
            case Running(exercise):
                self._status = f"grading {exercise} …"
            case Graded():
                self._graded(event)
            case Rest(request, graded):
                self._look_again()
                if not graded and request.awaited:
                    self._last = f"saved at {time.strftime('%H:%M:%S')}: nothing to grade"
                self._status = self._last
        self._draw()
        return True

    def _look_again(self) -> None:
        """Grade once more after the first grading: a save before the watch began would be missed otherwise."""
        if not self._looked:
            self._looked = True
            self._grader.ask(Request(time.monotonic(), awaited=False))

    def _key(self, key: str) -> bool:
        if key == "n":
            self._focus = self._next()
            self._recent = []
        elif key == "h" and self._focus:
            self._hint(*self._focus)
        elif key == "l":
            self._listed = not self._listed
        elif key == "a":
            self._recent = []
            self._status = "grading everything again, with a fresh seed …"
            self._grader.ask(Request(time.monotonic(), everything=True))
        else:
            return False
        return True

    def _graded(self, event: Graded) -> None:
        attempt = event.attempt
        known = self._results.setdefault(attempt.lesson, {})
        first = not any(r.name in known for r in attempt.exercises)
        known.update({r.name: r for r in attempt.exercises})
        self._public_only = self._public_only or attempt.public_only
        if self._progress is not None:
            self._progress.record(attempt)
        if event.part == 0:
            self._recent = self._recent if event.goes_on else []
            self._last = f"graded at {time.strftime('%H:%M:%S')}" + ("" if first else f", in {event.seconds:.2f} s")
        self._status = self._last
        if first and self._focus is None:
            to_do = next_in([attempt])
            self._focus = (attempt.lesson, to_do[1].name) if to_do else None
        elif not first:
            names = {r.name for r in attempt.exercises}
            self._recent = [r for r in self._recent if r.name not in names] + attempt.exercises
            wrong = [r.name for r in attempt.exercises if r.outcome not in (Outcome.PASSED, Outcome.BLOCKED)]
            if event.part == 0:
                self._focus = attempt.lesson, (wrong or [attempt.exercises[0].name])[0]
        if not self._terminal:
            self._screen.show(*[verdict(attempt.lesson, r, self._screen.console) for r in attempt.exercises])

    def _next(self) -> tuple[str, str] | None:
        """Next exercise after the one in focus that is not passed. After the last one, continue with the first."""
        order = [(lesson, name) for lesson, results in self._ordered() for name in results]
        at = order.index(self._focus) + 1 if self._focus in order else 0
        for lesson, name in order[at:] + order[:at]:
            if self._results[lesson][name].outcome not in (Outcome.PASSED, Outcome.BLOCKED):
                return lesson, name
        return self._focus

    def _ordered(self) -> list[tuple[str, dict[str, ExerciseResult]]]:
        ordered = []
        for target in self._targets:
            known = self._results.get(target.files.entry.id, {})
            ordered.append((target.files.entry.id, {n: known[n] for n in target.exercises if n in known}))
        return ordered

    def _hint(self, lesson: str, name: str) -> None:
        known = self._known_hints(lesson, name)
        hints = self._target(lesson).lesson.exercise(name).hints
        self._hints[lesson, name] = min(known + 1, len(hints))
        if self._progress is not None:
            self._progress.climb(lesson, name, self._hints[lesson, name])

    def _known_hints(self, lesson: str, name: str) -> int:
        if (lesson, name) not in self._hints and self._progress is not None:
            return self._progress.lesson(lesson).hints.get(name, 0)
        return self._hints.get((lesson, name), 0)

    def _target(self, lesson: str) -> Target:
        return next(t for t in self._targets if t.files.entry.id == lesson)

    def _draw(self) -> None:
        if self._focus and self._progress is not None:
            self._progress.look_at(*self._focus)
        if not self._terminal:
            return
        focus = None
        if self._focus:
            lesson, name = self._focus
            exercise = self._target(lesson).lesson.exercise(name)
            focus = Focus(lesson, exercise, self._results[lesson][name], self._hints.get(self._focus, 0))
        problems = [text for texts in self._grader.problems().values() for text in texts]
        view = View(
            lessons=[(self._target(i).lesson, list(results.values())) for i, results in self._ordered()],
            problems=problems, recent=self._recent, focus=focus, listed=self._listed, status=self._status,
            links=self._links, verbose=self._verbose, public_only=self._public_only, keys=HAS_KEYS,
        )  # fmt: skip
        put(CLEAR + as_text(self._screen.console, *watch_screen(view, self._screen.console)))

    def _exit_code(self) -> int:
        results = [r for _, found in self._ordered() for r in found.values()]
        complete = len(results) == sum(len(t.exercises) for t in self._targets)
        return ALL_DONE if complete and all(r.points >= r.max_points - 1e-9 for r in results) else SOME_NOT
