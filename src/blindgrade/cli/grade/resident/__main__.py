"""The process that `grade` leaves behind: `python -P -m blindgrade.cli.grade.resident COURSE`.

It listens before it imports anything large, so that the first command can hand over its work at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from blindgrade.engine.worker import garbage
from blindgrade.resident.listener import Listener
from blindgrade.resident.place import NoPlace, place_of
from blindgrade.resident.use import refusal


def main() -> None:
    """Serve the course until there is a reason to end."""
    root = Path(sys.argv[1])
    if why := refusal(root, os.environ):
        sys.exit(f"no resident for {root}: {why}")
    try:
        place = place_of(root, os.environ)
    except NoPlace as error:
        sys.exit(str(error))
    listener = Listener(place)
    garbage.search_not()  # until the first command's work has imported torch
    # These import click, pydantic and rich.
    from blindgrade.cli.grade.resident.service import GradeService
    from blindgrade.resident.server import Server

    service = GradeService(root)
    why = Server(listener, service).run()
    service.close()
    print(f"ended: {why}", file=sys.stderr, flush=True)
    os._exit(0)  # a normal exit would wait for the thread that listens, and takes torch apart


if __name__ == "__main__":
    main()
