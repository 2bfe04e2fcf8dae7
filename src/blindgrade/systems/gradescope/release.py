"""`--as gradescope`: autograder.zip, which grades on Gradescope's machines with every check.

The archive holds solutions: it is uploaded by an instructor and never handed out.
"""

from __future__ import annotations

import json
import os
from importlib import metadata
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.release.grading_course import private_course, target_ids
from blindgrade.release.wheel import engine_wheel, zipped
from blindgrade.systems.gradescope import results
from blindgrade.systems.gradescope.results import Visibility

PRIVATE = True
WHEELHOUSE = "BLINDGRADE_WHEELHOUSE"  # a folder of wheels that go along, for machines without a network
PINNED = ("torch", "numpy")  # whose results the instructor has seen

SETUP = """\
#!/bin/bash
# Run once, as root, when the image is built: an environment of its own, outside of what holds the solutions.
set -euo pipefail
source="${BLINDGRADE_AUTOGRADER:-/autograder}/source"
home="${BLINDGRADE_HOME:-/opt/blindgrade}"

find_python() {
  for python in python3.14 python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      return 0
    fi
  done
  return 1
}
if ! find_python; then
  apt-get install -y python3-venv || true  # a Python that is new enough may lack this part alone
  find_python || { apt-get install -y python3.11 python3.11-venv && find_python; }
fi
"$python" -m venv "$home"
install=("$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir)
install+=(-c "$source/constraints.txt")
if compgen -G "$source/wheels/torch-*.whl" > /dev/null; then
  "${install[@]}" --no-index --find-links "$source/wheels" blindgrade
else
  # PyTorch's own index has a build without CUDA, a tenth of the size; PyPI's works as well.
  "${install[@]}" --index-url https://download.pytorch.org/whl/cpu torch || "${install[@]}" torch
  "${install[@]}" "$source"/wheels/blindgrade-*.whl
fi
# One wall more around the solutions: no other user of the image reads them.
chmod -R go-rwx "$source"
"$home/bin/python" -I -P -c 'import blindgrade.systems.gradescope.run'
"""

RUN = """\
#!/bin/bash
# Run for each submission, as root. Whatever happens, there is a results.json that says what happened.
root="${BLINDGRADE_AUTOGRADER:-/autograder}"
home="${BLINDGRADE_HOME:-/opt/blindgrade}"
mkdir -p "$root/results"
# This stands until the grader puts its own in its place, so a grader that is killed has said so.
cat > "$root/results/results.json" << 'JSON'
FAILURE
JSON
"$home/bin/python" -I -P -m blindgrade.systems.gradescope.run "$root"
echo "the grader ended with exit code $?"
exit 0
"""


def files(
    catalog: Catalog, targets: list[Target], *, hidden: Visibility = "after_due_date", wheelhouse: Path | None = None
) -> dict[str, bytes]:
    """autograder.zip for these targets.

    `hidden` is how Gradescope shows hidden checks. `wheelhouse` (default: $BLINDGRADE_WHEELHOUSE) is a folder with
    torch and all else that the engine needs, for an image that is built without a network.
    """
    for target in targets:
        if not target.files.solution.is_file():
            raise CourseError(
                f"{target.files.solution} is not here, and Gradescope grades with the solutions; run the command in"
                " the course's own repository"
            )
    given = os.environ.get(WHEELHOUSE)
    name, wheel = engine_wheel()
    inside = {
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.replace("FAILURE", json.dumps(results.failure(), indent=1)).encode(),
        "config.json": json.dumps({"lessons": target_ids(targets), "hidden_checks": hidden}, indent=1).encode(),
        "constraints.txt": _constraints().encode(),
        f"wheels/{name}": wheel,
        **_wheels(wheelhouse or (Path(given) if given else None)),
        **{f"course/{path}": content for path, content in private_course(catalog, targets).items()},
    }
    return {"autograder.zip": zipped(inside)}


def _constraints() -> str:
    """Versions of this machine, without the label of its build: `2.13.0`, not `2.13.0+cu130`."""
    return "".join(f"{name}=={metadata.version(name).split('+')[0]}\n" for name in PINNED)


def _wheels(folder: Path | None) -> dict[str, bytes]:
    if folder is None:
        return {}
    found = sorted(folder.glob("*.whl"))
    if not any(path.name.startswith("torch-") for path in found):
        raise CourseError(
            f"{folder} holds no wheel of torch; fill it with `pip download --only-binary :all: -d {folder} blindgrade`"
        )
    # The engine's own wheel is the one made now, whatever version lies there.
    return {f"wheels/{path.name}": path.read_bytes() for path in found if not path.name.startswith("blindgrade-")}
