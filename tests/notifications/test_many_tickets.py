"""A number that was left for many tickets of a day: routine texts stop, calls do not, and its owner is not shut out."""

from collections import Counter

import pytest
from notifications.test_sending import TODAY, Gateway, Mall

from services.notifications.domain.correspondence.state import Message
from services.notifications.domain.events import Kind

NUMBER, OTHER, MOST = "+6281277114455", "+6281277114466", 2


@pytest.fixture
def mall(store) -> Mall:
    return Mall(store)


def ticket(number: int) -> str:
    return f"{TODAY}-{number:022}"


def texts(mall: Mall, *kinds: Kind) -> list[Message]:
    return [message for message in mall.here.latest(1000) if message.requested.kind in kinds]


def outcomes(mall: Mall, kind: Kind) -> Counter:
    return Counter((message.status, message.reason) for message in texts(mall, kind))


def leave(mall: Mall, numbers: range, phone: str = NUMBER) -> None:
    for number in numbers:
        mall.issued(ticket(number))
        mall.here.leave_phone(ticket(number), phone)


def test_routine_texts_to_one_number_are_bounded_for_all_at_once(mall):
    leave(mall, range(8))
    gateway = Gateway()
    mall.deliver(gateway, tickets_of_phone=MOST)
    assert len(gateway.sent) <= MOST
    assert outcomes(mall, "issued")[("dropped", "many-tickets")] == 8 - len(gateway.sent)


def test_each_ticket_of_number_left_for_many_is_still_called(mall):
    for number in range(5):
        leave(mall, range(number, number + 1))
        mall.deliver(Gateway(), tickets_of_phone=MOST)
    assert outcomes(mall, "issued") == {("accepted", ""): MOST, ("dropped", "many-tickets"): 3}
    for number in range(5):
        mall.called(ticket(number))
    mall.deliver(Gateway(), tickets_of_phone=MOST)
    assert outcomes(mall, "called") == {("accepted", ""): 5}


def test_made_up_tickets_and_other_numbers_do_not_count(mall):
    for number in range(100, 110):
        mall.here.leave_phone(ticket(number), NUMBER)
    leave(mall, range(10, 15), OTHER)
    leave(mall, range(1))
    mall.deliver(Gateway(), tickets_of_phone=MOST)
    (text,) = (message for message in texts(mall, "issued") if message.requested.ticket_id == ticket(0))
    assert text.status == "accepted"


def test_number_taken_back_does_not_count(mall):
    leave(mall, range(MOST))
    mall.deliver(Gateway(), tickets_of_phone=MOST)
    mall.here.withdraw_phone(ticket(0))
    leave(mall, range(5, 6))
    mall.deliver(Gateway(), tickets_of_phone=MOST)
    assert outcomes(mall, "issued") == {("accepted", ""): MOST + 1}


def test_without_bound_every_text_is_sent(mall):
    leave(mall, range(6))
    mall.deliver(Gateway())
    assert outcomes(mall, "issued") == {("accepted", ""): 6}
