"""Runs nbgrader commands one after another in one process, each as `nbgrader ARGUMENTS` would: its import is slow.

    python nbgrader_commands.py '[["generate_assignment", "lesson-1.1.1"], ...]'

Prints a JSON list of exit codes as the last line of standard output.
"""

from __future__ import annotations

import json
import sys
import warnings

from nbgrader.apps.nbgraderapp import NbGraderApp


def run(arguments: list[str]) -> int:
    """The exit code of one command."""
    NbGraderApp.clear_instance()
    try:
        NbGraderApp.launch_instance(argv=arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # nbgrader's own, about SQLAlchemy
    codes = [run(arguments) for arguments in json.loads(sys.argv[1])]
    print("\n" + json.dumps(codes))
