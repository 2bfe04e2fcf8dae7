"""A PostgreSQL server for a test: without a port, in a folder that is removed at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy


@contextmanager
def postgres() -> Iterator[str]:
    """URL of an empty database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/none")]
    if not found[-1].is_file():
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    home = tempfile.mkdtemp(prefix="blindgrade-pg-")
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []  # it refuses to run as root
    if as_user:
        shutil.chown(home, "postgres")
        os.chmod(home, 0o755)
    run: dict[str, Any] = {"cwd": home, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*as_user, found[-1], "-D", f"{home}/data", "-U", "grader", "-A", "trust"], **run)
    control = [*as_user, found[-1].with_name("pg_ctl"), "-D", f"{home}/data", "-w", "-l", f"{home}/log"]
    subprocess.run([*control, "-o", f"-c listen_addresses= -k {home} -F", "start"], **run)
    try:
        yield f"postgresql+psycopg2://grader@/postgres?host={home}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
        shutil.rmtree(home)


def new_database(server: str, name: str) -> str:
    """URL of another empty database of the server."""
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")
