"""Keys of `grade --watch`, where Python has the module that reads them. Windows has it not, and watches without."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

try:
    from blindgrade.cli.grade.watch.keyboard import Keyboard
except ImportError:  # no `termios`
    HAS_KEYS = False
else:
    HAS_KEYS = True


def keys(pressed: Callable[[str], None], resumed: Callable[[], None]) -> AbstractContextManager[object]:
    """Context in which `pressed` is called with each key; see `Keyboard`. Without keys, Ctrl-C ends the watch."""
    return Keyboard(pressed, resumed) if HAS_KEYS else nullcontext()
