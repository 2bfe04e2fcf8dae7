"""`--version` of every command."""

from __future__ import annotations

import click

option = click.version_option(package_name="blindgrade", message="%(package)s %(version)s")
