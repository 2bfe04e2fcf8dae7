"""Owners of a submission: one student, or each member of a group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from blindgrade.collect.groups import NO_ID, Groups
from blindgrade.collect.source_item import SourceItem
from blindgrade.roster.matching import Match, Roster
from blindgrade.roster.names import composed, forms, is_id
from blindgrade.roster.people import Identifier


class Owner(NamedTuple):
    """One owner of a submission: the id, or None and the reason, and the submission as this student's."""

    student: str | None
    why: str
    item: SourceItem


def owners(item: SourceItem, roster: Roster | None, groups: Groups | None) -> Iterator[Owner]:
    """Owners of a submission. A submission of a group has each member, also those whom the roster lacks."""
    if groups is not None and item.stored is None and (named := groups.named(item)):
        yield from _members(item, named, groups, roster)
        return
    match, item = _found(item, roster)
    group = groups.of.get(match.student or "", "") if groups is not None else ""
    if groups is not None and group and not item.group:
        yield from _members(item, group, groups, roster)
    else:
        yield Owner(match.student, match.why, item)


def _members(item: SourceItem, group: str, groups: Groups, roster: Roster | None) -> Iterator[Owner]:
    for member in groups.members[group]:
        match = member.found(roster)
        label = item.label if match.student else f"{member.label} (in {group})"
        yield Owner(match.student, match.why, replace(item, label=label, group=group, member=member.label))


def _found(item: SourceItem, roster: Roster | None) -> tuple[Match, SourceItem]:
    """Student of the submission, and the submission with its group if the label names a group and this student."""
    if roster is None:
        own = composed(item.own)
        return (Match(own, "") if is_id(own) else Match(None, NO_ID)), item
    match = roster.find(item.who)
    for group, name in item.teams:
        other = match if match.student else roster.find((*_numbers(item), Identifier("name", name)))
        person = roster.person(other.student) if other.student else None
        if person is not None and set(forms(person.name)) & set(forms(name)):
            return other, replace(item, group=group)
    return match, item


def _numbers(item: SourceItem) -> tuple[Identifier, ...]:
    return tuple(one for one in item.who if one.space != "name")
