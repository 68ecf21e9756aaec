"""What holds over any sequence of commands, catalogue edits, closures and clock jumps; see docs/event-model.md."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from examples import KK, KTP, PRIORITIES, SIM, TUESDAY_NINE, mall
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from properties import examples

from services.chassis.decider import Snapshot
from services.chassis.errors import Problem
from services.ticketing import views
from services.ticketing.api import acts
from services.ticketing.domain import mall as malls
from services.ticketing.domain import statistics
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day import DAY, in_force, turns
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import events as happened
from services.ticketing.domain.day.state import AT_COUNTER
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import (
    Bookings,
    Closure,
    DeclareClosure,
    LiftClosure,
    Mall,
    Rule,
    ServiceLearned,
)

pytestmark = pytest.mark.timeout(600)  # 20,000 steps take a minute, longer beside other tests

MALL_RULES = malls.MALL

CAPACITY, KTP_A_DAY, KEPT = 16, 9, 3
EXAMPLES, STEPS = examples(300), 80  # all of them: at least 20,000 steps
LOOK_EVERY = 5
ENDED = ("served", "missed", "cancelled", "unserved")
MOVES = {
    "waiting": {"called", "cancelled", "unserved"},  # unserved: ended by a supervisor, or by the closing of the day
    "called": {"serving", "served", "missed", "held", "waiting"},
    "serving": {"served", "held", "waiting"},
    "held": {"serving", "cancelled", "waiting", "unserved"},
    "served": set(),
    "missed": {"waiting"},
    "cancelled": set(),
    "unserved": set(),
}
TAKEN_BACK = {("called", "waiting"), *((of, to) for of in ("served", "missed", "held", "waiting") for to in AT_COUNTER)}
# Acts on a ticket that need no more than a reason: a new one is driven too.
ACTS_ON_TICKETS = [
    act for act in acts.ACTS if act.answer == "ticket" and "operator" in act.roles and act.name != "transfer"
]


def a_mall() -> Mall:
    known = mall(CAPACITY, kept_for_priority=KEPT, bookings=Bookings(7, "10:00"))
    limited = ServiceLearned(KTP, "Perekaman KTP-el", "DUKCAPIL", 10, capacity=KTP_A_DAY)
    return replace(known, services={**known.services, KTP: limited})


MALL = a_mall()
CODES = sorted(MALL.counters)
COUNTERS = st.sampled_from(CODES)
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
        self.mall = MALL
        self.ids = 0
        self.steady = 0.0
        self.watch_of_clock = ClockWatch.start(self.now, self.steady)
        self.steps = 0
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
                    self.check_promise(event)
                case happened.TicketTransferred():
                    self.check_promise(event)
                case happened.TicketApproaching():
                    self.approached[event.ticket_id] += 1
                    assert not self.halts(), "no visitor is asked to be ready while the mall is stopped or closed"
                case happened.TicketCalled() | happened.TicketRecalled():
                    assert not self.halts(), "no visitor is called while the mall is stopped or closed"
                    assert not self.closed("counter", event.counter), "called to a closed counter"
                    assert not self.closed("service", event.service), "called for a closed service"
        for ticket_id, ticket in before.tickets.items():
            after = self.state.tickets[ticket_id]
            moved, undone = (ticket.status, after.status), any(isinstance(e, happened.ActUndone) for e in events)
            allowed = moved in TAKEN_BACK if undone else after.status in MOVES[ticket.status]
            assert ticket.status == after.status or allowed, moved
            assert (after.issued, after.arrival) == (ticket.issued, ticket.arrival), "number and arrival stay"

    def check_promise(self, event) -> None:
        """New and transferred visitors are sent to counters that the catalogue has, open or still to open."""
        assert event.counters
        for each in event.counters:
            assert event.service in self.mall.counters[each.code].services
            assert not self.closed("counter", each.code)
            desk = self.state.desks.get(each.code)
            assert desk is None or desk.status != "closed", "the clerk has left"

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}{self.ids}"

    def pick(self, data, among) -> str:
        found = sorted(among)
        return data.draw(st.sampled_from(found)) if found else "nobody"

    # What visitors do

    @initialize(ruled=RULES, wanted=st.lists(st.tuples(SERVICES, CLASSES), min_size=4, max_size=16))
    def a_morning(self, ruled, wanted):
        self.ask(do.ChangeRule(ruled, "Hari ramai", self.now, self.mall))
        self.several_come(wanted)
        self.now += timedelta(minutes=4)

    @rule(wanted=st.lists(st.tuples(SERVICES, CLASSES), min_size=1, max_size=5))
    def several_come(self, wanted):
        for service, priority in wanted:
            self.ask(do.IssueTicket(self.new_id("t"), service, priority, self.now, self.mall))

    @rule(service=SERVICES, priority=CLASSES, again=st.booleans(), data=st.data())
    def issue(self, service, priority, again, data):
        goes_on = [one.id for one in self.state.tickets.values() if one.status not in ENDED]
        beside = self.pick(data, goes_on) if again and goes_on else ""
        self.ask(do.IssueTicket(self.new_id("t"), service, priority, self.now, self.mall, beside))

    @rule(service=SERVICES, priority=CLASSES)
    def book(self, service, priority):
        self.ask(do.BookPlace(self.new_id("b"), service, priority, TUESDAY_NINE.date(), self.now, self.mall))

    @rule(data=st.data(), comes=st.booleans())
    def come_or_cancel_a_booking(self, data, comes):
        booking = self.pick(data, self.state.bookings)
        coming = do.CheckIn(booking, self.new_id("t"), self.now, self.mall)
        self.ask(coming if comes else do.CancelBooking(booking, self.now))

    @rule(data=st.data())
    def leave(self, data):
        self.ask(do.CancelTicket(self.pick(data, self.state.tickets), self.now, self.mall))

    # What clerks do

    @rule(counter=COUNTERS)
    def call(self, counter):
        before, could = self.state, self.could_be_called(counter)
        events = self.ask(do.CallNext(counter, self.now, self.mall))
        called = next((one for one in events if isinstance(one, happened.TicketCalled)), None)
        if called is None:
            free = counter not in before.serving and not self.halts() and not before.closed
            desk = before.desks.get(counter)
            ready = desk is None or desk.status == "open"
            assert not (free and could and ready and not self.closed("counter", counter)), "one could have been called"
            return
        ticket = next(one for one in could if one.id == called.ticket_id)
        self.check_turn(before, ticket, could)
        self.count(ticket, could, counter)

    def could_be_called(self, counter) -> list:
        """The waiting tickets that this counter may call, by arrival: what the rules say, in the test's own words."""
        busy = {self.state.tickets[one].visit for one in self.state.serving.values()}
        found = [
            one
            for one in self.state.tickets.values()
            if one.status == "waiting"
            and self.serves(counter, one)
            and one.visit not in busy
            and not self.closed("service", one.now_for.service)
        ]
        return sorted(found, key=lambda one: one.arrival)

    def serves(self, counter, ticket) -> bool:
        listed = self.mall.counters.get(counter)
        given = listed is not None and ticket.now_for.service in listed.services
        promised = counter in [each.code for each in ticket.now_for.counters]
        return (given or promised) and ticket.only_at in ("", counter)

    def closed(self, scope, code) -> bool:
        closures = self.mall.closures.get((scope, code), ())
        return any(each.since <= self.now and (each.until is None or self.now < each.until) for each in closures)

    def halts(self) -> bool:
        return self.state.stopped is not None or self.closed("mall", "pekalongan")

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
                older = [one for one in ordinary if one.arrival < ticket.arrival and ceiling is not None]
                late = [one for one in older if self.now - one.issued.issued_at > timedelta(minutes=ceiling or 0)]
                assert not late, "somebody over the ceiling was passed over by a younger one"

    def count(self, ticket, could, counter) -> None:
        """Who was passed by this call; remembered, for it may be undone."""
        listed = self.mall.counters[counter].services if counter in self.mall.counters else ()
        services = {
            *(one for one in listed if not self.closed("service", one)),
            *(one.now_for.service for one in could),
        }
        waits = self.waiting_ordinary(services) - {ticket.id}
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
        self.ask(do.CallTicket(counter, self.pick(data, self.state.tickets), "Ibu dengan bayi", self.now, self.mall))

    @rule(counter=COUNTERS, service=SERVICES, priority=CLASSES)
    def walk_in(self, counter, service, priority):
        self.ask(do.WalkIn(counter, self.new_id("t"), service, priority, "Kembali membawa berkas", self.now, self.mall))

    @rule(counter=COUNTERS)
    def serve_and_call(self, counter):
        self.ask(do.Finish(self.state.serving.get(counter, "nobody"), counter, self.now))
        self.call(counter)

    @rule(counter=COUNTERS, act=st.sampled_from(ACTS_ON_TICKETS))
    def act_on_the_visitor(self, counter, act):
        ticket_id = self.state.serving.get(counter, "nobody")
        self.ask(self.act_at_counter(act, ticket_id, counter))

    @rule(counter=COUNTERS, act=st.sampled_from(ACTS_ON_TICKETS), data=st.data())
    def act_on_any_ticket(self, counter, act, data):
        ticket_id = self.pick(data, self.state.tickets)
        self.ask(self.act_at_counter(act, ticket_id, counter))

    def act_at_counter(self, act, ticket_id, counter):
        body = {"reason": "Fotokopi KK", "counter": counter, "result": "done", "also": ()}
        return act.command(acts.Asked(self.mall, self.now, counter, ticket_id, body))

    @rule(data=st.data(), counter=COUNTERS)
    def come_back(self, data, counter):
        ticket_id = self.pick(data, self.state.tickets)
        self.ask(do.RestoreTicket(ticket_id, self.now))
        self.ask(do.ResumeTicket(ticket_id, counter, self.now, self.mall))

    @rule(counter=COUNTERS, service=SERVICES, to=st.sampled_from(["", "G02", "G2B", "G03"]), data=st.data())
    def transfer(self, counter, service, to, data):
        ticket_id = self.pick(data, self.state.tickets)
        self.ask(do.TransferTicket(ticket_id, counter, service, to, "Perlu KK baru", self.now, self.mall))
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
            "call": do.CallNext(counter, self.now, self.mall),
            "finish": do.Finish(ticket_id, counter, self.now),
            "miss": do.MissTicket(ticket_id, counter, self.now),
            "hold": do.HoldTicket(ticket_id, counter, "Fotokopi", self.now),
            "transfer": do.TransferTicket(ticket_id, counter, KK, "", "", self.now, self.mall),
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
                "open": do.OpenCounter(counter, self.now, self.mall),
                "pause": do.PauseCounter(counter, "Salat", self.now, self.mall),
                "close": do.CloseCounter(counter, self.now, self.mall),
            }[act]
        )

    # What supervisors and the clock do

    @rule(wanted=RULES)
    def change_the_rule(self, wanted):
        self.ask(do.ChangeRule(wanted, "Hari ramai", self.now, self.mall))

    @rule()
    def stop(self):
        self.ask(do.StopDay("Alarm kebakaran", self.now, self.mall))
        for counter in CODES:
            self.ask(do.CallNext(counter, self.now, self.mall))
            self.ask(do.Recall(self.state.serving.get(counter, "nobody"), counter, self.now, self.mall))

    @precondition(lambda self: self.state.stopped)
    @rule()
    def resume_the_day(self):
        self.ask(do.ResumeDay(self.now))

    @rule(service=SERVICES, to_service=SERVICES, to=st.sampled_from(["", *CODES]))
    def transfer_all(self, service, to_service, to):
        command = do.TransferAll(service, to_service, to, "Gerai tutup", self.now, self.mall)
        for event in self.ask(command):
            self.passed.pop(getattr(event, "ticket_id", ""), None)

    @rule(data=st.data())
    def end_a_ticket(self, data):
        self.ask(do.EndTicket(self.pick(data, self.state.tickets), "Layanan dihentikan", self.now, self.mall))

    @rule(seconds=st.integers(1, 900))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.steady += seconds
        self.tick()

    def tick(self) -> list:
        self.watch_of_clock = self.watch_of_clock.read(self.now, self.steady, 0.0)
        trusted = self.watch_of_clock.is_trusted
        return self.ask(do.Tick(TUESDAY_NINE.date(), self.now, self.mall, is_trusted=trusted))

    # What changes around them

    @rule(hours=st.integers(-6, 14).filter(bool))
    def the_clock_jumps_and_is_set_right_again(self, hours):
        before, right = self.state, self.now
        self.now += timedelta(hours=hours)
        self.tick()
        self.now = right
        self.tick()
        self.nothing_ended_since(before)

    @rule(minutes=st.integers(1, 40))
    def one_process_has_a_clock_that_is_behind(self, minutes):
        right = self.now
        self.now -= timedelta(minutes=minutes)
        for counter in CODES:
            self.call(counter)
        self.now = right

    @rule(intervals=st.sampled_from([(), (("08:00", "08:30"),), (("13:00", "15:00"),), (("08:00", "15:00"),), None]))
    def hours_of_today_are_edited(self, intervals):
        before = self.state
        today = (
            Exceptional(TUESDAY_NINE.date().isoformat(), intervals or (), "Keliru") if intervals is not None else None
        )
        self.change(learned=replace(self.mall.about, exceptions=(today,) if today else ()))
        is_due = before.closes_at is not None and not before.closing_has_passed and self.now >= before.closes_at
        for _ in range(2):  # the first tick reads the edit, the second goes by it
            self.ask(do.Tick(TUESDAY_NINE.date(), self.now, self.mall))
        if not is_due:
            self.nothing_ended_since(before)

    def nothing_ended_since(self, before) -> None:
        assert self.state.closed == before.closed, "only the clock or a person closes a day"
        for ticket_id, ticket in before.tickets.items():
            assert self.state.tickets[ticket_id].status == ticket.status

    @rule(code=COUNTERS, services=st.sets(SERVICES), back=st.booleans())
    def a_counter_is_withdrawn_or_gives_other_services(self, code, services, back):
        others = {key: counter for key, counter in self.mall.counters.items() if key != code}
        counter = replace(MALL.counters[code], services=tuple(sorted(services)))
        self.change(counters={**others, code: MALL.counters[code] if back else counter} if services or back else others)

    @rule(code=SERVICES, agency=st.sampled_from(["DUKCAPIL", "POLRES"]), act=st.sampled_from(["drop", "back", "move"]))
    def a_service_is_withdrawn_moved_or_back(self, code, agency, act):
        others = {key: service for key, service in self.mall.services.items() if key != code}
        moved = replace(MALL.services[code], agency=agency)
        back = {"drop": {}, "back": {code: MALL.services[code]}, "move": {code: moved}}[act]
        self.change(services=others | back)

    @rule(code=st.sampled_from(["DUKCAPIL", "POLRES"]), act=st.sampled_from(["drop", "back", "suspend", "letter"]))
    def an_agency_leaves_is_suspended_or_gets_another_letter(self, code, act):
        others = {key: agency for key, agency in self.mall.agencies.items() if key != code}
        agency = MALL.agencies[code]
        changed = {
            "drop": {},
            "back": {code: agency},
            "suspend": {code: replace(agency, suspended="Jaringan pusat")},
            "letter": {code: replace(agency, line="B")},
        }[act]
        self.change(agencies=others | changed)

    def change(self, **parts) -> None:
        """An edit of the catalogue: it reaches the day with the next command."""
        self.mall = replace(self.mall, **parts)

    @rule(
        thing=st.sampled_from([("mall", "pekalongan"), *(("counter", code) for code in CODES), ("service", KTP)]),
        since=st.integers(-10, 30),
        minutes=st.none() | st.integers(1, 60),
    )
    def something_is_closed_for_a_while(self, thing, since, minutes):
        start = self.now + timedelta(minutes=since)
        until = None if minutes is None else max(start, self.now) + timedelta(minutes=minutes)
        self.ids += 1
        closure = Closure(*thing, "Listrik padam", start, until, f"c{self.ids}")
        others = self.mall.closures_ahead(self.now)
        with suppress(Problem):  # what was withdrawn cannot be closed
            for event in MALL_RULES.decide(DeclareClosure(closure, self.now), self.mall):
                self.mall = MALL_RULES.evolve(self.mall, event)
        assert all(each in self.mall.closures_ahead(self.now) for each in others), "one closure replaces no other"

    @precondition(lambda self: self.mall.closures)
    @rule(data=st.data(), one=st.booleans())
    def a_closure_is_lifted(self, data, one):
        closures = [each for several in self.mall.closures.values() for each in several]
        closure = data.draw(st.sampled_from(sorted(closures, key=lambda each: each.id)))
        lift = LiftClosure(closure.scope, closure.code, self.now, closure.id if one else "")
        others = [each for each in self.mall.closures_ahead(self.now) if each.id != closure.id]
        for event in MALL_RULES.decide(lift, self.mall):
            self.mall = MALL_RULES.evolve(self.mall, event)
        assert not one or self.mall.closures_ahead(self.now) == others, "no other closure ends with it"

    @precondition(lambda self: len(self.state.tickets) > 10 and self.ids > 30)
    @rule()
    def close(self):
        self.ask(do.CloseDay(self.now, self.mall))

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
            arrivals = [self.state.tickets[one].arrival for one in line]
            assert arrivals == sorted(arrivals)

    @invariant()
    def each_visitor_is_told_once_that_it_is_nearly_time(self):
        assert all(count == 1 for count in self.approached.values())

    @invariant()
    def those_ahead_are_called_before(self):
        """At the one counter of a service, each ticket's count is its place in the order of calls."""
        if self.state.rule.ceiling_minutes is not None or "G03" not in self.mall.counters or self.state.engaged:
            return  # the count leaves ceilings out, and visitors who are at another counter
        order = list(turns.in_order(self.state, self.mall, self.mall.counters["G03"], self.now))
        alone = [[c.code for c in in_force.callers(self.state, self.mall, one, self.now)] == ["G03"] for one in order]
        if order and all(alone) and not self.halts():
            ahead = [turns.outlook(self.state, self.mall, one, self.now).ahead for one in order]
            assert ahead == list(range(len(order)))

    @invariant()
    def screens_and_commands_agree(self):
        """Checked at every fifth step, for it asks about each ticket at each counter."""
        self.steps += 1
        if self.steps % LOOK_EVERY == 0:
            self.every_waiting_visitor_can_be_called_or_is_on_the_alert_list()
            self.what_a_screen_counts_is_what_it_lists()
            self.no_figure_is_negative()
            self.what_the_kiosk_offers_is_what_a_ticket_gets()

    def every_waiting_visitor_can_be_called_or_is_on_the_alert_list(self):
        alerts = self.overview()["alerts"]
        stranded = {alert["id"] for alert in alerts if alert["kind"] == "ticket-without-counter"}
        halted = any(alert["kind"].startswith("waiting-while-") for alert in alerts)
        for ticket in self.state.tickets.values():
            if ticket.status != "waiting":
                assert ticket.id not in stranded
                continue
            counters = [code for code in CODES if self.can_call(code, ticket)]
            assert counters or halted or ticket.id in stranded, ticket
            assert not (halted and counters), "a call is possible although the mall is halted"
            self.check_what_the_visitor_reads(ticket, halted, ticket.id in stranded)

    def can_call(self, counter, ticket) -> bool:
        """Whether the command is accepted, as soon as the counter and the visitor are free."""
        state, busy = self.state, self.state.serving.get(counter)
        state = replace(state, engaged=state.engaged.delete(ticket.visit)) if ticket.visit in state.engaged else state
        state = replace(state, serving=state.serving.delete(counter)) if busy else state
        desk = state.desks.get(counter)
        if desk and desk.status == "paused":
            state = replace(state, desks=state.desks.set(counter, replace(desk, status="open")))
        try:
            return bool(DAY.decide(do.CallTicket(counter, ticket.id, "Uji", self.now, self.mall), state))
        except Problem:
            return False

    def check_what_the_visitor_reads(self, ticket, halted, stranded) -> None:
        page = views.ticket(self.state, self.mall, ticket.id, self.now)
        assert (page["in_force"]["state"] == "open") == (not halted and not stranded)
        assert (page["estimate"] is None) == (page["ahead"] is None) == (halted or stranded)
        if page["estimate"]:
            assert 0 <= page["estimate"]["low_minutes"] <= page["estimate"]["high_minutes"]
            assert 0 <= page["ahead"] < len(self.state.tickets)
            assert all(self.can_call(each["code"], ticket) for each in page["counters"]), "sent to a counter in vain"

    def overview(self):
        return views.overview(Snapshot(self.state), self.mall, self.now)

    def what_a_screen_counts_is_what_it_lists(self):
        waiting = [one for one in self.state.tickets.values() if one.status == "waiting"]
        seen = self.overview()
        assert sum(line["waiting"] for line in seen["waiting"]) == len(waiting)
        letters = Counter((one.now_for.line, one.now_for.agency) for one in waiting)
        assert {(line["line"], line["agency"]): line["waiting"] for line in seen["waiting"]} == letters
        for desk in seen["counters"]:
            console = views.counter(self.state, self.mall, desk["counter"], self.now)
            assert console["waiting_count"] == len(console["waiting"]) == desk["waiting"]
            self.check_what_a_console_offers(desk["counter"])
            if console["current"]:
                assert console["current"]["status"] in AT_COUNTER
        at = {self.state.tickets[one].issued.number for one in self.state.serving.values()}
        assert at == {desk["current"] for desk in seen["counters"]} - {None}, "each visitor at a counter has a row"

    def check_what_a_console_offers(self, code):
        """Each act that is offered is accepted by the whole day, with what is due by the clock."""
        counter, ticket_id = in_force.counter_of_day(self.state, self.mall, code), self.state.serving.get(code, "new")
        names = acts.offered(self.state, self.mall, code, self.now)
        for act in (act for act in acts.ACTS if act.name in names):
            bodies = act.offered_with(counter, self.mall)
            asked = (acts.Asked(self.mall, self.now, code, ticket_id, body) for body in bodies)
            assert any(self.is_accepted(act.command(each)) for each in asked), f"{act.name} is offered in vain"

    def is_accepted(self, command) -> bool:
        try:
            return bool(DAY.decide(command, self.state))
        except Problem:
            return False

    def no_figure_is_negative(self):
        for visit in statistics.visits(self.state):
            assert (visit.waited or 0) >= 0
            assert (visit.worked or 0) >= 0
        seen = self.overview()
        assert seen["places_left"] >= 0
        assert all(desk["idle_minutes"] >= 0 and (desk["pace_minutes"] or 0) >= 0 for desk in seen["counters"])
        assert all(line["longest_minutes"] >= 0 for line in seen["lines"])

    def what_the_kiosk_offers_is_what_a_ticket_gets(self):
        offers = {s["code"]: s for a in views.directory(self.mall, self.now, self.state) for s in a["services"]}
        for code, offer in offers.items():
            command = do.IssueTicket("offered", code, "elderly", self.now, self.mall)
            try:
                DAY.decide(command, self.state)
                refused = ""
            except Problem as problem:
                refused = problem.reason
            kind = offer["why_not"]["kind"] if offer["why_not"] else ""
            assert refused != "suspended" or kind == "closed"
            assert refused != "no-counter" or kind == "no-counter"
            assert refused != "service-away" or kind in ("away", "gone-home")
            assert not kind or refused, "what is shown as closed is refused"

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
