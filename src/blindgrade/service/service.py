"""The parts that each process of the service opens: database, stores, course."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog
from blindgrade.service.blobs import Blobs
from blindgrade.service.database.connect import Database
from blindgrade.service.lessons import Lessons
from blindgrade.service.pace import Pace
from blindgrade.service.places import Settings, secret_of
from blindgrade.service.views import Views


@dataclass(frozen=True)
class Service:
    """Everything that belongs to these settings, opened when it is needed."""

    settings: Settings
    durable: bool = True  # of the database's transactions

    @cached_property
    def database(self) -> Database:
        """The database."""
        return Database(self.settings.database, durable=self.durable)

    @cached_property
    def blobs(self) -> Blobs:
        """The submissions."""
        return Blobs(self.settings.blobs)

    @cached_property
    def marks(self) -> AttemptStore:
        """Attempts that give marks: the same folder that `course standings` reads."""
        return AttemptStore(self.settings.attempts)

    @cached_property
    def feedback(self) -> AttemptStore:
        """Attempts that give feedback."""
        return AttemptStore(self.settings.feedback)

    @cached_property
    def secret(self) -> bytes:
        """Key of receipts and seeds."""
        return secret_of(self.settings.data)

    @cached_property
    def lessons(self) -> Lessons:
        """The course."""
        return Lessons(Catalog(self.settings.course), DecisionStore(self.settings.attempts))

    @cached_property
    def pace(self) -> Pace:
        """Speed of the gradings."""
        return Pace()

    @cached_property
    def views(self) -> Views:
        """The one way in which students see submissions."""
        return Views(self.lessons, self.feedback, self.secret, self.pace)
