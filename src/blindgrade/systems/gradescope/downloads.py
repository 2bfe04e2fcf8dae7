"""Gradescope's "Export submissions": the submissions and their students."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from blindgrade import clock
from blindgrade.collect.source_item import Asked, Listing, SourceError, SourceItem
from blindgrade.collect.times import TimeUnclear, instant_of, read_time
from blindgrade.roster.people import Identifier

METADATA = "submission_metadata.yml"


MAX_METADATA = 256 << 20  # bytes; the file repeats the output of every run


def gradescope(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Submissions of an export: a folder for each, and submission_metadata.yml. None if it is another folder."""
    if METADATA not in [path.name for path in entries]:
        return None
    listing = Listing("gradescope")
    records = _metadata(root / METADATA)
    for path in entries:
        record = records.get(path.name)
        if path.name == METADATA:
            continue
        if not isinstance(record, dict) or path.is_symlink() or not path.is_dir():
            listing.refused.append((path.name, f"{METADATA} does not list it"))
            continue
        submitters = [one for one in _of(record, "submitters") or [] if isinstance(one, dict)]
        if not submitters:
            listing.refused.append((path.name, f"{METADATA} names no submitter"))
        group = path.name if len(submitters) > 1 else ""
        for one in submitters:
            given = {space: str(_of(one, space) or "") for space in ("sid", "email", "name")}
            who = tuple(Identifier(space, value) for space, value in given.items() if value)
            own = given["sid"] or given["email"]
            item = SourceItem(
                given["name"] or own, who, own, (("", path),), group=group,
                notes=("a group's submission",) if group else (),
            )  # fmt: skip
            listing.items.append(item.at("gradescope", partial(_instant, _of(record, "created_at"), asked.zone)))
    listing.refused += [
        (name, f"{METADATA} lists it, but its folder is missing") for name in records if not (root / name).is_dir()
    ]
    return listing


def _metadata(path: Path) -> dict[str, Any]:
    import yaml

    # A safe loader that reads a value with one of Ruby's tags as a plain value.
    plain: Any = type("Plain", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})

    def bare(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else node.value

    plain.add_multi_constructor("!", bare)
    try:
        if path.is_symlink() or path.stat().st_size > MAX_METADATA:
            raise SourceError(f"{path} is a link or larger than {MAX_METADATA >> 20} MiB; export it again")
        records = yaml.load(path.read_text(encoding="utf-8"), plain)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{path} cannot be read ({' '.join(str(error).split())[:200]}); export it again") from None
    if not isinstance(records, dict):
        raise SourceError(f"{path} lists no submissions; export it again")
    return {str(name): record for name, record in records.items()}


def _of(record: dict[Any, Any], key: str) -> Any:
    """Value of a key. Gradescope writes its keys as Ruby symbols, with a colon in front."""
    return record.get(f":{key}", record.get(key))


def _instant(time: Any, zone: tzinfo | None) -> str:
    """Instant of `created_at`. TimeUnclear if it is missing or not certain."""
    if isinstance(time, datetime):
        return clock.utc(time) if time.tzinfo else instant_of(time.replace(microsecond=0), zone)
    if isinstance(time, str):
        return read_time(time, zone)
    raise TimeUnclear(f"{METADATA} has no time for it; export it again")
