"""Why a command about webhooks is refused."""

from services.chassis.errors import NotFound, Refused


class UnknownWebhook(NotFound):
    """There is no such webhook, or it belongs to another agency or mall."""


class TooManySecrets(Refused):
    """As many secrets sign as may at once; the first of those that were replaced ends within `hours`."""


class TooManyWebhooks(Refused):
    """The agency has as many as it may."""
