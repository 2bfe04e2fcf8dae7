"""Gradescope's "Export submissions": who handed in what."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from blindgrade.collect.source_item import Handed, Listing, SourceError
from blindgrade.roster.people import Identifier

METADATA = "submission_metadata.yml"


MAX_METADATA = 256 << 20  # it repeats the output of every run


def gradescope(root: Path, entries: list[Path]) -> Listing | None:
    """Gradescope's "Export submissions": a folder for each, and submission_metadata.yml."""
    if METADATA not in [path.name for path in entries]:
        return None
    listing = Listing("gradescope")
    told = _metadata(root / METADATA)
    for path in entries:
        record = told.get(path.name)
        if path.name == METADATA:
            continue
        if not isinstance(record, dict) or path.is_symlink() or not path.is_dir():
            listing.refused.append((path.name, f"{METADATA} does not list it"))
            continue
        submitters = [one for one in _of(record, "submitters") or [] if isinstance(one, dict)]
        if not submitters:
            listing.refused.append((path.name, f"{METADATA} names no submitter"))
        group = ("a group's submission",) if len(submitters) > 1 else ()
        for one in submitters:
            said = {space: str(_of(one, space) or "") for space in ("sid", "email", "name")}
            who = tuple(Identifier(space, value) for space, value in said.items() if value)
            own = said["sid"] or said["email"]
            at = _utc(_of(record, "created_at"))
            listing.handed.append(
                Handed(said["name"] or own, who, own, (("", path),), "", at, "gradescope" if at else "", notes=group)
            )
    listing.refused += [
        (name, f"{METADATA} lists it and its folder is missing") for name in told if not (root / name).is_dir()
    ]
    return listing


def _metadata(path: Path) -> dict[str, Any]:
    import yaml

    # A safe loader that reads Ruby's tags as the plain values that they carry.
    plain: Any = type("Plain", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})

    def bare(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else node.value

    plain.add_multi_constructor("!", bare)
    try:
        if path.is_symlink() or path.stat().st_size > MAX_METADATA:
            raise SourceError(f"{path} is a link or larger than {MAX_METADATA >> 20} MiB; export it again")
        told = yaml.load(path.read_text(encoding="utf-8"), plain)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{path} cannot be read ({' '.join(str(error).split())[:200]}); export it again") from None
    if not isinstance(told, dict):
        raise SourceError(f"{path} lists no submissions; export it again")
    return {str(name): record for name, record in told.items()}


def _of(record: dict[Any, Any], key: str) -> Any:
    """Ruby's symbols are written with a colon."""
    return record.get(f":{key}", record.get(key))


def _utc(told: Any) -> str | None:
    if isinstance(told, str):
        try:
            told = datetime.fromisoformat(told)
        except ValueError:
            return None
    if not isinstance(told, datetime):
        return None if not isinstance(told, date) else f"{told.isoformat()}T00:00:00Z"
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
