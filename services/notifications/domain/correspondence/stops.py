"""Texts about stops: one for each stop of service, and one for all of them when service continues."""

from services.notifications.domain.commands import HearSuspended, RecordContinued
from services.notifications.domain.correspondence.occasions import TRUE_WHILE
from services.notifications.domain.correspondence.requests import request
from services.notifications.domain.correspondence.state import MAY_HAVE_ARRIVED, Correspondence, Message
from services.notifications.domain.events import Event


def request_suspended(state: Correspondence, command: HearSuspended) -> list[Event]:
    """Request the text about a stop that concerns the ticket, unless one about the same stop may have arrived."""
    stop = (command.scope, command.code)
    if not _concerns(state, command.mall, stop) or any(stop_of(message) == stop for message in known_stops(state)):
        return []
    values = {"reason": command.reason, "scope": command.scope, "code": command.code}
    again = _of_stop(command)
    return request(state, "suspended", values, command.at, command.now, again, command.position)


def request_continued(state: Correspondence, command: RecordContinued) -> list[Event]:
    """Request one text that service continues, if the visitor still waits and a text about a stop may have arrived."""
    if not _concerns(state, command.mall, (command.scope, command.code)) or not known_stops(state):
        return []
    again = _of_stop(command)
    return request(state, "continued", {}, command.at, command.now, again, command.position)


def _of_stop(command: HearSuspended | RecordContinued) -> str:
    """Return the suffix of the message id: several closures can be declared or lifted in one version of the mall."""
    version, index = command.position
    return f"-{command.scope}-{version}" + (f".{index}" if index else "")


def _concerns(state: Correspondence, mall: str, stop: tuple[str, str]) -> bool:
    """Whether the ticket waits in this mall, and for this service where a service has stopped."""
    waits = state.issued is not None and state.issued.mall == mall and state.standing in TRUE_WHILE["suspended"]
    return waits and (stop[0] != "service" or stop[1] == state.service)


def known_stops(state: Correspondence) -> list[Message]:
    """The texts about stops that concern the ticket and may have arrived since the last text that it continues."""
    ended = [m.requested.requested_at for m in state.of_kind("continued") if m.is_open or m.status in MAY_HAVE_ARRIVED]
    mall = state.issued.mall if state.issued else ""
    return [
        message
        for message in state.of_kind("suspended")
        if message.status in MAY_HAVE_ARRIVED
        and _concerns(state, mall, stop_of(message))
        and not any(message.requested.requested_at <= at for at in ended)
    ]


def stop_of(message: Message) -> tuple[str, str]:
    """Return the scope and code of what has stopped, as the text names it."""
    return message.requested.values["scope"], message.requested.values["code"]
