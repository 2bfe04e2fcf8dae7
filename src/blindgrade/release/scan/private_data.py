"""Data of private toys, such as the weights of a judge, as pieces that a release must not contain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blindgrade.release.scan.opening import opened
from blindgrade.release.scan.pieces import Piece, squeezed
from blindgrade.shared_files import private_assets


def private_data(root: Path) -> Iterator[Piece]:
    """A piece for each file in graders/assets: its arrays, which are known again under any name and in any archive.

    A file of another kind is private line by line. CannotOpen if it is neither text nor numbers nor an archive of both.
    """
    for path in private_assets(root):
        piece = Piece("private data", path)
        for text in opened(path.name, path.read_bytes()):
            piece.lines += [(n, squeezed(line)) for n, line in enumerate(text.text.splitlines(), 1)]
        yield piece
