"""Run `course verify --watch`: prove again after each change of the course's files."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.exits import say

EVERY = 0.3  # seconds between two looks at the files
FOLDERS = ("exercises", "solutions", "graders")


def watch_course(catalog: Catalog, prove_once: Callable[[], None]) -> None:
    """Call `prove_once` now and after each change, until Ctrl-C.

    Each call runs in a forked process, which imports the course's files anew; torch is imported once.
    """
    seen: dict[Path, int] = {}
    try:
        while True:
            now = _state(catalog.root)
            if now != seen:
                seen = now
                _in_a_fork(prove_once)
                click.echo("watching; Ctrl-C ends", err=True)
            time.sleep(EVERY)
    except KeyboardInterrupt:
        click.echo(err=True)


def _in_a_fork(prove_once: Callable[[], None]) -> None:
    process = multiprocessing.get_context("fork").Process(target=_guarded, args=(prove_once,))
    process.start()
    process.join()


def _guarded(prove_once: Callable[[], None]) -> None:
    """A file that is wrong while its author writes it gives a sentence. The watch goes on."""
    try:
        prove_once()
    except CourseError as error:
        say(str(error))
    except KeyboardInterrupt:
        pass


def _state(root: Path) -> dict[Path, int]:
    """Time of the last change of each file that a proof may depend on."""
    found = {}
    for folder in FOLDERS:
        for kind in ("*.py", "*.toml"):
            for path in (root / folder).rglob(kind):
                try:
                    found[path] = path.stat().st_mtime_ns
                except OSError:
                    continue  # it was just removed or renamed
    return found
