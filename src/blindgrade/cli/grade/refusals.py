"""Options of `grade` that contradict each other. Nothing large is imported for them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from blindgrade.cli.exits import BAD_REQUEST, stop

if TYPE_CHECKING:
    from blindgrade.catalog import Target

FORMATS = ("junit", "sarif", "summary")  # files that are written in addition to the screen
MODES = ("as_json", "problems", "verbose", "hint", "show", "watch", "report", "open_it", "explain")
NAMES = {"json": "as_json"}


def refuse_what_cannot_be(lessons: tuple[str, ...], options: dict[str, Any]) -> None:
    """End the command if its options contradict each other."""
    if options["device"] == "cuda" and options["sandbox"] == "strict":
        stop("a GPU worker cannot be isolated, because a sandbox blocks files that the driver needs; leave out"
             " --sandbox strict, or grade with --device cpu", BAD_REQUEST)  # fmt: skip
    if options["report"] and not options["report"].endswith(".html"):
        stop(f"--report {options['report']}: the name of a page ends in .html; for the default name, put --report"
             " last", BAD_REQUEST)  # fmt: skip
    page = ["report"] * (options["report"] is not None) or ["open"] * options["open_it"]
    written = [*page, *(name for name in ("json", "problems", *FORMATS) if options[NAMES.get(name, name)])]
    if written and (options["hint"] or not lessons):
        stop(f"--{written[0]} needs a grading; name a lesson, as in `grade all --{written[0]}`", BAD_REQUEST)
    if options["as_json"] and options["problems"]:
        stop("--json and --problems both ask for standard output; leave one out", BAD_REQUEST)
    if options["show"] is not None:
        others = [name for name in ("hint", "watch", "debug") if options[name]] or written
        if others or not lessons:
            reason = f"goes without --{others[0]}" if others else "needs an exercise"
            stop(f"--show {reason}; run `grade score_from_noise --show {options['show'] or 'CHECK'}`", BAD_REQUEST)
    if options["explain"] and (options["hint"] or options["watch"] or options["debug"] or not lessons):
        stop("--explain needs lessons, and goes without --hint, --watch and --debug; run"
             " `grade lesson-7.2.1 --explain`", BAD_REQUEST)  # fmt: skip
    if options["watch"] and (written or options["hint"] or options["debug"] or not lessons):
        stop("--watch needs lessons, and goes without --hint, --debug and options that write a file or JSON; run"
             " `grade lesson-7.2.1 --watch`", BAD_REQUEST)  # fmt: skip


def need_solutions(targets: list[Target], reference: str) -> None:
    """End the command if there are no small changes of the solutions to compare with."""
    missing = [t.files.entry.id for t in targets if not t.files.solution.is_file()]
    if missing or reference == "key":
        where = f"this course does not have that of {missing[0]}" if missing else "--reference key uses none"
        stop(f"--explain compares with small changes of the solution, and {where}; leave out --explain", BAD_REQUEST)
    if not hasattr(os, "fork"):
        stop("--explain runs many small changes of the solution, and this system cannot fork; run it in WSL 2, in a"
             " Linux container or on a Linux machine", BAD_REQUEST)  # fmt: skip
    if find_spec("libcst") is None:
        stop("libcst is not installed; run pip install 'blindgrade[discover]', or leave out --explain", BAD_REQUEST)
