#!/usr/bin/env python3
"""Set up this course: `python3 install.py`. It can be run again at any time, for example after an update.

It makes a virtual environment in .venv, or uses the one that is active, and installs the grader from vendor/ and what
the lessons need (PyTorch among it). With --notebook it installs JupyterLab and Matplotlib as well.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)


def main():
    """Make the environment, install, and say what to type next."""
    if sys.version_info < OLDEST:
        sys.exit("This course needs Python 3.11 or newer, and this is {}.{}.".format(*sys.version_info[:2]))
    unknown = [word for word in sys.argv[1:] if word != "--notebook"]
    if unknown:
        sys.exit(__doc__)
    active = sys.prefix != sys.base_prefix or os.environ.get("CONDA_PREFIX") == sys.prefix
    scripts = Path(sysconfig.get_path("scripts")) if active else make_venv()
    wanted = ["-r", "requirements.txt"]
    if "--notebook" in sys.argv:
        wanted += ["./vendor/{{ wheel }}[notebook]"]
    python = sys.executable if active else scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *wanted]
    if subprocess.run(pip, cwd=HERE).returncode:
        sys.exit("pip could not install everything: the reason stands above. Then run this again.")
    grade = scripts / "grade"
    if str(scripts) in os.environ.get("PATH", "").split(os.pathsep):
        grade = "grade"
    elif HERE in grade.parents:
        grade = grade.relative_to(HERE)
    print("\nReady. Grade your work, offline and as often as you like:\n")
    print("   ", grade, "{{ first }}\n")


def make_venv():
    """The folder with the programs of .venv, which is made if it is not there."""
    import venv

    folder = HERE / ".venv"
    if not (folder / "pyvenv.cfg").is_file():
        print("Making a virtual environment in .venv ...", flush=True)
        try:
            venv.create(folder, with_pip=True)
        except (OSError, subprocess.CalledProcessError):
            sys.exit("Python's venv does not work here. On Debian and Ubuntu: sudo apt install python3-venv")
    return folder / ("Scripts" if os.name == "nt" else "bin")


if __name__ == "__main__":
    main()
