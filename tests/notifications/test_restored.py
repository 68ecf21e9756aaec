"""After a restore nobody is texted from what the backup knows: not once, and not a second time."""

import io
from datetime import UTC, datetime

from services.notifications.sms.relay import Texts

from services.chassis import backup
from services.chassis.event_store import EventStore
from services.notifications.contacts import Contacts
from services.notifications.correspondence import SMS, Correspondences, ticket_stream
from services.notifications.domain import HearIssued

NOW = datetime.now(UTC)
TICKET = f"{NOW:%Y%m%d}-{'x' * 22}"


class Collects:
    """A gateway that keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def send(self, message_id: str, phone: str, text: str) -> str:
        self.given.append(message_id)
        return "taken"


def hand_over(store: EventStore, said: Correspondences, gateway: Collects) -> None:
    """What the relay does that finds no position: everything that was ever to be sent, from the store."""
    texts = Texts(gateway, said)
    for commit in list(store.with_outbox(SMS)):
        texts.deliver(commit)


def test_a_text_that_was_sent_after_the_backup_is_not_sent_again_from_it(store, database):
    said, gateway = Correspondences(store, Contacts(database)), Collects()
    said.leave_phone(TICKET, "+6281234567890")
    said.act(TICKET, HearIssued(TICKET, "pekalongan", "MPP", "B-001", 0, NOW, NOW))
    file = io.BytesIO()
    backup.save(database, file)  # the text is requested, nobody has claimed it
    hand_over(store, said, gateway)
    assert gateway.given == [f"{TICKET}.issued"]

    database["commits"].delete_many({})  # lost; and the numbers were not, the worst that can be
    file.seek(0)
    backup.restore(database, file)
    again = Correspondences(EventStore(database), Contacts(database))
    hand_over(store, again, gateway)
    assert gateway.given == [f"{TICKET}.issued"]
    (message,) = again.streams.snapshot(ticket_stream(TICKET)).state.messages.values()
    assert message.status == "failed"
