"""Canaries exist while the context lasts and are gone afterwards. A trace of an attack is seen."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from blindgrade.attack.canaries import SECRET, Canaries, descendants, new_processes

MINI = Path(__file__).parents[1] / "courses" / "mini"


def test_every_canary_is_gone_after_the_run() -> None:
    before = tempfile.gettempdir()
    with Canaries(MINI) as canaries:
        files = [Path(path) for path in canaries.values["canaries"].split()]
        assert all(file.read_text() == canaries.token for file in files)
        assert canaries.token in canaries.lesson.solution.read_text()
        assert os.environ[SECRET] == canaries.token
        left = Path(tempfile.gettempdir()) / canaries.mark
        left.touch()
    assert not any(file.exists() for file in [*files, canaries.private, left])
    assert SECRET not in os.environ and tempfile.gettempdir() == before


def test_the_course_that_is_attacked_is_a_copy() -> None:
    with Canaries(MINI) as canaries:
        assert canaries.course != MINI
        assert canaries.token not in "".join(path.read_text() for path in MINI.rglob("*.py"))


def test_a_left_or_changed_file_is_a_trace() -> None:
    with Canaries(MINI) as canaries:
        before = canaries.traces()
        assert canaries.traces() == before
        with canaries.temporary_folder():
            Path(tempfile.mkdtemp())
        Path("/tmp", canaries.mark).touch()
        (canaries.course / "new").touch()
        canaries.lesson.stub.write_text("")
        after = canaries.traces()
    changed = {name for name in after if after[name] != before.get(name)}
    assert len(changed) == 4 and any("tmp/bgmark" in name for name in changed)


def test_every_kind_of_connection_is_counted() -> None:
    with Canaries(MINI) as canaries:
        values = canaries.values
        socket.create_connection(("127.0.0.1", int(values["port"]))).close()
        for address in (values["unix"], "\0" + values["abstract"]):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", ("127.0.0.1", int(values["udp"])))
        assert canaries.connections() == 4
        assert canaries.connections() == 0


def test_placeholders_are_filled_and_other_braces_stay() -> None:
    with Canaries(MINI) as canaries:
        assert canaries.filled("{{mark}} {{7*7}} {x}") == f"{canaries.mark} {{{{7*7}}}} {{x}}"


def test_a_process_that_an_attack_left_is_found_without_its_parent_too() -> None:
    with Canaries(MINI):
        before = descendants()
        subprocess.run(["sh", "-c", "setsid sleep 30 & echo"], stdout=subprocess.DEVNULL, check=True)
        left = new_processes(before)
        assert len(left) == 1 and "sleep 30" in " ".join(left.values())
        for pid in left:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        assert new_processes(before) == {}
