"""`--as gradescope`: autograder.zip, which grades on Gradescope's machines with every check.

The archive contains solutions. An instructor uploads it. Students must never get it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.release.grading_course import private_course, target_ids
from blindgrade.release.wheel import engine_wheel, zipped
from blindgrade.systems.gradescope import results
from blindgrade.systems.gradescope.results import Visibility

PRIVATE = True
WHEELHOUSE = "BLINDGRADE_WHEELHOUSE"  # a folder of wheels to put into the archive, for machines without a network
PINNED = ("torch", "numpy")  # the versions with which the instructor has seen the results

SETUP = """\
#!/bin/bash
# Run once, as root, when the image is built. Make an environment outside the folder that contains the solutions.
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
  apt-get install -y python3-venv || true  # a Python that is new enough may lack only this part
  find_python || { apt-get install -y python3.11 python3.11-venv && find_python; }
fi
"$python" -m venv "$home"
install=("$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir)
install+=(-c "$source/constraints.txt")
if compgen -G "$source/wheels/torch-*.whl" > /dev/null; then
  "${install[@]}" --no-index --find-links "$source/wheels" blindgrade -r "$source/packages.txt"
else
  # PyTorch's own index has a build without CUDA, which has a tenth of the size. PyPI's build works too.
  "${install[@]}" --index-url https://download.pytorch.org/whl/cpu torch || "${install[@]}" torch
  "${install[@]}" "$source"/wheels/blindgrade-*.whl -r "$source/packages.txt"
fi
# Protect the solutions once more: no other user of the image can read them.
chmod -R go-rwx "$source"
"$home/bin/python" -I -P -c 'import blindgrade.systems.gradescope.run'
"""

RUN = """\
#!/bin/bash
# Run for each submission, as root. It always writes a results.json, even if the grader fails.
root="${BLINDGRADE_AUTOGRADER:-/autograder}"
home="${BLINDGRADE_HOME:-/opt/blindgrade}"
mkdir -p "$root/results"
# The grader replaces this file with its results. If the grader is killed, this file reports the failure.
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
    """autograder.zip for these targets, by its name.

    `hidden` says when Gradescope shows hidden checks. `wheelhouse` (default: $BLINDGRADE_WHEELHOUSE) is a folder with
    torch and everything else that the engine needs, for an image that is built without a network.
    """
    for target in targets:
        if not target.files.solution.is_file():
            raise CourseError(
                f"{target.files.solution} is missing, and Gradescope grades with the solutions; run the command in"
                " the course's own repository"
            )
    given = os.environ.get(WHEELHOUSE)
    name, wheel = engine_wheel()
    inside = {
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.replace("FAILURE", json.dumps(results.failure(), indent=1)).encode(),
        "config.json": json.dumps({"lessons": target_ids(targets), "hidden_checks": hidden}, indent=1).encode(),
        "constraints.txt": _constraints().encode(),
        "packages.txt": "".join(f"{package}\n" for package in catalog.course.environment.packages).encode(),
        f"wheels/{name}": wheel,
        **_wheels(wheelhouse or (Path(given) if given else None), catalog.course.environment.packages),
        **{f"course/{path}": content for path, content in private_course(catalog, targets).items()},
    }
    return {"autograder.zip": zipped(inside)}


def _constraints() -> str:
    """Versions on this machine, as pip constraints, without the label of the build: `2.13.0`, not `2.13.0+cu130`."""
    return "".join(f"{name}=={metadata.version(name).split('+')[0]}\n" for name in PINNED)


def _wheels(folder: Path | None, packages: Sequence[str]) -> dict[str, bytes]:
    if folder is None:
        return {}
    found = sorted(folder.glob("*.whl"))
    if not any(path.name.startswith("torch-") for path in found):
        raise CourseError(
            f"{folder} has no wheel of torch; docs/gradescope.md has the command that fills it (Without a network)"
        )
    for package in packages:
        begins = re.sub(r"[-_.]+", "_", package.partition("==")[0].partition("[")[0]).lower() + "-"
        if not any(re.sub(r"[-_.]+", "_", path.name.partition("-")[0]).lower() + "-" == begins for path in found):
            raise CourseError(
                f"{folder} has no wheel of {package}; run `pip download --only-binary :all: -d {folder} {package}`"
            )
    # The archive gets the engine's wheel that was made now, not one from the folder.
    return {f"wheels/{path.name}": path.read_bytes() for path in found if not path.name.startswith("blindgrade-")}
