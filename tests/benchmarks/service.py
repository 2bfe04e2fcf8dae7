"""What the grading service is held to, beside `course grade` in the same run: `make bench-service`.

Both grade the same submissions. A driver on loopback: students who submit within a minute and wait for their results by
long polls. Times of gradings are from the service's own rows (accepted and graded), so they do not have the grid on
which results appear.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.cohort import LESSON, as_files, cut_course, ours, texts
from tests.served import Served

from blindgrade.catalog import Catalog
from blindgrade.service import people
from blindgrade.service.database.connect import Database

API = "/api/v1"


@dataclass
class Seen:
    """What the driver saw: seconds until the acknowledgement, and until the result, by uuid."""

    accepted: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def enrolled(served: Served, students: list[str]) -> dict[str, str]:
    """A token for each student, written into the service's database as `course invite` does."""
    database = Database(f"sqlite:///{served.data / 'service.db'}")
    with database.writing() as session:
        found = {
            one: people.issue(session, people.enrol(session, one), "access", days=1) for one in students
        }  # fmt: skip
    database.close()
    return found


async def drive(url: str, work: dict[str, str], tokens: dict[str, str], seconds: float, module: str) -> Seen:
    """Each student submits once, evenly over the seconds, and waits for the result."""
    seen = Seen()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=120, trust_env=False) as client:

        async def student(name: str, after: float) -> None:
            await asyncio.sleep(after)
            one, headers = str(uuid.uuid4()), {"Authorization": f"Bearer {tokens[name]}"}
            path = f"{API}/lessons/{LESSON}/submissions/{one}"
            body, begun = {"files": {f"{module}.py": work[name]}}, time.monotonic()
            while True:
                try:
                    answer = await client.put(path, json=body, headers=headers)
                    if answer.status_code in (200, 202):
                        break
                    seen.faults.append(f"{answer.status_code} {answer.text[:200]}")
                    return
                except httpx2.HTTPError:
                    await asyncio.sleep(0.1)
            one = answer.json()["uuid"]
            seen.accepted[one] = time.monotonic() - begun
            while True:
                try:
                    status = (
                        await client.get(f"{API}/lessons/{LESSON}/submissions/{one}?wait=25", headers=headers)
                    ).json()
                except (httpx2.HTTPError, json.JSONDecodeError):
                    await asyncio.sleep(0.1)
                    continue
                if status.get("state") in ("done", "failed", "set_aside", "superseded"):
                    seen.done[one] = time.monotonic() - begun
                    if status["state"] != "done":
                        seen.faults.append(f"{one} is {status['state']}")
                    return

        pause = seconds / max(len(work), 1)
        await asyncio.gather(*(student(name, number * pause) for number, name in enumerate(work)))
    return seen


def family(pid: int) -> list[psutil.Process]:
    """The service's processes."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def cpu(pid: int) -> float:
    """Processor seconds of the service until now, with processes that ended and were waited for."""
    total = 0.0
    for process in family(pid):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def rows(served: Served) -> list[tuple[str, str, float, float]]:
    """Uuid, state, time of acceptance and time of grading of each submission."""
    with sqlite3.connect(served.data / "service.db") as database:
        return list(
            database.execute("SELECT uuid, state, accepted_at, graded_at FROM submissions ORDER BY accepted_at")
        )


def percentile(values: list[float], share: float) -> float:
    """The value below which this share is."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@contextmanager
def service(course: Path, top: Path, workers: int) -> Iterator[Served]:
    """The service of the course, warm, without marks: they are the second grading."""
    found = Served(top, workers=workers, more=("--mark-after", "36000"))
    top.mkdir()
    (top / "course").symlink_to(course)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def main() -> int:
    """Exit code: 1 if something was lost, or double, or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=6.0, help="in which all submit; 2,000 in 60 s is the goal")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--warm", type=int, default=30, help="submissions one after the other")
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    result: dict[str, Any] = {"students": asked.students, "workers": asked.workers, "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        course = cut_course(top / "cut")
        module = Catalog(course).files(LESSON).module
        work = texts(course, asked.students + asked.warm)
        first, many = dict(list(work.items())[: asked.warm]), dict(list(work.items())[asked.warm :])
        batch = ours(course, as_files(many, top / "submitted", module), asked.workers, top / "attempts")
        result["course grade"] = {"wall": round(batch.wall, 1), "cpu each": round(batch.cpu / len(many), 4)}
        with service(course, top / "served", asked.workers) as served:
            assert served.process is not None
            tokens = enrolled(served, list(work))
            for one, text in first.items():
                asyncio.run(drive(served.url, {one: text}, tokens, 0, module))
            took = [graded - accepted for _, _, accepted, graded in rows(served)][2:]
            result["one warm"] = {"p50": round(statistics.median(took), 3), "p99": round(percentile(took, 0.99), 3)}
            before = cpu(served.process.pid)
            seen = asyncio.run(drive(served.url, many, tokens, asked.seconds, module))
            spent = cpu(served.process.pid) - before
            found = rows(served)[asked.warm :]
            begun, last = found[0][2], max(graded or 0 for *_, graded in found)
            waits = [graded - accepted for _, _, accepted, graded in found]
            result["together"] = {
                "accepted p99": round(percentile(list(seen.accepted.values()), 0.99), 3),
                "all": round(last - begun, 1),
                "median": round(statistics.median(waits), 1),
                "cpu each": round(spent / len(many), 4),
                "web MiB": round(psutil.Process(served.pid("web")).memory_info().rss / (1 << 20)),
            }
            print(json.dumps(result), file=sys.stderr)  # if the rest is interrupted
        lost = set(seen.accepted) - {one for one, state, *_ in found if state == "done"}
        double = len(found) - len(seen.accepted)
        result["ratios"] = {
            "all to course grade": round((last - begun) / batch.wall, 2),
            "cpu to course grade": round(spent / batch.cpu, 2),
        }
        result |= {"lost": len(lost), "double": double, "faults": seen.faults[:5]}
    print(json.dumps(result, indent=1))
    return 1 if lost or double or seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
