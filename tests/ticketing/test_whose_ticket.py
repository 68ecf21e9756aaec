"""Which tickets a clerk may act on by id: those of the own counter, whatever id is sent; a supervisor all."""

from functools import partial

import pytest
from examples import KK, KTP, SIM, SITI, MallDay

from services.chassis.errors import Problem
from services.ticketing.api import acts
from services.ticketing.api.acts import Act, Asked
from services.ticketing.domain.day.commands import CallNext, CallTicket, HoldTicket, MissTicket, TransferTicket, WalkIn

OWN, FOREIGN = "G02", "G03"  # population office: KTP and KK; police: SIM
BODY = {"reason": "Fotokopi", "counter": OWN, "result": "done", "also": ()}
STATUS = {"resume": "held", "restore": "missed"}  # of the ticket before the act; called before all others


def command_of(act: Act, day: MallDay, at: str | None):
    return act.command(Asked(day.mall, day.now, at or "", SITI, BODY))


# Each act by a ticket's id: how the ticket is before it, and the command of a clerk at a counter (None: supervisor).
ACTS = {
    "call": ("waiting", lambda day, at: CallTicket(at or OWN, SITI, "Diminta", day.now, day.mall)),
    "transfer waiting": ("waiting", lambda day, at: TransferTicket(SITI, at, KK, "", "", day.now, day.mall)),
    "transfer to own counter": ("waiting", lambda day, at: TransferTicket(SITI, at, KTP, OWN, "", day.now, day.mall)),
    "transfer held": ("held", lambda day, at: TransferTicket(SITI, at, KK, "", "", day.now, day.mall)),
    "transfer called": ("called", lambda day, at: TransferTicket(SITI, at, KK, "", "", day.now, day.mall)),
    **{
        act.name: (STATUS.get(act.name, "called"), partial(command_of, act))
        for act in acts.ACTS
        if act.answer == "ticket" and "operator" in act.roles and act.name != "transfer"
    },
}
BY_ANY_COUNTER = {"call", "resume"}  # a supervisor names the counter, which has to give the ticket all the same


def day_with(status: str, service: str, counter: str) -> MallDay:
    """A day on which Siti's ticket is in this state, at this counter unless it waits."""
    day = MallDay()
    day.issue(SITI, service)
    if status != "waiting":
        day.when(CallNext(counter, day.now, day.mall))
    if status == "held":
        day.when(HoldTicket(SITI, counter, "Fotokopi", day.now))
    if status == "missed":
        day.when(MissTicket(SITI, counter, day.now))
    return day


@pytest.mark.parametrize("act", ACTS)
def test_clerk_may_act_on_a_ticket_of_the_own_counter(act):
    status, command = ACTS[act]
    day = day_with(status, KTP, OWN)
    assert day.status(SITI) == status
    assert day.when(command(day, OWN)) or act == "transfer to own counter"


@pytest.mark.parametrize("act", ACTS)
def test_clerk_may_not_act_on_a_ticket_of_another_counter(act):
    status, command = ACTS[act]
    day = day_with(status, SIM, FOREIGN)
    assert day.status(SITI) == status
    before = day.state
    with pytest.raises(Problem) as refused:
        day.when(command(day, OWN))
    assert refused.value.reason in ("not-this-counter", "other-counter")
    assert day.state is before


@pytest.mark.parametrize("act", sorted(ACTS.keys() - BY_ANY_COUNTER))
def test_supervisor_may_act_on_every_ticket(act):
    status, command = ACTS[act]
    day = day_with(status, SIM, FOREIGN)
    assert day.when(command(day, None))


@pytest.mark.parametrize("act", sorted(BY_ANY_COUNTER))
def test_supervisor_calls_no_ticket_to_a_counter_that_does_not_give_it(act):
    status, command = ACTS[act]
    day = day_with(status, SIM, FOREIGN)
    with pytest.raises(Problem, match="not-this-counter"):
        day.when(command(day, None))


def test_clerk_serves_no_walk_in_for_a_service_of_another_counter():
    day = MallDay()
    with pytest.raises(Problem, match="not-this-counter"):
        day.when(WalkIn(OWN, SITI, SIM, None, "", day.now, day.mall))


def test_ticket_sent_to_one_counter_is_no_other_counters_to_send_on():
    day = MallDay()
    day.issue(SITI, KK)
    day.when(TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    with pytest.raises(Problem, match="not-this-counter"):
        day.when(TransferTicket(SITI, OWN, KTP, OWN, "", day.now, day.mall))
