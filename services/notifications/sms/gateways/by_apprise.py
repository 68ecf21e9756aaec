"""Whatever the package Apprise can reach, where it is installed (`pip install apprise`)."""

from importlib.util import find_spec

from services.notifications.sms.gateways.gateway import Text


class AppriseGateway:
    """Hands texts to Apprise. It does not tell a text that failed from one of which nobody knows: none is repeated."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, text: Text) -> str:
        """Ask Apprise to send the text to the number that its address is completed with."""
        import apprise  # late: it need not be installed

        to = text.phone.removeprefix("+")
        channel = apprise.Apprise()
        if not channel.add(self._url.replace("{to_digits}", to).replace("{to}", text.phone)):
            raise RuntimeError("Apprise does not know such an address")
        if not channel.notify(body=text.text):
            raise RuntimeError("Apprise could not say that it was sent")
        return ""


def is_installed() -> bool:
    """Whether there is an Apprise to use."""
    return find_spec("apprise") is not None
