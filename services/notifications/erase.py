"""Erasure on the command line (UU 27/2022 articles 8, 43 and 44): of one ticket, of one number, of what is old.

python -m services.notifications.erase ticket 20261124-JIQIB5zD7YKJMCqDar8ksQ
python -m services.notifications.erase phone < FILE        (the number; so it stands in no list of commands)
python -m services.notifications.erase before 2026-01-01   (the texts of all tickets of the days before, and to whom)

`before` deletes commits, which the service's own database user may not: it is run as the user `eraser`.
"""

import sys
from datetime import UTC, date, datetime, timedelta

from pymongo.errors import OperationFailure

from services.chassis.config import Env, Settings
from services.chassis.event_store import EventStore, connect
from services.chassis.seal import Seal
from services.notifications import contacts
from services.notifications.contacts import Contacts, InvalidPhone

SUBJECTS = ("ticket", "booking")  # what streams about visitors begin with
UNAUTHORIZED = 13  # MongoDB's code of a user without the right
NEWEST = timedelta(days=7)  # younger days may still be asked about, or still go on in another zone


def main() -> None:
    """Erase, and say what was; exit 2 if it is not understood."""
    env = Env()
    settings, seal = Settings.from_env(env, "notifications"), Seal.from_env(env)
    env.check()
    database = connect(settings.mongo_url, settings.database)
    match sys.argv[1:]:
        case ["ticket", ticket_id]:
            found = Contacts(database, seal).erase(ticket_id)
            print("erased the number of this ticket" if found else "no number is kept for this ticket")
        case ["phone"]:
            erased = Contacts(database, seal).erase_number(_number(sys.stdin.readline()))
            print(f"erased it from {erased} tickets")
        case ["before", day]:
            print(f"erased {_before(EventStore(database), _day(day))} commits of earlier days")
        case _:
            sys.exit(__doc__)


def _before(store: EventStore, day: date) -> int:
    """Delete the texts of all tickets and bookings of earlier days; return how many commits that were."""
    end = f"{day:%Y%m%d}"
    try:
        return sum(store.forget(f"{kind}/", f"{kind}/{end}") for kind in SUBJECTS)
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
        sys.exit("This database user may not delete commits: docker compose run --rm erase-texts before DAY")


def _number(text: str) -> str:
    try:
        return contacts.parse(text)
    except InvalidPhone as refused:
        print(refused.__doc__, file=sys.stderr)
        sys.exit(2)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        print(f"{text} is no day: 2026-01-01", file=sys.stderr)
        sys.exit(2)
    if found > (datetime.now(UTC) - NEWEST).date():
        print(f"{text}: the last {NEWEST.days} days stay", file=sys.stderr)
        sys.exit(2)
    return found


if __name__ == "__main__":
    main()
