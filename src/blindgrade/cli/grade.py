"""`grade`: what students type."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from blindgrade.cli import exports, version
from blindgrade.cli.screen import BAD_REQUEST, EVERY_POINT, GRADER_FAILED, SOME_NOT, Screen, Waiting, put, stop

if TYPE_CHECKING:
    from blindgrade.catalog import Catalog, Target
    from blindgrade.engine.judging.collected_figures import Exhibits
    from blindgrade.models import Attempt, ExerciseResult, Grading
    from blindgrade.render.links import Places

    Known = dict[str, list[ExerciseResult]]

MODES = (
    "as_json",
    "problems",
    "verbose",
    "hint",
    "watch",
    "report",
    "open_it",
)  # what becomes of a grading; the other options say how
NAMES = {"json": "as_json"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--submission",
    type=click.Path(path_type=Path),
    help="A .py or .ipynb file, a lesson folder, a folder with lesson folders, or an archive.  [default: exercises/]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--seed", type=click.IntRange(0, (1 << 53) - 1), help="Repeat the attempt with this seed. Default: a fresh one."
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "process"]),
    default="auto",
    show_default=True,
    help="How the student's code is isolated.",
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where tensors live."
)
@click.option(
    "--reference",
    type=click.Choice(["auto", "live", "key"]),
    default="auto",
    show_default=True,
    help="Compare with the live solution or with the answer key (public checks).",
)
@exports.options
@click.option(
    "--report",
    is_flag=False,
    flag_value="",
    metavar="[FILE.html]",
    help="Write the grading as a page, with pictures.  [default: build/reports/LESSON.html]",
)
@click.option("--open", "open_it", is_flag=True, help="Write the page and open it in a browser.")
@click.option("--problems", is_flag=True, help="Print a line for each problem, as compilers do, and nothing else.")
@click.option("--hint", is_flag=True, help="One more hint for an exercise; it is remembered which you have seen.")
@click.option("--watch", is_flag=True, help="Grade again on every save, only what changed; q ends it.")
@click.option("--debug", is_flag=True, help="Run in this process, so that breakpoint() works. Never official.")
@click.option("--verbose", is_flag=True, help="Every failed check, where it came from, and what the code printed.")
@version.option
def main(lessons: tuple[str, ...], submission: Path | None, **options: Any) -> None:
    """Grade LESSON...; without one, show how far you are.

    \b
    A LESSON is  lesson-7.2                      a module
                 lesson-7.2.1                    a lesson
                 lesson-7.2.1/score_from_noise   an exercise
                 all                             the whole course

    \b
    Examples:
      grade                                      your progress over all lessons
      grade lesson-7.2
      grade lesson-7.2.1/score_from_noise --verbose
      grade --hint score_from_noise              one more hint
      grade lesson-7.2.1 --watch                 again on every save
      grade lesson-7.2 --report --open           a page with pictures
      grade all --submission ~/my-solutions --json

    Exit code: 0 every point earned, 1 some not, 2 the request was wrong, 3 the grader failed.
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.render.links import Places

    _refuse_what_cannot_be(lessons, options)
    wanted = {name: options.pop(name) for name in (*MODES, *exports.FORMATS)}
    try:
        catalog = Catalog.locate()
        if wanted["hint"] or not lessons:
            return _stand(catalog, lessons, wanted["hint"])
        targets = catalog.find(lessons)
        place = submission or catalog.root / "exercises"
        if wanted["watch"]:
            _watch(catalog, targets, place, wanted["verbose"], options)
        quiet = wanted["as_json"] or wanted["problems"]
        told = _Silent() if quiet else _Told(targets, wanted["verbose"], options)
        drawn = wanted["report"] is not None or wanted["open_it"]
        past, known = _past(catalog, targets, place) if drawn else ([], None)
        grading, exhibits = _grade(catalog, targets, place, told, drawn, options)
        _deliver(grading, Places(place, [t.files for t in targets]), told, wanted, _planned(catalog, lessons))
        if drawn:
            _report(wanted, catalog, lessons, targets, grading, past, known, exhibits)
    except (UnknownId, CourseError) as error:
        stop(str(error), BAD_REQUEST)
    os._exit(_exit_code(grading))  # all is said and ended; taking torch apart in order would keep the student waiting


def _deliver(grading: Grading, places: Places, told: _Silent, wanted: dict[str, Any], planned: list[str]) -> None:
    if wanted["as_json"]:
        put(grading.model_dump_json(by_alias=True, indent=1) + "\n")
    elif wanted["problems"]:
        from blindgrade.render.text.findings import findings
        from blindgrade.render.text.lines import as_lines

        put(as_lines(findings(grading, places)))
    else:
        told.end(grading, places, planned)
    try:
        exports.write(grading, places, {name: wanted[name] for name in exports.FORMATS})
    except OSError as error:
        stop(f"{error.filename or 'a file'} could not be written ({error.strerror}); name another place", GRADER_FAILED)


def _past(catalog: Catalog, targets: list[Target], submission: Path) -> tuple[list[Attempt], Known | None]:
    """The student's own earlier attempts at these lessons, and the last results of all; none of somebody else's."""
    from blindgrade.cli.standing import last_results
    from blindgrade.history import Progress

    if not catalog.is_own(submission):
        return [], None
    progress = Progress(catalog.local)
    past = [attempt for t in targets for attempt in progress.attempts(t.files.entry.id)]
    return past, last_results(catalog.find(["all"]), progress)


def _report(
    wanted: dict[str, Any], catalog: Catalog, lessons: tuple[str, ...], targets: list[Target], grading: Grading,
    past: list[Attempt], known: Known | None, exhibits: Exhibits | None,
) -> None:  # fmt: skip
    from blindgrade.cli.page import default_path, open_report, write_report

    page = Path(wanted["report"]) if wanted["report"] else default_path(catalog, lessons)
    try:
        write_report(page, catalog, targets, grading, past=past, known=known, exhibits=exhibits)
    except OSError as error:
        stop(f"the report could not be written to {page} ({error.strerror}); name another --report FILE.html",
             BAD_REQUEST)  # fmt: skip
    opened = wanted["open_it"] and open_report(page)
    found = opened or not wanted["open_it"]
    click.echo(f"  Report: {page}{'' if found else ' (no browser was found to open it)'}", err=True)


def _refuse_what_cannot_be(lessons: tuple[str, ...], options: dict[str, Any]) -> None:
    if options["device"] == "cuda" and options["sandbox"] == "strict":
        stop("a GPU worker cannot be isolated, because the driver needs what a sandbox closes; leave out"
             " --sandbox strict, or grade with --device cpu", BAD_REQUEST)  # fmt: skip
    if options["report"] and not options["report"].endswith(".html"):
        stop(f"--report {options['report']}: the name of a page ends in .html; to have it named for you, put --report"
             " last", BAD_REQUEST)  # fmt: skip
    page = ["report"] * (options["report"] is not None) or ["open"] * options["open_it"]
    written = [*page, *(name for name in ("json", "problems", *exports.FORMATS) if options[NAMES.get(name, name)])]
    if written and (options["hint"] or not lessons):
        stop(f"--{written[0]} goes with a grading; name what to grade, as in `grade all --{written[0]}`", BAD_REQUEST)
    if options["as_json"] and options["problems"]:
        stop("--json and --problems both ask for standard output; leave one out", BAD_REQUEST)
    if options["watch"] and (written or options["hint"] or options["debug"] or not lessons):
        stop("--watch goes with lessons and without --hint, --debug and what a program reads, as in"
             " `grade lesson-7.2.1 --watch`", BAD_REQUEST)  # fmt: skip


def _watch(
    catalog: Catalog, targets: list[Target], submission: Path, verbose: bool, options: dict[str, Any]
) -> NoReturn:
    from blindgrade.engine.grading.warm_process import Zygote
    from blindgrade.render.terminal.results import heading

    if not submission.exists():
        stop(f"{submission} does not exist; name a .py or .ipynb file or a folder", BAD_REQUEST)
    Screen().show(*[heading(t.files.entry.id, t.lesson.title) for t in targets], "", "starting …")
    with Zygote.for_targets(targets, sandbox=options["sandbox"], device=options["device"]) as warm:
        warm.start()
        _need_device(options["device"])
        from blindgrade.cli.watch import Watch
        from blindgrade.engine.grading.runner import Options

        code = Watch(catalog, targets, submission, Options(**options), warm, verbose=verbose).run()
    sys.stdout.flush()
    os._exit(code)


def _stand(catalog: Catalog, lessons: tuple[str, ...], hint: bool) -> None:
    from blindgrade.cli.standing import show_hint, show_standing

    if hint:
        show_hint(catalog, lessons, Screen())
    else:
        show_standing(catalog, Screen())


def _grade(
    catalog: Catalog, targets: list[Target], submission: Path, told: _Silent, drawn: bool, options: dict[str, Any]
) -> tuple[Grading, Exhibits | None]:
    told.begin()
    from blindgrade.engine.grading.warm_process import SandboxMissing, Zygote

    with Zygote.for_targets(targets, sandbox=options["sandbox"], device=options["device"]) as warm:
        # The warm process imports torch on another core while this one does, so it is started before the import below.
        if not options["debug"]:
            warm.start()
        from blindgrade.engine.grading.runner import GraderFailed, Options, grade
        from blindgrade.engine.judging.collected_figures import Exhibits
        from blindgrade.engine.submission.reading import SubmissionError

        _need_device(options["device"])
        exhibits = Exhibits() if drawn else None
        hooks: dict[str, Any] = {"progress": told.waiting, "finished": told.lesson, "exhibits": exhibits}
        try:
            grading = grade(catalog, targets, submission, Options(**hooks, **options), warm)
        except (SubmissionError, SandboxMissing) as error:
            told.clear()
            stop(str(error), BAD_REQUEST)
        except GraderFailed as error:
            told.clear()
            stop(str(error), GRADER_FAILED)
        finally:
            told.clear()
        if warm.missing and warm.sandbox == "process":
            _say_unisolated(warm.missing)
    if catalog.is_own(submission) and not options["debug"]:
        _remember(catalog, targets, grading)
    return grading, exhibits


def _remember(catalog: Catalog, targets: list[Target], grading: Grading) -> None:
    from blindgrade.history import Progress
    from blindgrade.render.terminal.results import first_to_do

    progress = Progress(catalog.local)
    for attempt in grading.lessons:
        progress.record(attempt)
    if first := first_to_do(grading.lessons):
        attempt, result = first
        progress.look_at(attempt.lesson, result.name)
        hints = next(t.lesson for t in targets if t.files.entry.id == attempt.lesson).exercise(result.name).hints
        if any(check.hint == hints[0] for check in result.checks):
            progress.climb(attempt.lesson, result.name, 1)  # it stands on the screen, so `--hint` goes on from there


def _need_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        stop(f"--device cuda: torch {torch.__version__} finds no GPU on this machine; use --device cpu", BAD_REQUEST)


def _say_unisolated(missing: dict[str, str]) -> None:
    why = "; ".join(f"{layer}: {reason}" for layer, reason in missing.items())
    click.echo(
        f"grade: this code ran without isolation, as you ({why}). Fine for your own; for others' code, see what"
        " `grade --sandbox strict` says is needed.",
        err=True,
    )


class _Silent:
    """A grading that prints nothing until its end."""

    waiting: Waiting | None = None

    def begin(self) -> None:
        """The grading begins."""

    def lesson(self, attempt: Attempt) -> None:
        """A lesson is graded."""

    def clear(self) -> None:
        """Nothing is waited for any more."""

    def end(self, grading: Grading, places: Places, planned: list[str]) -> None:
        """Everything is graded."""


class _Told(_Silent):
    """A grading as a terminal gets it: a lesson's heading before torch is imported, its list when it is graded."""

    def __init__(self, targets: list[Target], verbose: bool, options: dict[str, Any]) -> None:
        self._screen = Screen()
        self._targets = targets
        self._verbose = verbose
        self._next = 0
        if sys.stderr.isatty() and not options["debug"]:
            self.waiting = Waiting(sum(len(t.exercises) for t in targets))

    def begin(self) -> None:
        """The first lesson's heading, within a moment of Enter."""
        self._head()

    def _head(self) -> None:
        from blindgrade.render.terminal.results import heading

        if self._next < len(self._targets):
            target = self._targets[self._next]
            self._screen.show(*[""] * bool(self._next), heading(target.files.entry.id, target.lesson.title))
            self._next += 1
            if self.waiting is not None:
                self.waiting.start()

    def lesson(self, attempt: Attempt) -> None:
        """The lesson's list, and the next one's heading."""
        from blindgrade.render.terminal.results import lesson_list

        self.clear()
        self._screen.show(*lesson_list(attempt, self._screen.console))
        self._head()

    def clear(self) -> None:
        """Take the bar away."""
        if self.waiting is not None:
            self.waiting.stop()

    def end(self, grading: Grading, places: Places, planned: list[str]) -> None:
        """The total, and what to do next."""
        from blindgrade.render.terminal.results import ending

        parts: list[Any] = ending(grading, places, self._screen.console, verbose=self._verbose)
        if planned:
            parts += ["", f"  Planned, not graded: {', '.join(planned)}"]
        self._screen.show(*parts, "")


def _planned(catalog: Catalog, ids: tuple[str, ...]) -> list[str]:
    """Lessons that the ids cover but that are not written yet."""
    prefixes = [f"{i}." for i in ids]
    return [
        f"{e.id} {e.title}"
        for e in catalog.entries
        if e.status == "planned" and ("all" in ids or any(f"{e.id}.".startswith(p) for p in prefixes))
    ]


def _exit_code(grading: Grading) -> int:
    outcomes = [r.outcome for a in grading.lessons for r in a.exercises]
    if "error" in outcomes:
        return GRADER_FAILED
    return EVERY_POINT if grading.points >= grading.max_points - 1e-9 else SOME_NOT
