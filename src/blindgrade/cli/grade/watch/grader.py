"""The thread of `grade --watch` that grades."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

from blindgrade.catalog import CourseError
from blindgrade.cli.exits import BAD_REQUEST, GRADER_FAILED
from blindgrade.cli.grade.watch.events import Failed, Graded, Request, Rest, Running
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.regrading import Regrading
from blindgrade.engine.grading.runner import GraderFailed
from blindgrade.engine.grading.worker_client import SandboxMissing
from blindgrade.models import Outcome


class Grader:
    """The thread that grades one request after the other. A new request ends the running one at once."""

    def __init__(self, session: Regrading, report: Callable[[object], None]) -> None:
        self._session = session
        self._report = report
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._newer = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        session.newer = self._newer.is_set
        session.options = _reporting(session.options, lambda name: report(Running(name)))

    def start(self) -> None:
        """Grade everything once."""
        self.ask(Request(time.monotonic()))
        self._thread.start()

    def ask(self, request: Request) -> None:
        """Add a request. It ends the running one, also during a training."""
        self._newer.set()  # set this first, or the new request could end itself
        self._requests.put(request)

    def problems(self) -> dict[str, list[str]]:
        """Copy of `Regrading.problems`."""
        return dict(self._session.problems)

    def leave(self) -> None:
        """End the thread. If the reference is running, it does not look for new requests: close the warm process."""
        self._newer.set()
        self._requests.put(None)
        self._thread.join(0.2)
        if self._thread.is_alive():
            self._session.warm.close()
            self._thread.join(2)

    def _serve(self) -> None:
        while (request := self._merged()) is not None:
            graded, goes_on = 0, self._session.superseded
            try:
                for attempt in self._session.regrade(everything=request.everything):
                    self._report(Graded(attempt, time.monotonic() - request.at, graded, goes_on))
                    graded += 1
            except (CourseError, SandboxMissing) as error:
                self._report(Failed(str(error), BAD_REQUEST))
            except GraderFailed as error:
                self._report(Failed(str(error), GRADER_FAILED))
            except Exception as error:  # without this report, the screen would never change again
                self._report(Failed(f"the grader stopped: {type(error).__name__}: {error}", GRADER_FAILED))
            self._report(Rest(request, graded))
            with suppress(CourseError):  # a mistake in the course is reported when it prevents a result
                self._session.prepare()

    def _merged(self) -> Request | None:
        """Next request, merged with all requests that came while the thread was busy."""
        requests = [self._requests.get()]
        self._newer.clear()
        with suppress(Empty):
            while True:
                requests.append(self._requests.get_nowait())
        asked = [request for request in requests if request is not None]
        if len(asked) < len(requests):
            return None
        return Request(asked[-1].at, any(r.everything for r in asked), any(r.awaited for r in asked))


def _reporting(options: Options, report: Callable[[str], None]) -> Options:
    def progress(lesson: str, exercise: str, outcome: Outcome | None) -> None:
        if outcome is None:
            report(f"{lesson}/{exercise}")

    return replace(options, progress=progress)
