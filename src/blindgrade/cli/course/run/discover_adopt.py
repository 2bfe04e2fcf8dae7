"""Run `course discover --adopt`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
import torch

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, Target
from blindgrade.cli.bars import Bar
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, say, stop
from blindgrade.cohort_report.groups import AnswerGroup, Grouped
from blindgrade.discover.adopting import Adoption, NotAdopted, adoption
from blindgrade.discover.entries import NoEntry
from blindgrade.render.safe import shown
from blindgrade.verify.mutant import NEEDED, can_make_mutants


def adopt_group(
    catalog: Catalog,
    targets: Sequence[Target],
    found: Sequence[Grouped],
    store: AttemptStore,
    wanted: str,
    name: str,
    hint: str,
    *,
    yes: bool,
) -> int:
    """Adopt the group whose id begins with `wanted`. Return the exit code."""
    group = _chosen(found, wanted)
    target = next(t for t in targets if t.lesson.id == group.lesson)
    if not can_make_mutants():
        stop(f"{NEEDED} is not installed; run pip install 'blindgrade[discover]'", BAD_REQUEST)
    torch.set_num_threads(1)
    try:
        with Bar() as bar:
            planned = adoption(catalog, target, store, group, name, hint, os.cpu_count() or 1, bar.step)
        _must_be_read(planned, yes)
        with Bar() as bar:
            proofs = planned.adopt(bar.step)
    except (NotAdopted, NoEntry) as error:
        say(f"{group.id} is not adopted: {error}")
        return SOME_NOT
    path = planned.path.relative_to(catalog.root)
    click.echo(shown(planned.entry.text))
    click.echo(f"\nwrote it into {path}; {len(proofs)} proofs of `{group.exercise}` hold")
    click.echo(f"next: `course build`, commit, and `course grade {group.lesson} SUBMITTED/`, which now names `{name}`")
    return ALL_DONE


def _must_be_read(planned: Adoption, yes: bool) -> None:
    """End the command if the entry is a student's code and nobody says that they read it."""
    if not planned.entry.of_a_student or yes:
        return
    click.echo(shown(planned.entry.text), err=True)
    question = "This code is a student's. It runs without a sandbox when the course is verified. Have you read it?"
    if not sys.stdin.isatty():
        stop(f"{question} Then repeat the command with --yes", BAD_REQUEST)
    if not click.confirm(question, err=True):
        stop("nothing is written", SOME_NOT)


def _chosen(found: Sequence[Grouped], wanted: str) -> AnswerGroup:
    groups = [group for one in found for group in one.groups]
    fitting = [group for group in groups if wanted and group.id.startswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{group.id} ({group.exercise})" for group in (fitting or groups)[:5]) or "there is none"
    reason = f"{len(fitting)} groups begin with {wanted!r}" if fitting else f"there is no group {wanted!r}"
    stop(f"{reason}; the groups are: {listed}; `course discover {found[0].lesson.id} --all` shows all", BAD_REQUEST)
