#!/usr/bin/env python3
"""Set up this course: `python3 install.py`. Run it again at any time, for example after an update.

It makes a virtual environment in .venv, or uses the active one. It installs the grader from vendor/, PyTorch, and the
other packages that the lessons need. On Linux without an NVIDIA card it takes PyTorch's build for CPUs, which has a
tenth of the size. Grading needs no card.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
TRIED = (3, 14)  # the newest Python with which the grader was tried
WHEEL = "./vendor/{{ wheel }}"
TORCH = "{{ torch.requirement }}"
TORCH_FROM, TORCH_BELOW = {{ torch.lowest }}, {{ torch.below }}
CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyTorch's own
# Gigabytes to download and on the disk, and usual minutes. Measured on Linux with PyTorch 2.13.
SMALL = (0.4, 1.2, "2 to 10")
LARGE = (3.0, 6.0, "10 to 40")


def main():
    """Make the environment, install, and print the next command."""
    if sys.version_info < OLDEST:
        sys.exit("This course needs Python 3.11 or newer. This is Python {}.{}.".format(*sys.version_info[:2]))
    if sys.maxsize < 2**32:
        sys.exit("This is a Python for 32 bits, and PyTorch needs one for 64 bits. Install that one from python.org.")
    options = parsed()
    active = sys.prefix != sys.base_prefix or os.environ.get("CONDA_PREFIX") == sys.prefix
    scripts = Path(sysconfig.get_path("scripts")) if active else made_venv()
    python = sys.executable if active else str(scripts / program("python"))
    with_pip(python)
    if options.download:
        return download(python, options)
    wanted = ["-r", "requirements.txt"] + ([WHEEL + "[notebook]"] if options.notebook else [])
    small = cpu_build(options)
    found = torch_of(python)
    other = other_build(found, options)
    say_first(found, other, small, options)
    offline = ["--no-index", "--find-links", str(options.wheels)] if options.wheels else []
    # pip takes two builds of one version for the same.
    anew = ["--force-reinstall"] if other else []
    if small and not offline and (other or not admitted(found)):
        get_cpu_build(python, ["install", *anew], options)
    elif other and pip(python, "install", *anew, "--no-deps", *offline, TORCH):
        failed(options)
    if pip(python, "install", *offline, *wanted):
        failed(options)
    print_next(scripts)


def parsed():
    """Options of this run."""
    text = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=text[0], epilog=text[1])
    parser.add_argument("--notebook", action="store_true", help="also install JupyterLab and Matplotlib")
    build = parser.add_mutually_exclusive_group()
    build.add_argument("--cuda", action="store_true", help="on Linux, take PyTorch's build for NVIDIA cards")
    build.add_argument("--cpu", action="store_true", help="on Linux, take PyTorch's build for CPUs, also with a card")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--wheels", metavar="DIR", type=folder, help="install from this folder, without a network")
    source.add_argument("--download", metavar="DIR", type=Path, help="only fill this folder, for --wheels elsewhere")
    parser.add_argument("--torch-index", metavar="URL", default=CPU_INDEX, help="where the build for CPUs is")
    return parser.parse_args()


def folder(text):
    """Existing folder, with its whole path: pip runs in the course's folder."""
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder; `install.py --download DIR` makes one")
    return path


def program(name):
    """Name of a program's file."""
    return name + ".exe" if os.name == "nt" else name


def made_venv():
    """Folder with the programs of .venv. Make .venv if there is none that works."""
    import venv

    home = HERE / ".venv"
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    works = (home / "pyvenv.cfg").is_file() and runs(scripts / program("python"))
    if not works:
        again = home.exists()
        print("Making a virtual environment in .venv{} ...".format(" again" if again else ""), flush=True)
        try:
            venv.create(home, with_pip=True, clear=again)
        except (OSError, subprocess.CalledProcessError):
            sys.exit("Python's venv does not work here. On Debian and Ubuntu: sudo apt install python3-venv")
    return scripts


def runs(python):
    """Does this Python start? It does not if the folder was moved, or if its Python was removed."""
    try:
        return subprocess.run([str(python), "-c", ""], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def with_pip(python):
    """Add pip to an environment without it, such as one of uv or of an interrupted run."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.run([python, "-m", "pip", "--version"], **quiet).returncode:
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], **quiet)
    if subprocess.run([python, "-m", "pip", "--version"], **quiet).returncode:
        sys.exit("This environment has no pip. Deactivate it, and run `python3 install.py` again.")


def torch_of(python):
    """Version of PyTorch in the environment; empty without one."""
    code = "import importlib.metadata as m; print(m.version('torch'))"
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip()


def admitted(version):
    """Was the course proved with this version?"""
    parts = version.split(".")[:2]
    return all(part.isdigit() for part in parts) and TORCH_FROM <= tuple(map(int, parts)) < TORCH_BELOW


def cpu_build(options):
    """Take the build for CPUs? On Windows and macOS the ordinary one is that build."""
    if options.cuda:
        if platform.system() != "Linux":
            print("--cuda is for Linux. This course takes the ordinary PyTorch here, and grading needs no card.\n")
        return False
    return platform.system() == "Linux" and (options.cpu or not has_nvidia())


def other_build(found, options):
    """Is another build of PyTorch installed than the one that an option names?"""
    if platform.system() != "Linux" or not found:
        return False
    small = found.endswith("+cpu")
    return (options.cuda and small) or (options.cpu and not small)


def has_nvidia():
    """Is there an NVIDIA card with its driver?"""
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia/version").exists()


def say_first(found, other, small, options):
    """Say what comes, how large it is and how long it takes. Stop if the disk is too full."""
    if sys.version_info[:2] > TRIED:
        print("Note: this Python is newer than {}.{}, the newest one that was tried.".format(*TRIED))
    if admitted(found) and not other:
        print(f"PyTorch {found} is installed already. The rest takes about a minute.", flush=True)
        return
    if other:
        print(f"PyTorch {found} is installed, and you asked for the other build. It is replaced.")
    elif found:
        print(f"PyTorch {found} is installed, and this course was proved with {TORCH}. It is replaced.")
    say_size(SMALL if small or platform.system() != "Linux" else LARGE, small, options)


def say_size(size, small, options):
    """Say size and time of an installation."""
    gigabytes, disk, minutes = size
    build = "PyTorch's build for CPUs" if small else "PyTorch"
    free = shutil.disk_usage(str(HERE)).free / 1e9
    if options.wheels:
        print(f"Installing {build} and the grader from {options.wheels}, about {disk:g} GB on the disk ...")
    else:
        print(f"Installing {build} and the grader: about {gigabytes:g} GB to download and {disk:g} GB on the disk.")
        print(f"It takes {minutes} minutes ...")
    sys.stdout.flush()
    if free < disk:
        sys.exit(f"Only {free:.1f} GB of this disk are free. Make room, and run this again.")


def get_cpu_build(python, command, options):
    """Let pip get PyTorch for CPUs. If it cannot, say that the ordinary build comes; pip's next step gets that."""
    # Without its dependencies: they come from the ordinary index, with everything else.
    index = ["--index-url", options.torch_index, "--retries", "2", "--timeout", "20"]
    if pip(python, *command, "--no-deps", *index, TORCH):
        print(f"\nPyTorch's build for CPUs could not be taken from {options.torch_index}.")
        print("So the ordinary build comes, which also has NVIDIA's libraries. To stop, press Ctrl+C.")
        say_size(LARGE, False, options)


def download(python, options):
    """Fill a folder with everything that --wheels installs, for this system and this Python."""
    to = options.download.resolve()
    to.mkdir(parents=True, exist_ok=True)
    small = cpu_build(options)
    say_size(SMALL if small or platform.system() != "Linux" else LARGE, small, options)
    wanted = ["-r", "requirements.txt"] + ([WHEEL + "[notebook]"] if options.notebook else [])
    if small:
        kept = Path(tempfile.mkdtemp(dir=str(to)))
        get_cpu_build(python, ["download", "--dest", str(kept)], options)
        for path in kept.glob("*.whl"):
            # The next step must take this file, and not another build of the same version.
            wanted.append(str(path.replace(to / path.name)))
        kept.rmdir()
    if pip(python, "download", "--dest", str(to), *wanted):
        failed(options)
    print("\nReady. On the other machine, with the same system and Python {}.{}:\n".format(*sys.version_info[:2]))
    print(f"    python3 install.py --wheels {options.download}\n")


def pip(python, *arguments):
    """Exit code of pip, which runs in the course's folder. It takes proxies from its settings and the environment."""
    return subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *arguments], cwd=str(HERE)).returncode


def failed(options):
    """Stop, with what to do."""
    text = "pip could not install everything. The reason is above. Correct it and run this again."
    if options.wheels:
        text += (
            " {} must have every package for this system and Python {}.{}: fill it on such a machine with"
            " `python3 install.py --download DIR`."
        ).format(options.wheels, *sys.version_info[:2])
    else:
        text += " Behind a proxy, set HTTPS_PROXY first."
    sys.exit(text)


def print_next(scripts):
    """Print the next command."""
    grade = scripts / "grade"
    if str(scripts) in os.environ.get("PATH", "").split(os.pathsep):
        grade = "grade"
    elif HERE in grade.parents:
        grade = grade.relative_to(HERE)
    print("\nReady. Grade your work, offline and as often as you like:\n")
    print("   ", grade, "{{ first }}\n")


if __name__ == "__main__":
    main()
