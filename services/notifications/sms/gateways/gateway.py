"""What every gateway does, and what it says when it cannot."""

from dataclasses import dataclass
from typing import Protocol


class CertainlyNotSent(Exception):
    """The gateway did not take the text, or was never reached; later, or another gateway, may. Says why in a word."""


class Rejected(CertainlyNotSent):
    """The gateway will never take this text for this number."""


@dataclass(frozen=True)
class Text:
    """A text on its way: `reference` tells it from others and nothing else, `report_url` takes reports about it."""

    reference: str
    phone: str
    text: str
    report_url: str = ""


class Gateway(Protocol):
    """Takes a text for a number in E.164."""

    def send(self, text: Text) -> str:
        """Hand the text over; the gateway's own id for it, if it has one.

        Raises `Rejected` and `CertainlyNotSent`. Any other error leaves it unknown whether the text was sent.
        """
        ...
