"""What holds over any sequence of commands."""

from datetime import timedelta

from examples import KK, KTP, PRIORITIES, SIM, TUESDAY_NINE, mall
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.errors import Problem
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.commands import CallNext, Finish, IssueTicket, MissTicket
from services.ticketing.domain.day.refusals import CounterBusy, NobodyWaits

CAPACITY = 25
MALL = mall(CAPACITY)
COUNTERS = st.sampled_from(sorted(MALL.counters))


class AnyDay(RuleBasedStateMachine):
    """Visitors and counters doing anything in any order, watched by a model of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DAY.initial
        self.now = TUESDAY_NINE
        self.issued: list = []
        self.calls: list = []
        self.passed: dict[str, int] = {}  # ordinary visitor → priority calls in a row past them
        self.at: dict[str, str] = {}  # counter → ticket

    def execute(self, command) -> list:
        events = DAY.decide(command, self.state)
        for event in events:
            self.state = DAY.evolve(self.state, event)
        self.now += timedelta(seconds=1)
        return events

    @rule(service=st.sampled_from([KTP, KK, SIM]), priority=st.sampled_from([None, None, *PRIORITIES]))
    def issue(self, service, priority):
        full = len(self.issued) >= CAPACITY
        try:
            ticket = self.execute(IssueTicket(f"t{len(self.issued)}", service, priority, self.now, MALL))[-1]
        except Problem as refusal:
            assert full, refusal
            assert refusal.reason == "capacity-reached"
        else:
            assert not full
            self.issued.append(ticket)
            assert ticket.ahead == self.state.ahead_of(ticket.ticket_id)

    @rule(counter=COUNTERS)
    def call(self, counter):
        services = MALL.counters[counter].services
        could = [t for t in self.waiting() if t.service in services]
        try:
            called = self.execute(CallNext(counter, self.now, MALL))[-1]
        except CounterBusy:
            assert counter in self.at
        except NobodyWaits:
            assert not could
        else:
            ticket = next(t for t in could if t.ticket_id == called.ticket_id)
            self.check_order(ticket, could)
            self.calls.append(called)
            self.at[counter] = called.ticket_id

    def check_order(self, ticket, could) -> None:
        same_class = [t for t in could if (t.priority is None) == (ticket.priority is None)]
        assert ticket is same_class[0], "first come, first served within a class"
        ordinary = [t.ticket_id for t in could if t.priority is None]
        for other in ordinary:
            self.passed[other] = self.passed.get(other, 0) + 1 if ticket.priority else 0
            assert self.passed[other] <= 2, "an ordinary visitor was passed too often in a row"

    @rule(counter=COUNTERS, served=st.booleans())
    def finish(self, counter, served):
        if ticket_id := self.at.pop(counter, None):
            command = Finish if served else MissTicket
            assert len(self.execute(command(ticket_id, counter, self.now))) == 1

    @rule(counter=COUNTERS, data=st.data())
    def repeat(self, counter, data):
        if self.calls:
            ticket_id = data.draw(st.sampled_from([call.ticket_id for call in self.calls]))
            try:
                events = self.execute(Finish(ticket_id, counter, self.now))
            except Problem:
                return
            if events:
                del self.at[counter]

    def waiting(self) -> list:
        called = {call.ticket_id for call in self.calls}
        return [ticket for ticket in self.issued if ticket.ticket_id not in called]

    @invariant()
    def numbers_are_unique_and_capacity_holds(self):
        assert len({ticket.number for ticket in self.issued}) == len(self.issued) <= CAPACITY

    @invariant()
    def no_ticket_is_with_two_counters_and_none_was_called_twice(self):
        assert len(set(self.at.values())) == len(self.at)
        assert self.state.serving == self.at
        assert len({call.ticket_id for call in self.calls}) == len(self.calls)

    @invariant()
    def those_ahead_are_called_before(self):
        order = self.state.waiting([SIM], limit=CAPACITY)
        assert [self.state.ahead_of(ticket_id) for ticket_id in order] == list(range(len(order)))


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
