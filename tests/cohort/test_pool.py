"""Worker processes: every task gets one answer, whatever happens to its process."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

from blindgrade.cohort.pool import Answer, Pool, Task


class Obeys:
    """Work that does what its task says."""

    def do(self, content: bytes) -> bytes:
        order, _, rest = content.decode().partition(" ")
        if order == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "die-once" and not os.path.exists(rest):
            open(rest, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "make":
            open(rest, "w").close()
        if order == "sleep":
            time.sleep(float(rest))
        if order == "raise":
            raise ValueError(rest)
        return f"{order} {os.getpid()}".encode()

    def close(self) -> None:
        """There are no resources to release."""


def answers(orders: list[str], workers: int = 2, seconds: float = 60.0) -> dict[str, tuple[bytes | None, str]]:
    with Pool(Obeys(), workers) as pool:
        found = {}
        for task, result, reason in pool.run([Task(order, order.encode(), seconds) for order in orders]):
            assert task.name not in found
            found[task.name] = (result, reason)
        pids = pool.pids
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    return found


def test_every_task_is_answered_by_one_of_the_workers() -> None:
    found = answers([f"echo {n}" for n in range(40)])
    assert len(found) == 40
    assert 1 <= len({result for result, _ in found.values()}) <= 2


def test_a_worker_that_dies_twice_at_a_task_costs_that_task_alone() -> None:
    found = answers(["echo 1", "die", "echo 2", "echo 3"])
    assert found["die"] == (None, "the grader's process died 2 times; grade this submission yourself")
    assert all(found[f"echo {n}"][0] for n in (1, 2, 3))


def test_a_task_is_tried_again_when_its_worker_died_once(tmp_path: Path) -> None:
    order = f"die-once {tmp_path}/once"
    assert answers([order, "echo 1"])[order][0] is not None


def test_a_task_that_takes_too_long_is_ended_and_the_rest_goes_on() -> None:
    found = answers(["sleep 60", "echo 1", "echo 2"], seconds=1.0)
    assert found["sleep 60"][1] == "the grader took more than 1 s; grade this submission yourself"
    assert found["echo 2"][0] is not None


def test_an_error_of_the_work_is_the_reason() -> None:
    assert answers(["raise no room"])["raise no room"] == (None, "the grader stopped: ValueError: no room")


def test_workers_end_with_the_process_that_started_them() -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with Pool(Obeys(), 2) as pool:
            for _ in pool.run([Task("echo", b"echo", 60.0), Task("sleep", b"sleep 600", 600.0)]):
                os.write(write, b"working")
        os._exit(0)
    os.close(write)
    assert os.read(read, 100) == b"working"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    # The workers hold the other end as well: it is at its end when all of them are gone.
    assert select.select([read], [], [], 60.0)[0] and os.read(read, 100) == b""


def test_a_worker_goes_on_while_its_last_result_is_looked_at(tmp_path: Path) -> None:
    made = [tmp_path / "1", tmp_path / "2", tmp_path / "3"]
    with Pool(Obeys(), 1) as pool:
        results = pool.run([Task(str(path), f"make {path}".encode(), 60) for path in made])
        next(results)
        deadline = time.monotonic() + 20
        while not made[1].exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert made[1].exists()
        assert len(list(results)) == 2


def test_nobody_hoards_the_last_tasks() -> None:
    found = answers(["sleep 0.4", "sleep 0.41", "sleep 0.42", "sleep 0.43"], workers=4)
    assert len({result.split()[1] for result, _ in found.values() if result}) == 4


def test_a_task_that_only_waited_for_a_dead_worker_is_not_blamed(tmp_path: Path) -> None:
    found = answers(["die", *(f"die-once {tmp_path}/{n}" for n in range(3)), "echo 1"], workers=1)
    assert [order for order, (result, _) in found.items() if result is None] == ["die"]


def given(pool: Pool, orders: list[str], seconds: float = 60.0) -> dict[str, Answer]:
    """Answers to tasks that are given one by one, when there is room."""
    found: dict[str, Answer] = {}
    waiting = list(orders)
    ends = time.monotonic() + 60
    while len(found) < len(orders) and time.monotonic() < ends:
        while waiting and pool.room():
            order = waiting.pop(0)
            pool.give(Task(order, order.encode(), seconds))
        for one in pool.answers(0.5):
            assert one.task.name not in found
            found[one.task.name] = one
    return found


def test_tasks_that_come_one_by_one_are_answered_each_once() -> None:
    with Pool(Obeys(), 2) as pool:
        pool.start()
        assert (pool.size, pool.room(), pool.room(2)) == (2, 2, 4)
        assert pool.answers(0.01) == []
        found = given(pool, [f"echo {n}" for n in range(20)])
    assert len(found) == 20 and not any(one.died or one.reason for one in found.values())


def test_the_caller_hears_that_a_task_ended_its_worker_and_the_other_tasks_go_on() -> None:
    with Pool(Obeys(), 1) as pool:
        pool.start()
        for order in ("die", "echo 1"):  # the second is in the pipe of the worker that dies
            pool.give(Task(order, order.encode(), 60.0))
        found: dict[str, Answer] = {}
        while len(found) < 2:
            found |= {one.task.name: one for one in pool.answers(5)}
        slow = given(pool, ["sleep 60"], seconds=0.3)["sleep 60"]
        wrong = given(pool, ["raise no room"])["raise no room"]
    assert (found["die"].died, found["die"].result) == (True, None)
    assert found["echo 1"].result is not None
    assert slow.died and "more than" in slow.reason
    assert not wrong.died and "no room" in wrong.reason


def test_a_descriptor_ends_the_wait_for_answers() -> None:
    read, write = os.pipe()
    with Pool(Obeys(), 1) as pool:
        pool.start()
        os.write(write, b".")
        begun = time.monotonic()
        assert pool.answers(30, [read]) == []
        assert time.monotonic() - begun < 10
    os.close(read)
    os.close(write)
