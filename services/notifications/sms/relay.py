"""Hands requested texts to the gateway: claimed first, recorded afterwards, never twice."""

from collections.abc import Mapping

import structlog

from services.chassis.event_store import Commit
from services.notifications.correspondence import Correspondences, now
from services.notifications.domain import CORRESPONDENCE, ClaimMessage, Outcome, RecordOutcome, SmsClaimed, SmsRequested
from services.notifications.sms import texts
from services.notifications.sms.gateway import CertainlyNotSent, Gateway

log = structlog.get_logger()


class Texts:
    """The SMS gateway as destination of an outbox. Handing a text over waits for the gateway's word."""

    def __init__(self, gateway: Gateway, correspondences: Correspondences) -> None:
        self._gateway, self._correspondences = gateway, correspondences

    def deliver(self, commit: Commit) -> None:
        """Hand over the texts that the commit requests."""
        for event in CORRESPONDENCE.recorded(commit):
            if isinstance(event, SmsRequested):
                _send(self._gateway, self._correspondences, event)

    def confirm(self) -> Mapping[str, int]:
        """Nothing is left to wait for."""
        return {}

    def close(self) -> None:
        """Nothing is held."""


def _send(gateway: Gateway, correspondences: Correspondences, message: SmsRequested) -> None:
    phone = correspondences.contacts.find(message.ticket_id)
    claim = correspondences.act(message.ticket_id, ClaimMessage(message.message_id, now()))
    if not any(isinstance(event, SmsClaimed) for event in claim.events):
        log.info("not sent", message_id=message.message_id, events=[type(event).__name__ for event in claim.events])
        return
    outcome, gateway_id = _hand_over(gateway, message, phone)
    correspondences.act(message.ticket_id, RecordOutcome(message.message_id, outcome, gateway_id, now()))
    log.info("handed over", message_id=message.message_id, outcome=outcome)


def _hand_over(gateway: Gateway, message: SmsRequested, phone: str | None) -> tuple[Outcome, str]:
    if phone is None:  # erased meanwhile
        return "failed", ""
    try:
        return "accepted", gateway.send(message.message_id, phone, texts.render(message.kind, message.values))
    except CertainlyNotSent:
        return "failed", ""
    except Exception as error:
        log.warning("outcome unknown", message_id=message.message_id, cause=type(error).__name__)
        return "unknown", ""
