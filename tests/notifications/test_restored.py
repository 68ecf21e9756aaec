"""After a restore nobody is texted from what the backup knows: not once, and not a second time."""

import io

from notifications.test_sending import CANARY, SITI, Gateway, Mall

from services.chassis import backup
from services.chassis.event_store import EventStore


def test_a_text_that_was_sent_after_the_backup_is_not_sent_again_from_it(store, database):
    mall, gateway = Mall(store), Gateway()
    mall.issued()
    mall.here.leave_phone(SITI, CANARY)
    file = io.BytesIO()
    backup.save(database, file)  # the text is requested, nobody has claimed it
    mall.deliver(gateway)
    assert len(gateway.sent) == 1

    database["commits"].delete_many({})  # lost; and the numbers were not, the worst that can be
    file.seek(0)
    backup.restore(database, file)
    again = Mall(EventStore(database))
    again.deliver(gateway)
    assert len(gateway.sent) == 1
    assert set(again.statuses().values()) == {"dropped"}
