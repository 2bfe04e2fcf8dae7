"""`python -m blindgrade`, the same as `blindgrade`."""

from __future__ import annotations

from blindgrade.cli.blindgrade import main

if __name__ == "__main__":
    main()
