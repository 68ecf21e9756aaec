"""Texts about a ticket: that it was issued, that it was called, and what happens to it afterwards."""

from datetime import datetime

from services.notifications.domain.correspondence.occasions import TEXT_ABOUT
from services.notifications.domain.correspondence.requests import request
from services.notifications.domain.correspondence.state import Correspondence, evolve
from services.notifications.domain.events import NOWHERE, CallHeard, Event, NewsHeard


def request_issued(state: Correspondence, now: datetime) -> list[Event]:
    """Request the confirmation of the ticket, unless it was requested before or the visitor no longer waits."""
    issued = state.issued
    if issued is None or state.standing != "waiting" or state.has_requested("issued"):
        return []
    return request(state, "issued", {"ahead": str(issued.ahead)}, issued.issued_at, now, about=issued.position)


def record_call(state: Correspondence, called: CallHeard, now: datetime) -> list[Event]:
    """Record a call and request its text; repeats are known by position, in events of older releases by count."""
    earlier = state.called
    counted = earlier is not None and NOWHERE in (earlier.position, called.position)
    if state.is_old(called.position) or (counted and earlier and called.call <= earlier.call):
        return []
    values = {"counter": called.counter, "floor": str(called.floor)}
    again = f"-{called.call}" if called.call > 1 else ""
    if f"{called.ticket_id}.called{again}" in state.messages:  # the count of calls begins again after an undone call
        again += f"-{called.position[0]}"
    return [called, *request(state, "called", values, called.called_at, now, again, called.position)]


def record_news(state: Correspondence, news: NewsHeard, now: datetime) -> list[Event]:
    """Record what else happened to the ticket, and request a text where the visitor needs one."""
    if state.is_old(news.position):
        return []
    if news.what not in TEXT_ABOUT or (news.what == "unserved" and not news.values.get("reason")):
        return [news]  # at the close of the day every visitor knows
    kind, again = TEXT_ABOUT[news.what], "" if news.what == "approaching" else f"-{news.position[0]}"
    return [news, *request(evolve(state, news), kind, news.values, news.at, now, again, news.position)]
