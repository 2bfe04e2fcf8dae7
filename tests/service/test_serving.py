"""The whole path with the real commands: serve, invite, sign in, submit, read, marks."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..served import LESSON, SOLUTION, STUB, Served, case, eventually, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service")) as found:
        found.invite("ana", "ben", "cleo", "dan")
        yield found


def test_a_right_submission_is_accepted_graded_shown_and_marked(service: Served) -> None:
    ana = service.terminal("ana")
    ana.write(SOLUTION)
    done = ana.run(LESSON, "--submit")
    assert done.returncode == 0, done.stderr
    assert "accepted as your submission 1" in done.stdout
    assert "hidden checks" in done.stdout and "100 of 100 points." in done.stdout
    [receipt] = (ana.course / ".blindgrade" / "receipts" / LESSON).iterdir()
    assert json.loads(receipt.read_text())["student"] == "ana"
    marks = eventually(lambda: [one for one in service.standings() if one["up_to_date"]])
    assert [(one["student"], one["points"]) for one in marks] == [("ana", 100.0)]
    feedback, mark = (service.attempts(purpose) for purpose in ("feedback", "mark"))
    assert [(one["purpose"], one["points"]) for one in (*feedback, *mark)] == [("feedback", 100.0), ("mark", 100.0)]
    assert feedback[0]["seed"] != mark[0]["seed"]


def test_the_token_is_outside_of_the_course_and_for_its_user_alone(service: Served) -> None:
    ben = service.terminal("ben")
    [kept] = [path for path in ben.home.rglob("*.json") if "bgt_" in path.read_text()]
    assert ben.course not in kept.parents
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    who = ben.json("whoami")
    assert (who["student"], who["role"]) == ("ben", "student")
    assert ben.run("logout").returncode == 0
    assert ben.run("whoami").returncode == 2
    again = ben.run("login", service.url, "--token", service.tokens["ben"])
    assert again.returncode == 2 and "revoked" in again.stderr


def test_what_is_wrong_and_visible_is_exit_code_1_and_the_json_is_the_services(service: Served) -> None:
    cleo = service.terminal("cleo")
    cleo.write(case("wrong_and_blocked"))
    done = cleo.run(LESSON, "--submit", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["schema"], found["state"], found["position"]) == ("blindgrade/submission/v1", "done", None)
    assert found["view"]["points"] == 20.0
    client = service.client("cleo")
    assert client.status(LESSON, found["uuid"]).model_dump(mode="json", by_alias=True) == found
    again = cleo.run(LESSON, "--submit", "--json")
    assert "nothing changed" in again.stderr and json.loads(again.stdout)["uuid"] == found["uuid"]


def test_while_the_service_is_down_the_files_are_kept_and_the_next_submission_sends_them(service: Served) -> None:
    dan = service.terminal("dan")
    port = int(service.url.rpartition(":")[2])
    assert service.stop() == 0
    dan.write(STUB)
    done = dan.run(LESSON, "--submit", "--json")
    assert done.returncode == 4
    assert "NOT accepted" in done.stderr and "kept" in done.stderr
    assert json.loads(done.stdout)["state"] == "kept"
    service.start(port)
    dan.write(SOLUTION)
    done = dan.run(LESSON, "--submit")
    assert done.returncode == 0 and "sent now" in done.stderr
    assert not list((dan.course / ".blindgrade" / "outbox").glob("*.json"))
    numbers = [path.name[:4] for path in sorted((dan.course / ".blindgrade" / "receipts" / LESSON).iterdir())]
    assert numbers == ["0001", "0002"]


def test_a_link_signs_a_terminal_in_once(service: Served) -> None:
    [invited] = service.invite("eva")
    eva = service.terminal("eva", signed_in=False)
    assert eva.run("login", invited["link"]).returncode == 0
    assert eva.json("whoami")["student"] == "eva"
    again = eva.run("login", invited["link"])
    assert again.returncode == 2 and "was used" in again.stderr


def test_wrong_requests_are_exit_code_2_and_name_the_next_command(service: Served, tmp_path: Path) -> None:
    service.invite("fay")
    fay = service.terminal("fay", signed_in=False)
    for words, said in (
        ((LESSON, "--submit"), "grade login URL"),
        (("--submit",), "grade lesson-7.2.1 --submit"),
        ((f"{LESSON}/standardize", "--submit"), f"grade {LESSON} --submit"),
        ((LESSON, "--no-wait"), "--submit"),
        ((LESSON, "--submit", "--watch"), "--watch"),
    ):
        done = fay.run(*words)
        assert done.returncode == 2, words
        assert said in done.stderr
    assert fay.run("login", service.url, "--token", "bgt_unknown").returncode == 2
    assert fay.run("login", "http://127.0.0.1:9").returncode == 4
    fay.run("login", service.url, "--token", service.tokens["fay"])
    fay.write("x = " + "'" + "y" * (3 << 20) + "'")
    done = fay.run(LESSON, "--submit")
    assert done.returncode == 2 and "basics.py" in done.stderr


def test_ctrl_c_stops_it_cleanly_and_the_reason_for_a_taken_port_is_named(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        second = Served(tmp_path)
        with pytest.raises(AssertionError, match="cannot be opened"):
            second.start(int(first.url.rpartition(":")[2]))
        assert first.stop() == 0
        assert list(first.data.glob("scratch/*")) == []
