"""Options of the commands that work with the grading service."""

from __future__ import annotations

from pathlib import Path

import click

data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The service's own folder.  [default: service/ of the course]",
)

database = click.option(
    "--database",
    metavar="URL",
    help="A PostgreSQL database, as in postgresql+psycopg2://USER@HOST/NAME.  [default: SQLite in the data folder]",
)
