"""`python -m blindgrade.manual [FOLDER]`: write the source of the documentation site; `make docs` builds it."""

from __future__ import annotations

import sys
from pathlib import Path

from blindgrade.manual.site import SiteError, write_site

FOLDER = Path("build/site")


def main(arguments: list[str]) -> int:
    """Exit code: 1 if the documentation has a fault."""
    try:
        write_site(Path.cwd(), Path(arguments[0]) if arguments else FOLDER)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
