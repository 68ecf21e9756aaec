"""What the rules of access say no to, and why."""

from services.chassis.errors import Invalid, NotFound, Refused


class InvalidName(Invalid):
    """A user name is 2 to 40 small letters, digits, dots, dashes or underscores."""


class InvalidRole(Invalid):
    """Devices do not sign in, and administrators are people: neither the account nor the token can have this role."""


class InvalidPlaces(Invalid):
    """This role needs another scope: an operator a mall, an agency its mall and code, a device its mall."""


class InvalidExpiry(Invalid):
    """A token ends in the future."""


class UnknownAccount(NotFound):
    """No such account."""


class UnknownToken(NotFound):
    """No such token."""


class NameTaken(Refused):
    """An account or token has this name already: the record could not distinguish them."""


class LastAdministrator(Refused):
    """No account that can manage accounts would be left."""


class Disabled(Refused):
    """The account is disabled."""


class SecondFactorNeeded(Refused):
    """The account's role requires a second factor; only an administrator can reset it."""


class TooManyPasskeys(Refused):
    """The account has as many passkeys as it may have: one is removed before another one is added."""
