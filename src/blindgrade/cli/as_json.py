"""JSON on standard output."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click


def print_json(value: Any, indent: int = 1) -> None:
    """Print one JSON value on standard output; a dataclass becomes an object."""
    click.echo(json.dumps(value, default=asdict, indent=indent))
