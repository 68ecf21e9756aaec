"""What a new release removes from the database of an earlier one, once."""

from datetime import UTC, datetime

import structlog
from pymongo.database import Database

from services.chassis.event_store import Document
from services.chassis.life import Life, Loop

log = structlog.get_logger()

COUNTS_BY_NUMBER = "counts-by-number"
LOOK_EVERY = 20.0  # seconds between two signs of life


def upgrading(database: Database[Document]) -> Loop:
    """Return a loop that removes what is to be removed when it starts."""

    def loop(life: Life) -> None:
        if forget_counts_by_number(database):
            log.info("removed counts by phone number and their keys, as earlier releases stored them")
        while life.goes_on():
            life.rest(LOOK_EVERY)

    return loop


def forget_counts_by_number(database: Database[Document]) -> bool:
    """Delete the counts by phone number of earlier releases and the keys stored beside them; return whether it did.

    They lie in `limits` with the counts by address, which begin again. It happens once for each database: the name of
    the step is kept in `upgrades`. What an older web process still writes expires after two days.
    """
    if database["upgrades"].find_one({"_id": COUNTS_BY_NUMBER}):
        return False
    database["limits"].delete_many({})
    database["upgrades"].update_one({"_id": COUNTS_BY_NUMBER}, {"$set": {"at": datetime.now(UTC)}}, upsert=True)
    return True
