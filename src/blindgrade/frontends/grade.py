"""`grade`: what students type."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from blindgrade.catalog import Catalog, Target
    from blindgrade.engine.exhibits import Exhibits
    from blindgrade.models import Grading, Outcome

EVERY_POINT, SOME_NOT, BAD_REQUEST, GRADER_FAILED = 0, 1, 2, 3


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("lessons", nargs=-1, required=True, metavar="LESSON...")
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
@click.option(
    "--report",
    is_flag=False,
    flag_value="",
    metavar="[FILE.html]",
    help="Write the grading as a page, with pictures.  [default: build/reports/LESSON.html]",
)
@click.option("--open", "open_it", is_flag=True, help="Write the page and open it in a browser.")
@click.option("--debug", is_flag=True, help="Run in this process, so that breakpoint() works. Never official.")
@click.option("--verbose", is_flag=True, help="Every failed check, and what the code printed.")
def main(
    lessons: tuple[str, ...],
    submission: Path | None,
    as_json: bool,
    verbose: bool,
    report: str | None,
    open_it: bool,
    **options: Any,
) -> None:
    """Grade LESSON...

    \b
    A LESSON is  lesson-7.2                      a module
                 lesson-7.2.1                    a lesson
                 lesson-7.2.1/score_from_noise   an exercise
                 all                             the whole course

    \b
    Examples:
      grade lesson-7.2
      grade lesson-7.2.1/score_from_noise --verbose
      grade lesson-7.2 --report --open
      grade all --submission ~/my-solutions --json

    Exit code: 0 every point earned, 1 some not, 2 the request was wrong, 3 the grader failed.
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId

    if options["device"] == "cuda" and options["sandbox"] == "strict":
        _stop("a GPU worker cannot be isolated, because the driver needs what a sandbox closes; leave out"
              " --sandbox strict, or grade with --device cpu", BAD_REQUEST)  # fmt: skip
    if report and not report.endswith(".html"):
        _stop(f"--report {report}: the name of a page ends in .html; to have it named for you, put --report last",
              BAD_REQUEST)  # fmt: skip
    wanted = report is not None or open_it
    try:
        catalog = Catalog.locate()
        targets = catalog.find(lessons)
        planned = _planned(catalog, lessons)
        grading, exhibits = _grade(catalog, targets, submission or catalog.root / "exercises", as_json, wanted, options)
    except UnknownId as error:
        _stop(str(error), BAD_REQUEST)
    except CourseError as error:
        _stop(str(error), BAD_REQUEST)
    _show(grading, as_json, verbose, planned)
    if wanted:
        from blindgrade.frontends.reports import default_path

        page = Path(report) if report else default_path(catalog, lessons)
        _report(page, catalog, targets, grading, exhibits, open_it)
    sys.stdout.flush()
    os._exit(_exit_code(grading))  # all is said and ended; taking torch apart in order would keep the student waiting


def _report(
    page: Path, catalog: Catalog, targets: list[Target], grading: Grading, exhibits: Exhibits | None, open_it: bool
) -> None:
    from blindgrade.frontends.reports import open_report, write_report

    try:
        write_report(page, catalog, targets, grading, exhibits=exhibits)
    except OSError as error:
        _stop(f"the report could not be written to {page} ({error.strerror}); name another --report FILE.html",
              BAD_REQUEST)  # fmt: skip
    opened = open_it and open_report(page)
    click.echo(f"  Report: {page}{'' if opened or not open_it else ' (no browser was found to open it)'}", err=True)


def _grade(
    catalog: Catalog, targets: list[Target], submission: Path, as_json: bool, drawn: bool, options: dict[str, Any]
) -> tuple[Grading, Exhibits | None]:
    from blindgrade.engine.workers import SandboxMissing, Zygote

    with Zygote.for_targets(targets, sandbox=options["sandbox"], device=options["device"]) as warm:
        # The warm process imports torch on another core while this one does, so it is started before the import below.
        if not options["debug"]:
            warm.start()
        from blindgrade.engine.exhibits import Exhibits
        from blindgrade.engine.runner import GraderFailed, Options, grade
        from blindgrade.engine.submission import SubmissionError

        _need_device(options["device"])
        exhibits = Exhibits() if drawn else None
        total = sum(len(t.exercises) for t in targets)
        quiet = as_json or options["debug"] or not sys.stderr.isatty()
        with nullcontext(None) if quiet else _Progress(total) as progress:
            try:
                grading = grade(
                    catalog, targets, submission, Options(progress=progress, exhibits=exhibits, **options), warm
                )
            except (SubmissionError, SandboxMissing) as error:
                _stop(str(error), BAD_REQUEST)
            except GraderFailed as error:
                _stop(str(error), GRADER_FAILED)
        if warm.missing and warm.sandbox == "process":
            _say_unisolated(warm.missing)
    return grading, exhibits


def _need_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        _stop(f"--device cuda: torch {torch.__version__} finds no GPU on this machine; use --device cpu", BAD_REQUEST)


def _say_unisolated(missing: dict[str, str]) -> None:
    why = "; ".join(f"{layer}: {reason}" for layer, reason in missing.items())
    click.echo(
        f"grade: this code ran without isolation, as you ({why}). Fine for your own; for others' code, see what"
        " `grade --sandbox strict` says is needed.",
        err=True,
    )


class _Progress:
    """A bar on standard error, with the exercise that is running."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<44}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=total)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def __call__(self, lesson: str, exercise: str, outcome: Outcome | None) -> None:
        self._bar.update(self._task, description=f"{lesson}/{exercise}", advance=0 if outcome is None else 1)


def _planned(catalog: Catalog, ids: tuple[str, ...]) -> list[str]:
    """Lessons that the ids cover but that are not written yet."""
    prefixes = [f"{i}." for i in ids]
    return [
        f"{e.id} {e.title}"
        for e in catalog.entries
        if e.status == "planned" and ("all" in ids or any(f"{e.id}.".startswith(p) for p in prefixes))
    ]


def _show(grading: Grading, as_json: bool, verbose: bool, planned: list[str]) -> None:
    if as_json:
        click.echo(grading.model_dump_json(by_alias=True, indent=1))
        return
    from rich.console import Console

    from blindgrade.render.terminal import print_grading

    console = Console(highlight=False)
    print_grading(grading, console, verbose=verbose)
    if planned:
        console.print(f"  Planned, not graded: {', '.join(planned)}\n", style="dim", markup=False)


def _exit_code(grading: Grading) -> int:
    outcomes = [r.outcome for a in grading.lessons for r in a.exercises]
    if "error" in outcomes:
        return GRADER_FAILED
    return EVERY_POINT if grading.points >= grading.max_points - 1e-9 else SOME_NOT


def _stop(message: str, code: int) -> NoReturn:
    from blindgrade.render.safe import shown

    click.echo(f"grade: {shown(message)}", err=True)
    sys.exit(code)
