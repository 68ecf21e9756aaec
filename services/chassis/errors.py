"""What can go wrong, one root per meaning. The web maps each root to a status; nothing here knows HTTP."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Problem(Exception):
    """Something the caller is told about, with a stable reason code and the values its words need."""

    def __init__(self, **params: Any) -> None:
        super().__init__(self.reason)
        self.params = params

    @property
    def reason(self) -> str:
        """The code in kebab case, taken from the class: `NobodyWaits` → `nobody-waits`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()


class Refused(Problem):
    """The rules say no, now. The same request may succeed later."""


class NotFound(Problem):
    """There is no such thing."""


class Invalid(Problem):
    """The request can never succeed as it stands."""


class Unauthorized(Problem):
    """We do not know who is asking."""


class Forbidden(Problem):
    """We know who is asking, and they may not."""


class TooMany(Problem):
    """We know of nothing wrong, but somebody asks too often; `retry_after` seconds later they may again."""


class Unavailable(Problem):
    """We cannot answer now; nothing was lost; try again."""


class KeyReused(Invalid):
    """An idempotency key came back with another request."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field, in words that are the key to those of other languages.

    For faults that are told without a form around them: `where` is the file or the entry, in such words too, and
    `label` names the part of it and comes before `says`, such as `week: monday `.
    """

    field: str
    says: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    label: str = ""
    where: str = ""

    def __str__(self) -> str:
        """Where it is and what it is, in English."""
        return f"{self.where.format(**self.values)}{self.label}{self.says.format(**self.values)}"
