"""What holds over any sequence of all commands: written down in docs/event-model.md, watched by a model of its own."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from examples import KK, KTP, PRIORITIES, SIM, TUESDAY_NINE, mall
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.chassis.errors import Problem
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import events as happened
from services.ticketing.domain.day.state import AT_COUNTER
from services.ticketing.domain.day.turns import ahead_of, in_order
from services.ticketing.domain.mall import Bookings, Mall, Rule, ServiceLearned

CAPACITY, KTP_A_DAY, KEPT = 16, 9, 3
EXAMPLES, STEPS = 120, 70
ENDED = ("served", "missed", "cancelled", "unserved")
MOVES = {
    "waiting": {"called", "cancelled", "unserved"},
    "called": {"serving", "served", "missed", "held", "waiting"},
    "serving": {"served", "held", "waiting"},
    "held": {"serving", "cancelled", "waiting", "unserved"},
    "served": set(),
    "missed": {"waiting"},
    "cancelled": set(),
    "unserved": set(),
}
TAKEN_BACK = {("called", "waiting"), *((of, to) for of in ("served", "missed", "held", "waiting") for to in AT_COUNTER)}


def a_mall() -> Mall:
    known = mall(CAPACITY, kept_for_priority=KEPT, bookings=Bookings(7, "10:00"))
    limited = ServiceLearned(KTP, "Perekaman KTP-el", "DUKCAPIL", 10, capacity=KTP_A_DAY)
    return replace(known, services={**known.services, KTP: limited})


MALL = a_mall()
COUNTERS = st.sampled_from(sorted(MALL.counters))
SERVICES = st.sampled_from([KTP, KK, SIM])
CLASSES = st.sampled_from([None, None, *PRIORITIES])
RULES = st.builds(
    Rule, st.sampled_from(["ratio", "ratio", "strict", "fifo"]), st.integers(1, 3), st.sampled_from([None, 5, 60])
)


class AnyDay(RuleBasedStateMachine):
    """Visitors, clerks and a supervisor doing anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DAY.initial
        self.now = TUESDAY_NINE
        self.ids = 0
        self.numbers: list[str] = []
        self.approached: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()  # ordinary visitor → priority calls in a row past them
        self.undoes: dict[str, tuple[str, dict[str, int], bool]] = {}  # counter → how its call changed that

    def ask(self, command) -> list:
        """Ask for something; what happened, nothing if it was refused."""
        before = self.state
        try:
            events = DAY.decide(command, before)
        except Problem:
            return []
        for event in events:
            self.state = DAY.evolve(self.state, event)
        self.watch(before, events)
        return events

    def watch(self, before, events) -> None:
        assert before.closed is None or not events, "nothing follows the closing of a day"
        for event in events:
            match event:
                case happened.TicketIssued():
                    self.numbers.append(event.number)
                case happened.TicketApproaching():
                    self.approached[event.ticket_id] += 1
        for ticket_id, ticket in before.tickets.items():
            after = self.state.tickets[ticket_id]
            moved, undone = (ticket.status, after.status), any(isinstance(e, happened.ActUndone) for e in events)
            allowed = moved in TAKEN_BACK if undone else after.status in MOVES[ticket.status]
            assert ticket.status == after.status or allowed, moved
            assert (after.issued, after.place) == (ticket.issued, ticket.place), "number and arrival stay"

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}{self.ids}"

    def pick(self, data, among) -> str:
        found = sorted(among)
        return data.draw(st.sampled_from(found)) if found else "nobody"

    # What visitors do

    @initialize(ruled=RULES, wanted=st.lists(st.tuples(SERVICES, CLASSES), min_size=4, max_size=16))
    def a_morning(self, ruled, wanted):
        self.ask(do.ChangeRule(ruled, "Hari ramai", self.now, MALL))
        self.several_come(wanted)
        self.now += timedelta(minutes=4)

    @rule(wanted=st.lists(st.tuples(SERVICES, CLASSES), min_size=1, max_size=5))
    def several_come(self, wanted):
        for service, priority in wanted:
            self.ask(do.IssueTicket(self.new_id("t"), service, priority, self.now, MALL))

    @rule(service=SERVICES, priority=CLASSES, again=st.booleans(), data=st.data())
    def issue(self, service, priority, again, data):
        goes_on = [one.id for one in self.state.tickets.values() if one.status not in ENDED]
        beside = self.pick(data, goes_on) if again and goes_on else ""
        self.ask(do.IssueTicket(self.new_id("t"), service, priority, self.now, MALL, beside))

    @rule(service=SERVICES, priority=CLASSES)
    def book(self, service, priority):
        self.ask(do.BookPlace(self.new_id("b"), service, priority, TUESDAY_NINE.date(), self.now, MALL))

    @rule(data=st.data(), comes=st.booleans())
    def come_or_cancel_a_booking(self, data, comes):
        booking = self.pick(data, self.state.bookings)
        coming = do.CheckIn(booking, self.new_id("t"), self.now, MALL)
        self.ask(coming if comes else do.CancelBooking(booking, self.now))

    @rule(data=st.data())
    def leave(self, data):
        self.ask(do.CancelTicket(self.pick(data, self.state.tickets), self.now, MALL))

    # What clerks do

    @rule(counter=COUNTERS)
    def call(self, counter):
        before, could = self.state, self.could_be_called(counter)
        events = self.ask(do.CallNext(counter, self.now, MALL))
        called = next((one for one in events if isinstance(one, happened.TicketCalled)), None)
        if called is None:
            free = counter not in before.serving and not before.stopped and not before.closed
            desk = before.desks.get(counter)
            assert not (free and could and (desk is None or desk.status == "open")), "somebody could have been called"
            return
        ticket = next(one for one in could if one.id == called.ticket_id)
        self.check_turn(before, ticket, could)
        self.count(ticket, could, counter)

    def could_be_called(self, counter) -> list:
        """The waiting tickets that this counter may call, by arrival."""
        busy = {self.state.tickets[one].visit for one in self.state.serving.values()}
        found = [
            one
            for one in self.state.tickets.values()
            if one.status == "waiting"
            and one.now_for.service in MALL.counters[counter].services
            and one.only_at in ("", counter)
            and one.visit not in busy
        ]
        return sorted(found, key=lambda one: one.place)

    def check_turn(self, before, ticket, could) -> None:
        same_class = [one for one in could if one.is_priority == ticket.is_priority]
        assert ticket is same_class[0], "first come, first called within a class"
        ordinary = [one for one in could if not one.is_priority]
        priority = [one for one in could if one.is_priority]
        match before.rule.rule:
            case "fifo":
                assert ticket is could[0]
            case "strict":
                assert ticket.is_priority or not priority
            case "ratio" if ticket.is_priority:
                assert all(self.passed[one.id] < before.rule.in_a_row for one in ordinary), "passed too often in a row"
                ceiling = before.rule.ceiling_minutes
                older = [one for one in ordinary if one.place < ticket.place and ceiling is not None]
                late = [one for one in older if self.now - one.issued.issued_at > timedelta(minutes=ceiling or 0)]
                assert not late, "somebody over the ceiling was passed over by a younger one"

    def count(self, ticket, could, counter) -> None:
        """Who was passed by this call; remembered, for it may be undone."""
        waits = self.waiting_ordinary(MALL.counters[counter].services) - {ticket.id}
        self.undoes[counter] = (ticket.id, {one: self.passed[one] for one in waits}, ticket.is_priority)
        for one in waits:
            self.passed[one] = self.passed[one] + 1 if ticket.is_priority else 0
        del self.passed[ticket.id]

    def waiting_ordinary(self, services) -> set:
        return {
            one.id
            for one in self.state.tickets.values()
            if one.status == "waiting" and not one.is_priority and one.now_for.service in services
        }

    @rule(counter=COUNTERS, data=st.data())
    def call_one_out_of_turn(self, counter, data):
        self.ask(do.CallTicket(counter, self.pick(data, self.state.tickets), "Ibu dengan bayi", self.now, MALL))

    @rule(counter=COUNTERS, service=SERVICES, priority=CLASSES)
    def walk_in(self, counter, service, priority):
        self.ask(do.WalkIn(counter, self.new_id("t"), service, priority, "Kembali membawa berkas", self.now, MALL))

    @rule(counter=COUNTERS)
    def serve_and_call(self, counter):
        self.ask(do.Finish(self.state.serving.get(counter, "nobody"), counter, self.now))
        self.call(counter)

    @rule(counter=COUNTERS, act=st.sampled_from(["recall", "start", "finish", "miss", "hold"]))
    def act_on_the_visitor(self, counter, act):
        ticket_id = self.state.serving.get(counter, "nobody")
        self.ask(
            {
                "recall": do.Recall(ticket_id, counter, self.now),
                "start": do.StartService(ticket_id, counter, self.now),
                "finish": do.Finish(ticket_id, counter, self.now),
                "miss": do.MissTicket(ticket_id, counter, self.now),
                "hold": do.HoldTicket(ticket_id, counter, "Fotokopi KK", self.now),
            }[act]
        )

    @rule(counter=COUNTERS, act=st.sampled_from([do.Finish, do.MissTicket, do.StartService, do.Recall]), data=st.data())
    def act_on_anybody(self, counter, act, data):
        self.ask(act(self.pick(data, self.state.tickets), counter, self.now))

    @rule(data=st.data(), counter=COUNTERS)
    def come_back(self, data, counter):
        away = [one.id for one in self.state.tickets.values() if one.status in ("held", "missed")]
        ticket_id = self.pick(data, away)
        self.ask(do.RestoreTicket(ticket_id, self.now))
        self.ask(do.ResumeTicket(ticket_id, counter, self.now, MALL))

    @rule(counter=COUNTERS, service=SERVICES, to=st.sampled_from(["", "G02", "G2B", "G03"]), data=st.data())
    def transfer(self, counter, service, to, data):
        ticket_id = self.pick(data, self.state.tickets)
        self.ask(do.TransferTicket(ticket_id, counter, service, to, "Perlu KK baru", self.now, MALL))
        self.passed.pop(ticket_id, None)

    @rule(counter=COUNTERS)
    def undo(self, counter):
        events = self.ask(do.UndoLast(counter, self.now))
        if any(isinstance(one, happened.ActUndone) and one.act == "called" for one in events):
            ticket_id, before, was_priority = self.undoes.pop(counter, ("", {}, True))
            if events[0].ticket_id != ticket_id:
                return
            for one, count in before.items():
                self.passed[one] += -1 if was_priority and self.passed[one] else 0 if was_priority else count

    @rule(counter=COUNTERS, act=st.sampled_from(["call", "finish", "miss", "hold", "transfer"]))
    def an_act_that_is_undone_leaves_no_trace(self, counter, act):
        before, ticket_id = self.state, self.state.serving.get(counter, "nobody")
        command = {
            "call": do.CallNext(counter, self.now, MALL),
            "finish": do.Finish(ticket_id, counter, self.now),
            "miss": do.MissTicket(ticket_id, counter, self.now),
            "hold": do.HoldTicket(ticket_id, counter, "Fotokopi", self.now),
            "transfer": do.TransferTicket(ticket_id, counter, KK, "", "", self.now, MALL),
        }[act]
        if not any(hasattr(event, "ticket_id") for event in self.ask(command)):
            return
        assert self.ask(do.UndoLast(counter, self.now)), "what was just done can be undone"
        for name in ("serving", "engaged", "places"):
            assert getattr(self.state, name) == getattr(before, name), name
        for one, ticket in before.tickets.items():
            assert replace(self.state.tickets[one], told=ticket.told, calls=ticket.calls) == ticket
        lines = {name: (queue.ordinary, queue.priority) for name, queue in before.queues.items()}
        empty = ((), ())
        now = {name: (queue.ordinary, queue.priority) for name, queue in self.state.queues.items()}
        assert {**now, **{name: empty for name in now if name not in lines}} == {**dict.fromkeys(now, empty), **lines}

    @rule(counter=COUNTERS, act=st.sampled_from(["open", "open", "pause", "close"]))
    def desk(self, counter, act):
        self.ask(
            {
                "open": do.OpenCounter(counter, self.now, MALL),
                "pause": do.PauseCounter(counter, "Salat", self.now, MALL),
                "close": do.CloseCounter(counter, self.now, MALL),
            }[act]
        )

    # What supervisors and the clock do

    @rule(wanted=RULES)
    def change_the_rule(self, wanted):
        self.ask(do.ChangeRule(wanted, "Hari ramai", self.now, MALL))

    @rule()
    def stop_and_go_on(self):
        if self.ask(do.StopDay("Alarm kebakaran", self.now, MALL)):
            for counter in MALL.counters:
                assert not self.ask(do.CallNext(counter, self.now, MALL)), "a stopped day calls nobody"
            self.ask(do.ResumeDay(self.now))

    @rule(seconds=st.integers(1, 900))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.ask(do.Tick(TUESDAY_NINE.date(), self.now, MALL))

    @precondition(lambda self: len(self.state.tickets) > 10 and self.ids > 30)
    @rule()
    def close(self):
        self.ask(do.CloseDay(self.now, MALL))

    # What holds

    @invariant()
    def numbers_are_unique_and_without_gaps(self):
        for line in {number.partition("-")[0] for number in self.numbers}:
            of_line = [number for number in self.numbers if number.startswith(f"{line}-")]
            assert of_line == [f"{line}-{n:03d}" for n in range(1, len(of_line) + 1)]

    @invariant()
    def places_never_exceed_what_there_is(self):
        taken = [one for one in self.state.tickets.values() if one.status != "cancelled"]
        held = [one for one in self.state.bookings.values() if one.status == "booked"]
        assert self.state.places.all == len(taken) + len(held) <= CAPACITY
        assert self.state.unclaimed == len(held)
        for_ktp = [one.issued.service == KTP for one in taken] + [one.placed.service == KTP for one in held]
        assert self.state.places.by_service.get(KTP, 0) == sum(for_ktp) <= KTP_A_DAY
        ordinary = sum(not one.is_priority for one in taken) + sum(one.placed.priority is None for one in held)
        assert ordinary <= CAPACITY - KEPT, "kept places were given away"

    @invariant()
    def every_visitor_is_at_one_place(self):
        at = {one.id: one.counter for one in self.state.tickets.values() if one.status in ("called", "serving")}
        assert {ticket_id: counter for counter, ticket_id in self.state.serving.items()} == at
        assert len(set(at.values())) == len(at), "a counter has two visitors"
        visits = [self.state.tickets[one].visit for one in at]
        assert len(set(visits)) == len(visits), "a visitor is at two counters"
        assert set(self.state.engaged) == set(visits)

    @invariant()
    def who_waits_is_in_line_by_arrival(self):
        waiting = {one.id for one in self.state.tickets.values() if one.status == "waiting"}
        lines = [line for queue in self.state.queues.values() for line in (queue.ordinary, queue.priority)]
        assert sorted(one for line in lines for one in line) == sorted(waiting)
        for line in lines:
            places = [self.state.tickets[one].place for one in line]
            assert places == sorted(places)

    @invariant()
    def each_visitor_is_told_once_that_it_is_nearly_time(self):
        assert all(count == 1 for count in self.approached.values())

    @invariant()
    def those_ahead_are_called_before(self):
        if self.state.rule.ceiling_minutes is not None or any(one.only_at for one in self.state.tickets.values()):
            return  # the count leaves ceilings out, and who waits for one counter only
        line = list(self.state.lines.get("C", ()))
        order = list(in_order(self.state, line, None, self.now))
        if len(order) == sum(
            one.status == "waiting" and one.now_for.line == "C" for one in self.state.tickets.values()
        ):
            assert [ahead_of(self.state, one) for one in order] == list(range(len(order)))

    @invariant()
    def served_visits_are_measured(self):
        served = [one for one in self.state.tickets.values() if one.status == "served" and one.result != "assumed"]
        assert sum(measured.count for measured in self.state.measured.values()) == len(served)

    @invariant()
    def a_closed_day_has_no_loose_ends(self):
        if self.state.closed:
            assert all(one.status in ENDED for one in self.state.tickets.values())
            assert not self.state.serving
            assert all(desk.status == "closed" for desk in self.state.desks.values())
            totals = self.state.closed.totals
            assert totals["issued"] == sum(totals[name] for name in ENDED) == len(self.state.tickets)


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
