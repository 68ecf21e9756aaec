"""When a supervisor ends a ticket, its visitor gets a text with the reason at once; the end of a day sends no text."""

from datetime import timedelta

import pytest
from notifications.test_sending import DAY, SITI, Gateway, Mall

from services.chassis.clock import now
from services.notifications.domain.commands import ClaimMessage
from services.notifications.domain.events import SmsExpired
from services.notifications.domain.mall import SwitchText, WordText

PHONE = "+6281277114455"
REASON = "Layanan ini tidak tersedia hari ini"


@pytest.fixture
def mall(store) -> Mall:
    """Siti waits and has her confirmation."""
    mall = Mall(store)
    mall.here.leave_phone(SITI, PHONE)
    mall.issued(service="KTP", agency="DUKCAPIL")
    mall.deliver(Gateway())
    return mall


def ends(mall: Mall, reason: str | None) -> list[str]:
    """End the ticket; return the texts, also after the event and both relays were repeated."""
    gateway, given = Gateway(), {} if reason is None else {"reason": reason}
    mall.hears("ticket-unserved", closed_at=mall.at.isoformat(), service="KTP", agency="DUKCAPIL", **given)
    for _ in range(2):
        mall.deliver(gateway)
        mall.hears_again("ticket-unserved", closed_at=mall.at.isoformat(), service="KTP", agency="DUKCAPIL", **given)
    return gateway.told


def test_reason_for_ending_a_ticket_is_texted_once(mall):
    assert ends(mall, REASON) == [f"MPP Kota Pekalongan: maaf, nomor B-012 tidak dapat dilayani: {REASON}."]


@pytest.mark.parametrize("reason", [None, "", "  "], ids=["absent", "empty", "blank"])
def test_ticket_that_ended_with_the_day_is_not_texted(mall, reason):
    assert ends(mall, reason) == []
    assert mall.here.find(SITI).standing == "over"


def test_long_reason_is_cut_after_a_word_in_one_segment(mall):
    (said,) = ends(mall, "Jaringan listrik di seluruh gedung padam total sampai besok")
    assert said.endswith("tidak dapat dilayani: Jaringan listrik di seluruh gedung...")
    assert len(said) <= 160


def test_reason_is_texted_in_language_of_visitor_and_wording_of_mall(mall):
    mall.here.leave_phone(SITI, PHONE, "en")
    mall.malls.act("pekalongan", WordText("unserved", "en", "{mall}: {number} has ended: {reason}", now()))
    assert ends(mall, REASON) == [f"MPP Kota Pekalongan: B-012 has ended: {REASON}"]


def test_occasion_that_is_switched_off_is_not_texted(mall):
    mall.malls.act("pekalongan", SwitchText("unserved", False, now()))
    assert ends(mall, REASON) == []


def test_end_of_a_ticket_is_texted_during_a_stop(mall):
    at = mall.at.isoformat()
    mall.hears("day-stopped", business_day=DAY, reason="Alarm", stopped_at=at)
    assert ends(mall, REASON)[0].endswith(f"dilayani: {REASON}.")


def test_end_of_a_ticket_is_not_texted_late_or_to_a_number_left_later(mall, store):
    mall.hears("ticket-unserved", closed_at=mall.at.isoformat(), reason=REASON)
    (text,) = mall.here.find(SITI).of_kind("unserved")
    late = ClaimMessage(text.requested.message_id, now() + timedelta(minutes=31))
    assert any(isinstance(event, SmsExpired) for event in mall.here.act(SITI, late).events)
    mall.here.leave_phone(SITI, "+6281277114466")
    assert len(mall.here.find(SITI).of_kind("unserved")) == 1


def test_end_that_was_taken_back_is_not_texted(mall):
    mall.hears("ticket-unserved", closed_at=mall.at.isoformat(), reason=REASON)
    mall.hears("ticket-restored", restored_at=mall.at.isoformat())
    gateway = Gateway()
    mall.deliver(gateway)
    assert gateway.told == []
    assert [text.status for text in mall.here.find(SITI).of_kind("unserved")] == ["dropped"]
