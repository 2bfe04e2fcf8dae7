"""Python's search for unreachable objects, which is off while a process imports torch.

An import makes some 100 000 objects that stay. The search looks at them again and again, takes a tenth of the time of
`import torch`, and finds nothing. `python -m blindgrade.engine.worker.garbage MODULE ARGUMENTS` runs the function
`main` of a module, whose imports then cost no search. That module turns the search on again.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module


def search_not() -> None:
    """Turn the search off, until `search_new`."""
    gc.disable()


def search_new() -> None:
    """Turn the search on, if it is off, for objects that are made from now on. All others stay until the end."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    search_not()
    import_module(sys.argv.pop(1)).main()
