"""Standard output that goes on where a resident stopped."""

from __future__ import annotations

from typing import Any


class Resumed:
    """A stream that leaves out the first lines, because they were printed before."""

    def __init__(self, stream: Any, lines: int) -> None:
        self._stream = stream
        self._left = lines

    def write(self, text: str) -> int:
        """Write the text without the lines that are still to be left out."""
        rest = text
        while self._left and "\n" in rest:
            rest = rest.partition("\n")[2]
            self._left -= 1
        if not self._left:
            self._stream.write(rest)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
