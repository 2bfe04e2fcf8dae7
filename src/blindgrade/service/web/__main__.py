"""The web process: `python -m blindgrade.service.web SETTINGS SOCKET`. `course serve` starts it.

The socket is open already, so no request is refused while this process starts again.
"""

from __future__ import annotations

import resource
import socket
import sys

import uvicorn

from blindgrade.engine.sandbox.tiers import die_with_parent
from blindgrade.service.places import Settings, note_pid
from blindgrade.service.web.app import make_app

STOP_SECONDS = 5


def main(settings: Settings, descriptor: int) -> None:
    """Serve until the process is stopped."""
    die_with_parent()
    note_pid(settings.data, "web")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each waiting student is a connection
    config = uvicorn.Config(
        make_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=16 << 10,
        lifespan="on",
    )
    uvicorn.Server(config).run([socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(Settings.from_json(sys.argv[1]), int(sys.argv[2]))
