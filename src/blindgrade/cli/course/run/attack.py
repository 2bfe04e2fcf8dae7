"""Run `course attack`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from blindgrade.attack.corpus import CORPUS, CorpusError, read_corpus
from blindgrade.attack.defence import Result, face_all
from blindgrade.cli.as_json import print_json
from blindgrade.cli.bars import Bar
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.engine.grading.worker_client import ZygoteFailed
from blindgrade.render.safe import shown


def attack(names: tuple[str, ...], corpus: Path | None, sandbox: Any, as_json: bool) -> None:
    """Attack the sandbox and show the result of each attack."""
    folder = (corpus or CORPUS).absolute()
    with stops(BAD_REQUEST, CorpusError, ZygoteFailed):
        attacks = read_corpus(folder, names)
        with Bar(len(attacks)) as bar:
            tier, results = face_all(attacks, folder.parent / "courses" / "mini", sandbox, bar.step)
    held = all(r.held or r.skipped for r in results)
    if as_json:
        found = {"held": held, "open": [r.name for r in results if r.open], "attacks": results}
        print_json({"schema": "blindgrade/attacks/v1", "sandbox": tier, **found}, indent=2)
    else:
        _show(tier, results, Console(highlight=False))
    sys.exit(ALL_DONE if held else SOME_NOT)


def _show(tier: str, results: list[Result], console: Console) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("attack", "what it tries", ""):
        table.add_column(column)
    for result in results:
        table.add_row(result.name, result.sentence, _word(result))
    console.print(table)
    for result in results:
        if not result.held and not result.skipped:
            console.print(Text.assemble(("\n✗ ", "red"), (result.name, "bold"), "\n  ", shown(result.what)))
            console.print(Text.assemble("  again: ", (f"course attack {result.name}", "cyan")))
    for reason in dict.fromkeys(r.what for r in results if r.skipped and not r.open):
        console.print(f"\n{sum(r.what == reason for r in results)} skipped: {reason}", markup=False)
    faced = [r for r in results if not r.skipped]
    console.print(f"\n{sum(r.held for r in faced)} of {len(faced)} attacks held in the sandbox {tier!r}", markup=False)
    if nothing_against := sum(r.open for r in results):
        console.print(
            f"{nothing_against} more were not tried, because this sandbox has nothing against them. It is for your own"
            " code alone: code in it can do all that you can.", markup=False,
        )  # fmt: skip


def _word(result: Result) -> Text:
    if result.open:
        return Text("not held", "red")
    if result.skipped:
        return Text("skipped", "dim")
    return Text("held", "green") if result.held else Text("got through", "red")
