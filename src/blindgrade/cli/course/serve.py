"""`course serve`: the grading service."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.course import service_options
from blindgrade.cli.lazy import runs


@click.command()
@service_options.data
@service_options.database
@options.attempts
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--url", metavar="URL", help="The address that people use, if it is another one: https://grade.example.org."
)
@click.option("--workers", type=click.IntRange(1), help="Gradings at once.  [default: one a processor]")
@click.option("--cluster", metavar="ADDRESS", help="Grade on the Dask cluster with this scheduler.")
@click.option(
    "--mark-after",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Seconds without a newer submission of a student until the mark of the last one is computed.",
)
@click.option("--reindex", is_flag=True, help="Make the index of attempts anew from their files, and end.")
@options.sandbox
@runs("blindgrade.cli.course.run.serve:serve", needs=("fastapi", "serve"), one_thread=True, forks=True)
def serve() -> None:
    """Start the grading service.

    It grades what students hand in with `grade LESSON --submit`, at once.

    It starts a web server and a grader, keeps them running, and stops with Ctrl-C. What was accepted is never lost.
    Submissions, people and the queue are in the data folder. Invite people with `course invite`, also while it runs.
    Behind a web server that has a certificate, name the public address with --url. docs/service.md has more.

    \b
    Examples:
      course serve
      course serve --data /srv/course-data --url https://grade.example.org
      course serve --database postgresql+psycopg2://grader@db/course --workers 8

    Exit code: 0 stopped, 2 the request was wrong, 3 the service could not go on.
    """
