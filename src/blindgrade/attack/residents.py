"""Resident graders that answer whoever their door lets in, and count it: no attack may be among them."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from blindgrade.resident import messages
from blindgrade.resident.listener import Listener
from blindgrade.resident.messages import ANSWER
from blindgrade.resident.place import Place


class Residents:
    """Two of them, one at a socket and one at a port. Their context ends them. `values` are for attacks' texts."""

    def __init__(self, folder: Path, token: str) -> None:
        folder.mkdir(mode=0o700)
        places = [Place(folder, "socket"), Place(folder, "port", loopback=True)]
        self._token = token
        self._listeners = [Listener(place) for place in places]
        self._answered = 0
        self.values = {
            "resident_socket": str(places[0].socket),
            "resident_cards": " ".join(str(place.card) for place in places),
            "resident_port": str(self._listeners[1].card.port),
        }

    def __enter__(self) -> Self:
        for listener in self._listeners:
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for listener in self._listeners:
            listener.close()

    def answered(self) -> int:
        """Number of requests that were answered since the last call."""
        found, self._answered = self._answered, 0
        return found

    def _serve(self, listener: Listener) -> None:
        while not listener.closed:
            found = listener.accept(0.5)
            if found is not None:
                self._answered += 1
                with suppress(messages.Gone), found[0]:
                    messages.send_data(found[0], ANSWER, {"token": self._token})
