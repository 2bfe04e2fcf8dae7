"""`kill -9` of a service's processes while students submit: nothing acknowledged is lost, and nothing is double."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass, field

from blindgrade.submitting.client import RefusedByService, Unreachable
from blindgrade.submitting.wire_models import FINAL, Receipt

from .served import LESSON, SOLUTION, Served


@dataclass
class Load:
    """Students who submit, one after the other, each a new version every moment, until they are stopped."""

    service: Served
    pause: float = 0.3
    receipts: dict[str, Receipt] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def student(self, name: str) -> None:
        """Submit until stopped. What was not acknowledged is sent again under the same uuid."""
        client, number = self.service.client(name), 0
        while not self.stopped.is_set():
            number += 1
            one, files = str(uuid.uuid4()), {"basics.py": f"{SOLUTION}\n# {name} {number}\n"}
            while True:
                try:
                    status = client.submit(LESSON, one, files)
                except Unreachable:
                    time.sleep(0.05)
                    continue
                except RefusedByService as error:
                    if error.retry_after is None:
                        self.refused.append(str(error))
                        break
                    time.sleep(0.05)
                    continue
                assert status.receipt is not None
                self.receipts[one] = status.receipt
                break
            self.stopped.wait(self.pause)


def kill_under_load(service: Served, students: list[str], kills: int, pause: float, seed: int = 0) -> Load:
    """Kill the web or the grader at random moments while the students submit; then wait until all is graded."""
    draw = random.Random(seed)
    load = Load(service)
    threads = [threading.Thread(target=load.student, args=(name,)) for name in students]
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            time.sleep(draw.uniform(0.2, 1.8) * pause)
            service.kill(draw.choice(["web", "grader"]))
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join(60)
    return load


def lost_or_double(service: Served, load: Load, seconds: float) -> list[str]:
    """What is wrong after the load, in words; empty if nothing is. Waits for the last results at most this long."""
    ends = time.monotonic() + seconds
    wrong = list(load.refused)
    states = {}
    for one, receipt in load.receipts.items():
        client = service.client(receipt.student)
        while time.monotonic() < ends:
            try:
                status = client.status(LESSON, one, 5)
            except Unreachable:
                time.sleep(0.1)
                continue
            except RefusedByService as error:
                wrong.append(f"{one} of {receipt.student} was acknowledged and is lost: {error}")
                break
            states[one] = status
            if status.receipt != receipt:
                wrong.append(f"{one} has another receipt now")
            if status.state in FINAL:
                break
        else:
            wrong.append(f"{one} of {receipt.student} has no result after {seconds} s")
    last = {receipt.student: one for one, receipt in sorted(load.receipts.items(), key=lambda item: item[1].number)}
    for one, status in states.items():
        expected = ("done",) if one in last.values() else ("done", "superseded")
        if status.state not in expected:
            wrong.append(f"{one} is {status.state}: {status.message}")
        if status.state == "done" and (status.view is None or status.view.points != 100.0):
            wrong.append(f"{one} has a wrong result")
    return wrong + _double(service, load)


def _double(service: Served, load: Load) -> list[str]:
    numbers = [(receipt.student, receipt.number) for receipt in load.receipts.values()]
    wrong = ["two submissions have one number"] * (len(numbers) - len(set(numbers)))
    attempts = [path for path in (service.data / "attempts" / ".feedback" / LESSON).glob("*/*.json")]
    database = sqlite3.connect(service.data / "service.db")
    [(done,)] = database.execute("SELECT count(*) FROM submissions WHERE state = 'done'")
    [(rows,)] = database.execute("SELECT count(*) FROM submissions")
    [(indexed,)] = database.execute("SELECT count(*) FROM attempts WHERE purpose = 'feedback'")
    database.close()
    if rows != len(load.receipts):
        wrong.append(f"{rows} submissions are stored and {len(load.receipts)} were acknowledged")
    # A superseded submission may have been graded just before its grader was killed, so it may have a file.
    if not done <= len(attempts) <= rows or not done <= indexed <= len(attempts):
        wrong.append(f"{done} submissions are done, with {len(attempts)} attempts of which {indexed} are in the index")
    return wrong
