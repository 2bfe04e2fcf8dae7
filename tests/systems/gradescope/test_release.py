"""autograder.zip in a tree like Gradescope's: setup.sh and run_autograder are run as Gradescope runs them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.sandbox import kernel
from blindgrade.systems.gradescope import release

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
CASES = TESTS / "submissions" / "mini"
METADATA = {
    "id": 123456,
    "created_at": "2026-11-02T09:30:00.000000-08:00",
    "assignment": {"due_date": "2026-11-09T23:59:00.000000-08:00", "id": 7, "title": "Basics", "total_points": "100.0"},
    "submission_method": "upload",
    "users": [{"email": "ana@uni.edu", "id": 42, "name": "Ana Doe"}],
    "previous_submissions": [],
}
UNSHARE = {"x86_64": 272, "aarch64": 97}
LOCKED = """
import os, struct, sys
from blindgrade.engine.sandbox import kernel, seccomp
ALLOW, REFUSE = seccomp._returns(seccomp.ALLOW), seccomp._returns(seccomp.ERRNO | 1)
code = [(seccomp.LOAD, 0, 0, seccomp.NUMBER)]
for number in {numbers}:
    code += [(seccomp.EQUAL, 0, 1, number), REFUSE]
code.append(ALLOW)
kernel.no_new_privileges()
seccomp.install(b"".join(struct.pack("=HBBI", *one) for one in code))
os.execv(sys.argv[1], sys.argv[1:])
"""


def released(ids: tuple[str, ...] = ("lesson-1.1.1",), **options: Any) -> zipfile.ZipFile:
    catalog = Catalog(MINI)
    files = release.files(catalog, catalog.find(ids), **options)
    assert list(files) == ["autograder.zip"]
    return zipfile.ZipFile(io.BytesIO(files["autograder.zip"]))


@dataclass
class Machine:
    """A folder in the role of /autograder, and the environment that setup.sh made."""

    root: Path
    env: dict[str, str]

    def submit(
        self,
        *files: Path,
        names: dict[str, str] | None = None,
        links: dict[str, Path] | None = None,
        locked: list[int] | None = None,
    ) -> Any:
        """Put the files where Gradescope puts a submission, run run_autograder, and read results.json."""
        for folder in ("submission", "results"):
            shutil.rmtree(self.root / folder, ignore_errors=True)
            (self.root / folder).mkdir()
        for file in files:
            shutil.copy(file, self.root / "submission")
        for name, text in (names or {}).items():
            (self.root / "submission" / name).write_text(text)
        for name, aim in (links or {}).items():
            (self.root / "submission" / name).symlink_to(aim)
        (self.root / "submission_metadata.json").write_text(json.dumps(METADATA))
        command = [str(self.root / "run_autograder")]
        if locked:
            command = [sys.executable, "-c", LOCKED.format(numbers=locked), *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.root, env=self.env, timeout=120)
        assert done.returncode == 0, done.stderr
        self.stdout = done.stdout + done.stderr
        return json.loads((self.root / "results" / "results.json").read_text())


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    top = Path(tempfile.mkdtemp(prefix="autograder-"))
    top.chmod(0o755)  # an image's folders are open to all
    root = top / "autograder"
    env = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "BLINDGRADE_AUTOGRADER": str(root),
        "BLINDGRADE_HOME": str(top / "home"),
        # The engine's wheel is installed for real; what it needs is taken from this environment below.
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        with released() as archive:
            archive.extractall(root / "source")
            for entry in archive.infolist():
                (root / "source" / entry.filename).chmod(entry.external_attr >> 16)
        (root / "source" / "wheels" / "torch-2.0-py3-none-any.whl").touch()
        subprocess.run([root / "source" / "setup.sh"], check=True, env=env)
        site = next((top / "home").glob("lib/python3*/site-packages"))
        (site / "torch.pth").write_text(str(Path(torch.__file__).parents[1]) + "\n")
        shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
        yield Machine(root, env)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def by_number(record: Any) -> dict[str, Any]:
    return {test["number"]: test for test in record["tests"]}


def test_the_archive_has_its_scripts_at_the_root_and_executable() -> None:
    with released() as archive:
        names = archive.namelist()
        for script in ("setup.sh", "run_autograder"):
            assert archive.getinfo(script).external_attr >> 16 & 0o111
            assert archive.read(script).startswith(b"#!/bin/bash\n")
        assert "course/solutions/lesson_1_1_1_basics/basics.py" in names
        assert "course/graders/lesson_1_1_1_basics/known_answers.py" in names
        assert not [name for name in names if name.endswith("equivalents.toml") or "__pycache__" in name]
        assert json.loads(archive.read("config.json")) == {
            "lessons": ["lesson-1.1.1"],
            "hidden_checks": "after_due_date",
        }
        assert f"torch=={torch.__version__.split('+')[0]}\n" in archive.read("constraints.txt").decode()


def test_the_same_course_makes_the_same_archive() -> None:
    catalog = Catalog(MINI)
    targets = catalog.find(["lesson-1.1.1"])
    assert release.files(catalog, targets) == release.files(catalog, targets)


def test_one_exercise_alone_can_be_released() -> None:
    with released(("lesson-1.1.1/correlation",)) as archive:
        assert json.loads(archive.read("config.json"))["lessons"] == ["lesson-1.1.1/correlation"]


def test_the_archive_has_wheels_for_a_machine_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDGRADE_WHEELHOUSE", str(tmp_path))
    with pytest.raises(CourseError, match="has no wheel of torch; docs/gradescope.md has the command"):
        released()
    (tmp_path / "torch-2.13.0-cp312-none-any.whl").write_bytes(b"torch")
    (tmp_path / "blindgrade-9.9-py3-none-any.whl").write_bytes(b"another engine")
    with released() as archive:
        assert archive.read("wheels/torch-2.13.0-cp312-none-any.whl") == b"torch"
        assert len([name for name in archive.namelist() if "/blindgrade-" in name]) == 1


def test_a_course_without_solutions_is_not_released(tmp_path: Path) -> None:
    shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("solutions"))
    catalog = Catalog(tmp_path / "mini")
    with pytest.raises(CourseError, match="course's own repository"):
        release.files(catalog, catalog.find(["all"]))


def test_a_right_submission_gets_every_point(machine: Machine) -> None:
    record = machine.submit(CASES / "all_right" / "basics.py")
    tests = by_number(record)
    assert record["score"] == 100 == sum(test["score"] for test in record["tests"] if "score" in test)
    assert {test["status"] for test in record["tests"]} == {"passed"}
    assert (tests["1"]["score"], tests["1"]["max_score"], tests["1"]["name"]) == (40, 40, "standardize: One scale")
    assert "leaderboard" not in record
    assert record["stdout_visibility"] == "hidden" and record["visibility"] == "visible"
    assert record["output_format"] == record["test_output_format"] == record["test_name_format"] == "text"
    assert record["extra_data"]["exercises"]["lesson-1.1.1/fit_line"] == 20


def test_each_check_has_its_visibility_and_a_hint(machine: Machine) -> None:
    record = machine.submit(CASES / "wrong_and_blocked" / "basics.py")
    tests = by_number(record)
    assert tests["1.1"]["visibility"] == "visible" and tests["1.2"]["visibility"] == "after_due_date"
    # Points that hidden checks decide are shown with them; a lesson's last exercise has public checks alone.
    assert tests["1"]["visibility"] == "after_due_date" and tests["3"]["visibility"] == "visible"
    assert tests["1.1"]["status"] == "failed" and "Hint: The spread is still what it was." in tests["1.1"]["output"]
    assert tests["2"]["output"] == "blocked"
    assert 0 <= record["score"] < 100


def test_instructors_read_the_whole_attempt_and_students_no_seed(machine: Machine) -> None:
    record = machine.submit(CASES / "all_right" / "basics.py")
    attempt = json.loads(machine.stdout[: machine.stdout.rindex("}") + 1])["lessons"][0]
    assert attempt["student"] == "ana@uni.edu" and attempt["submitted_at"] == METADATA["created_at"]
    assert attempt["sandbox"] in ("namespaces", "landlock") and attempt["reference"] == "live"
    assert str(attempt["seed"]) not in json.dumps(record)


def test_what_a_student_prints_is_shown_escaped_once(machine: Machine) -> None:
    record = machine.submit(CASES / "prints_and_fails" / "basics.py")
    said = json.dumps(record, ensure_ascii=False)
    assert "\\\\x1b[2JPASS" in said and "\x1b" not in said
    assert by_number(record)["1.1"]["output"].count("Your code printed:") == 1


SPY = """
import os
def standardize(values):
    found = []
    for place in ({places}):
        try:
            found.append(repr(os.listdir(place))[:60])
        except OSError as error:
            found.append(type(error).__name__)
    for place in ({files}):
        try:
            found.append(open(place).read()[:60])
        except OSError as error:
            found.append(type(error).__name__)
    for place in ({written}):
        try:
            open(place, "w").write("[]")
            found.append("written")
        except OSError as error:
            found.append(type(error).__name__)
    raise RuntimeError("SEEN " + " | ".join(found))
"""


@pytest.mark.parametrize("locked", [None, [UNSHARE.get(kernel.machine(), 0)]], ids=["namespaces", "no namespaces"])
def test_a_submission_cannot_read_the_solutions_or_write_its_results(
    machine: Machine, locked: list[int] | None
) -> None:
    source = machine.root / "source"
    places = [source, source / "course", source / "course" / "graders"]
    written = [machine.root / "results" / "results.json", machine.root / "run_autograder"]
    files = [source / "course/solutions/lesson_1_1_1_basics/basics.py", source / "config.json"]
    paths = {"places": places, "files": files, "written": written}
    spy = SPY.format(**{name: "".join(f"{str(path)!r}, " for path in group) for name, group in paths.items()})
    assert all(place.exists() for place in (*places, *files))
    record = machine.submit(names={"basics.py": spy}, locked=locked)
    said = by_number(record)["1.1"]["output"]
    expected = "landlock" if locked else "namespaces"
    assert f'"sandbox": "{expected}"' in machine.stdout
    assert "SEEN" in said, said
    seen = said.split("SEEN ")[1].splitlines()[0].split(" | ")
    assert len(seen) == 7 and all(one.startswith(("PermissionError", "FileNotFoundError")) for one in seen), seen


def test_without_a_sandbox_nothing_runs_and_the_student_is_not_blamed(machine: Machine) -> None:
    calls = [UNSHARE[kernel.machine()], kernel.NUMBERS_EVERYWHERE["landlock_create"]]
    record = machine.submit(CASES / "all_right" / "basics.py", locked=calls)
    assert "not your fault" in record["output"] and record["tests"] == []
    assert "cannot isolate" in machine.stdout and "cannot isolate" not in json.dumps(record)


def test_a_grader_that_crashes_reports_it(machine: Machine) -> None:
    config = machine.root / "source" / "config.json"
    kept = config.read_text()
    config.write_text("{}")
    try:
        record = machine.submit(CASES / "all_right" / "basics.py")
    finally:
        config.write_text(kept)
    assert "not your fault" in record["output"] and record["extra_data"] == {"grader_failed": True}
    assert "KeyError: 'lessons'" in machine.stdout and "KeyError" not in json.dumps(record)


def test_a_grader_that_does_not_start_leaves_a_report_of_the_failure(machine: Machine) -> None:
    broken = Machine(machine.root, {**machine.env, "BLINDGRADE_HOME": "/nowhere"})
    record = broken.submit(CASES / "all_right" / "basics.py")
    assert "not your fault" in record["output"]
    assert "exit code 127" in broken.stdout


def test_the_record_of_an_empty_submission_names_the_missing_file(machine: Machine) -> None:
    record = machine.submit(names={"notes.txt": "hello"})
    assert "holds no file for lesson-1.1.1 (basics.py or .ipynb)" in record["output"]
    assert record["score"] == 0


def test_the_record_of_an_unreadable_submission_gives_the_reason_without_our_paths(machine: Machine) -> None:
    record = machine.submit(names={"basics.py": "\0"})
    assert "basics.py contains NUL bytes" in record["output"] and str(machine.root) not in json.dumps(record)
    assert record["score"] == 0


def test_metadata_that_cannot_be_read_does_not_stop_the_grading(machine: Machine) -> None:
    METADATA["users"] = "nobody"
    try:
        assert machine.submit(CASES / "all_right" / "basics.py")["score"] == 100
    finally:
        METADATA["users"] = [{"email": "ana@uni.edu", "id": 42, "name": "Ana Doe"}]
    assert "submission_metadata.json cannot be read" in machine.stdout


def test_setup_refuses_an_image_on_which_the_engine_does_not_import(machine: Machine, tmp_path: Path) -> None:
    """Instructors see the error when they build the image, so students never see it."""
    env = {**machine.env, "BLINDGRADE_HOME": str(tmp_path / "home"), "PIP_FIND_LINKS": os.devnull}
    wheel = next((machine.root / "source" / "wheels").glob("blindgrade-*.whl"))
    hidden = wheel.rename(wheel.with_suffix(".away"))
    try:
        done = subprocess.run([machine.root / "source" / "setup.sh"], env=env, capture_output=True, text=True)
    finally:
        hidden.rename(wheel)
    assert done.returncode != 0 and "blindgrade" in done.stderr


APT = """#!/bin/bash
echo "$*" >> "$LOG"
[[ "$*" != *python3.11* ]] || printf '#!/bin/bash\\nexec REAL "$@"\\n' > "$TOOLS/python3.11"
[[ "$*" != *python3.11* ]] || /bin/chmod +x "$TOOLS/python3.11"
"""


def test_an_image_with_an_old_python_gets_a_newer_one(machine: Machine, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    old = "#!/bin/bash\nexit 1\n"
    scripts = {f"python3{minor}": old for minor in ("", ".11", ".12", ".13", ".14")}
    for name, text in {**scripts, "apt-get": APT.replace("REAL", sys.executable)}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    env = {**machine.env, "PATH": f"{tools}:/usr/bin:/bin", "BLINDGRADE_HOME": str(tmp_path / "home"),
           "LOG": str(tmp_path / "log"), "TOOLS": str(tools)}  # fmt: skip
    setup = (machine.root / "source" / "setup.sh").read_text()
    begin, end = setup.index("find_python()"), setup.index('"$python" -m venv')
    script = setup[begin:end] + '"$python" --version'
    done = subprocess.run(["bash", "-euc", script], env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("Python 3.")
    assert Path(env["LOG"]).read_text() == "install -y python3-venv\ninstall -y python3.11 python3.11-venv\n"


@pytest.mark.parametrize("name", ["basics.py", "lesson_1_1_1_basics", "exercises"])
def test_a_link_to_the_solutions_is_not_graded(machine: Machine, name: str) -> None:
    """An archive may contain links, and Gradescope's machine has the solutions on it."""
    solutions = machine.root / "source" / "course" / "solutions"
    folder = solutions / "lesson_1_1_1_basics"
    aim = {"basics.py": folder / "basics.py", "lesson_1_1_1_basics": folder, "exercises": solutions}[name]
    assert aim.exists()
    record = machine.submit(links={name: aim})
    assert record["score"] == 0 and "symbolic link" in record["output"]
    assert str(machine.root) not in json.dumps(record)
