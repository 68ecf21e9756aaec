"""What a visitor with a ticket is told of: that it was issued, called, and what happens to it afterwards."""

from datetime import datetime

from services.notifications.domain.correspondence.occasions import TOLD
from services.notifications.domain.correspondence.requests import request
from services.notifications.domain.correspondence.state import Correspondence, evolve
from services.notifications.domain.events import NOWHERE, CallHeard, Event, NewsHeard


def tell_issued(state: Correspondence, now: datetime) -> list[Event]:
    """Confirm the ticket, unless that was requested before or the visitor does not wait any more."""
    issued = state.issued
    if issued is None or state.standing != "waiting" or state.told("issued"):
        return []
    return request(state, "issued", {"ahead": str(issued.ahead)}, issued.issued_at, now, about=issued.position)


def hear_called(state: Correspondence, called: CallHeard, now: datetime) -> list[Event]:
    """Request a text for each call: events of older releases are counted, those of newer ones have positions."""
    earlier = state.called
    counted = earlier is not None and NOWHERE in (earlier.position, called.position)
    if state.is_old(called.position) or (counted and earlier and called.call <= earlier.call):
        return []
    place = {"counter": called.counter, "floor": str(called.floor)}
    again = f"-{called.call}" if called.call > 1 else ""
    if f"{called.ticket_id}.called{again}" in state.messages:  # a call that was undone is counted anew
        again += f"-{called.position[0]}"
    return [called, *request(state, "called", place, called.called_at, now, again, called.position)]


def hear_news(state: Correspondence, news: NewsHeard, now: datetime) -> list[Event]:
    """Record what else happened to the ticket, and request a text where the visitor needs one."""
    if state.is_old(news.position):
        return []
    if news.what not in TOLD or (news.what == "unserved" and not news.values.get("reason")):
        return [news]  # at the close of the day every visitor knows
    kind, again = TOLD[news.what], "" if news.what == "approaching" else f"-{news.position[0]}"
    return [news, *request(evolve(state, news), kind, news.values, news.at, now, again, news.position)]
