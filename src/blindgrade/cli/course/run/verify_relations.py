"""Run `course verify --relations`."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from blindgrade.catalog import Catalog
from blindgrade.cli.as_json import print_json
from blindgrade.cli.bars import Bar
from blindgrade.render.safe import shown
from blindgrade.verify.bench import Effort
from blindgrade.verify.relations import Related, counts, relations_of

NAME = 24  # columns of a misconception's name
SCHEMA = "blindgrade/relations/v1"


def show_relations(catalog: Catalog, ids: tuple[str, ...], effort: Effort, *, as_json: bool) -> None:
    """Print which relations the misconceptions' replies have. UnknownId or CourseError for a wrong request."""
    with Bar() as bar:
        found = relations_of(catalog, ids, effort.workers, bar.step)
    if as_json:
        return print_json({"schema": SCHEMA, "misconceptions": [asdict(one) for one in found]}, indent=2)
    console = Console()
    for exercise, group in groupby(found, key=lambda one: f"{one.lesson}/{one.exercise}"):
        console.print(Text(exercise, "bold"), _table(list(group)))
    related = sum(bool(one.relations) for one in found)
    console.print(f"\n{related} of {len(found)} misconceptions have a relation", highlight=False)
    for name, count in counts(found).items():
        console.print(f"  {count:4} {name}", highlight=False)


def _table(found: list[Related]) -> Padding:
    """A line for each misconception: its name, its relations, and the sentence that students may read."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=NAME)
    table.add_column(overflow="fold")
    for one in found:
        sentence = next((text for text in one.relations.values() if text), "")
        names = Text(", ".join(one.relations) or "no relation", "" if one.relations else "dim")
        table.add_row(one.misconception, Text.assemble(names, f": {shown(sentence)}" if sentence else ""))
    return Padding(table, (0, 0, 0, 2))
