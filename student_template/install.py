#!/usr/bin/env python3
"""Set up this course: `python3 install.py`. Run it again at any time, for example after an update.

It makes a virtual environment in .venv, or uses the active one. It installs the grader from vendor/, PyTorch, and the
other packages that the lessons need. With --notebook it also installs JupyterLab and Matplotlib.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)


def main():
    """Make the environment, install, and print the next command."""
    if sys.version_info < OLDEST:
        sys.exit("This course needs Python 3.11 or newer. This is Python {}.{}.".format(*sys.version_info[:2]))
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
        sys.exit("pip could not install everything. The reason is above. Correct it and run this again.")
    grade = scripts / "grade"
    if str(scripts) in os.environ.get("PATH", "").split(os.pathsep):
        grade = "grade"
    elif HERE in grade.parents:
        grade = grade.relative_to(HERE)
    print("\nReady. Grade your work, offline and as often as you like:\n")
    print("   ", grade, "{{ first }}\n")


def make_venv():
    """Folder with the programs of .venv. Make .venv if it does not exist."""
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
