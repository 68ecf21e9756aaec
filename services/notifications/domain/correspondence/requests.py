"""Request of a text: at most one per occasion, with what it names and the last moment to send it."""

from collections.abc import Mapping
from datetime import datetime

from services.notifications.domain.correspondence.occasions import UNTIL_CLAIMED, WORTH_SENDING
from services.notifications.domain.correspondence.state import Correspondence
from services.notifications.domain.events import NOWHERE, BookingHeard, Event, Kind, Position, SmsRequested


def request(
    state: Correspondence,
    kind: Kind,
    values: Mapping[str, str],
    happened: datetime,
    now: datetime,
    again: str = "",
    about: Position = NOWHERE,
    not_before: datetime | None = None,
) -> list[Event]:
    """Request the text of an occasion, unless it was requested before or no number is known.

    `again` sets the texts of repeated occasions apart in their ids; `about` is the position of the event that the text
    is about; `happened` is the time of that event, from which the last moment to send the text is counted.
    """
    if state.phone is None or not (state.issued or state.booking):
        return []
    if state.issued:
        subject, mall, number = state.issued.ticket_id, state.issued.mall, state.issued.number
        known = {"mall": state.issued.mall_name, "number": number}
    elif state.booking:
        subject, mall, number = state.booking.booking_id, state.booking.mall, ""
        known = claim_time(state.booking)
    message_id = f"{subject}.{kind}{again}"
    if message_id in state.messages:
        return []
    text = SmsRequested(
        message_id=message_id,
        ticket_id=subject,
        kind=kind,
        to=state.phone,
        number=number,
        values={**known, **values},
        best_before=_best_before(state, kind, happened),
        requested_at=now,
        mall=mall,
        agency=state.agency,
        language=state.language,
        about=about,
        not_before=not_before,
    )
    return [text]


def _best_before(state: Correspondence, kind: Kind, happened: datetime) -> datetime:
    """The last moment to send a text of this kind; one about a booking never later than its claim time."""
    if state.booking is None or state.issued:
        return happened + WORTH_SENDING[kind]
    claim_by = state.booking.claim_by
    return claim_by if kind in UNTIL_CLAIMED else min(happened + WORTH_SENDING[kind], claim_by)


def claim_time(booking: BookingHeard) -> dict[str, str]:
    """Return the day and time until which the place can be claimed, as texts name them."""
    return {"day": booking.claim_by.date().isoformat(), "time": f"{booking.claim_by:%H.%M}"}
