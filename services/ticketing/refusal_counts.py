"""How often visitors were refused, by mall, day and reason. Figures for reports: a refusal is no event."""

from datetime import date

import structlog
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from services.chassis.event_store import Document

log = structlog.get_logger()


class RefusalCounts:
    """Counts refusals. A count that cannot be kept is lost, not the answer to the visitor."""

    def __init__(self, database: Database[Document]) -> None:
        # Nothing rests on these: a flood of requests that are refused must not cost a flood of synced writes.
        self._refusals = database.get_collection("refusals", write_concern=WriteConcern(w=1, j=False))

    def count(self, mall: str, on: date, reason: str) -> None:
        """One more."""
        try:
            self._add(f"{mall}/{on}", reason)
        except DuplicateKeyError:  # two first ones at once
            self._add(f"{mall}/{on}", reason)
        except PyMongoError as error:
            log.warning("a refusal was not counted", reason=reason, cause=type(error).__name__)

    def _add(self, day: str, reason: str) -> None:
        self._refusals.update_one({"_id": day}, {"$inc": {f"by_reason.{reason}": 1}}, upsert=True)

    def of(self, mall: str, on: date) -> dict[str, int]:
        """The refusals of a day by reason."""
        found = self._refusals.find_one({"_id": f"{mall}/{on}"})
        return dict(found["by_reason"]) if found else {}
