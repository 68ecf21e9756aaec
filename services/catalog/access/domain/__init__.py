"""Who may do what: accounts of people, tokens of machines, and what of both is revoked. The decider of its stream.

`events` is what can happen, `commands` what people ask, `refusals` what is not possible; `evolve` folds the events
into `state`; `accounts`, `tokens` and `sign_in` decide; `roles` has the scope of each role.
"""

from typing import get_args

from services.catalog.access.domain import accounts, sign_in, tokens
from services.catalog.access.domain.commands import Command, OfAccounts, OfTokens
from services.catalog.access.domain.events import Event
from services.catalog.access.domain.evolve import evolve
from services.catalog.access.domain.state import People
from services.chassis.decider import Decider


def decide(command: Command, people: People) -> list[Event]:
    """Return the events that a command leads to; none for a repeat. Raises refusals."""
    if isinstance(command, OfAccounts):
        return accounts.decide(command, people)
    if isinstance(command, OfTokens):
        return tokens.decide(command, people)
    return sign_in.decide(command, people)


ACCESS: Decider[Command, People, Event] = Decider(
    initial=People(), decide=decide, evolve=evolve, events=get_args(Event)
)
