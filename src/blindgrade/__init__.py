"""blindgrade. Nothing is imported here: a worker loads this module, too, and must load nothing else of ours by it."""

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext blindgrade`: the magic `%grade` and its completion."""
    from blindgrade.notebook import register

    register(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext blindgrade`."""
    from blindgrade.notebook import unregister

    unregister(shell)
