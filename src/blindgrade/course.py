"""The course's description, as course.toml has it: its lessons, concepts and mental models."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from blindgrade.models import Described, Environment, Policy


class Depth(StrEnum):
    """How far the course takes a concept."""

    DEVELOPED = "developed"
    INTRODUCED = "introduced"
    REINFORCED = "reinforced"


class Concept(Described):
    """One row of the course's concept tables."""

    id: str
    title: str
    depth: Depth
    lessons: list[str]


class MentalModel(Described):
    """A saying that carries an idea from lesson to lesson."""

    id: str
    title: str
    says: str


class LessonEntry(Described):
    """Lesson in the table of contents. A planned one has no files yet. An unreleased one has no files in this copy."""

    id: str
    slug: str
    title: str
    status: Literal["ready", "planned", "unreleased"] = "ready"


class ModuleEntry(Described):
    """A group of lessons, graded together as `lesson-7.2`."""

    id: str
    title: str
    lessons: list[LessonEntry] = Field(alias="lesson")


class Course(Described):
    """Content of course.toml."""

    title: str
    summary: str
    resident: bool = True  # may `grade` leave a process behind that makes the next grading fast?
    policy: Policy = Policy()
    environment: Environment = Environment()
    modules: list[ModuleEntry] = Field(alias="module")
    concepts: list[Concept] = Field(alias="concept")
    mental_models: list[MentalModel] = Field(alias="mental_model")
