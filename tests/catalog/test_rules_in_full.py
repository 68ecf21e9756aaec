"""Opening hours, who waits, accounts and tokens of the catalog: at their limits, and whole events."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.catalog.access.domain import ACCESS, commands, events, refusals, sign_in
from services.catalog.access.domain.roles import ROLE_SCOPES
from services.catalog.access.domain.state import Account, People
from services.catalog.domain import opening
from services.catalog.domain.hours import SHUT
from services.catalog.domain.mall import HoursException, MallListed
from services.catalog.domain.waiting import (
    WAITING,
    ClosureHeard,
    CounterStands,
    DayEnded,
    ReopeningHeard,
    TicketWaits,
    TicketWaitsNoMore,
    Waiting,
)
from services.chassis.errors import Problem

ZONE = "Asia/Jakarta"
OFFICE, BREAK = (("08:00", "15:00"),), (("08:00", "11:30"), ("13:00", "15:00"))
WEEK = {**SHUT, **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday"), OFFICE), "friday": BREAK}
MALL = MallListed("kota", "MPP Kota", "Kota", "Jl. Raya 1", ZONE, 100, WEEK)
THURSDAY, FRIDAY, SATURDAY, MONDAY = (date(2026, 11, day) for day in (26, 27, 28, 30))
MORNINGS = {**SHUT, "thursday": (("09:00", "10:00"),), "saturday": (("09:00", "10:00"),)}


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(ZONE))


# When it is open


@pytest.mark.parametrize(
    ("clock", "closes"),
    [
        ("07:59", None),
        ("08:00", "11:30"),
        ("11:29", "11:30"),
        ("11:30", None),
        ("13:00", "15:00"),
        ("14:59", "15:00"),
        ("15:00", None),
    ],
)
def test_mall_is_open_until_the_end_of_the_interval(clock, closes):
    assert opening.open_until(MALL, at(FRIDAY, clock)) == (at(FRIDAY, closes) if closes else None)


def test_open_until_is_the_latest_of_several_counters():
    assert opening.open_until(MALL, at(THURSDAY, "09:30"), (MORNINGS, None)) == at(THURSDAY, "15:00")
    assert opening.open_until(MALL, at(THURSDAY, "09:30"), (MORNINGS,)) == at(THURSDAY, "10:00")
    assert opening.open_until(MALL, at(THURSDAY, "10:30"), (MORNINGS,)) is None
    assert opening.open_until(MALL, at(THURSDAY, "10:30"), ()) is None


@pytest.mark.parametrize(
    ("day", "clock", "weeks", "opens"),
    [
        (FRIDAY, "07:00", (None,), (FRIDAY, "08:00")),
        (FRIDAY, "08:00", (None,), (FRIDAY, "13:00")),
        (FRIDAY, "13:00", (None,), (MONDAY, "08:00")),
        (THURSDAY, "08:30", (MORNINGS, None), (THURSDAY, "09:00")),
        (THURSDAY, "09:30", (MORNINGS, None), (FRIDAY, "08:00")),
        (FRIDAY, "14:00", (MORNINGS,), (SATURDAY, "09:00")),
    ],
)
def test_next_opening_is_the_first_of_any_counter(day, clock, weeks, opens):
    assert opening.next_opening(MALL, at(day, clock), weeks) == at(*opens)


@pytest.mark.parametrize(("days", "is_seen"), [(59, True), (60, False)])
def test_next_opening_is_looked_for_sixty_days_ahead(days, is_seen):
    opens = THURSDAY + timedelta(days=days)
    mall = replace(MALL, week=SHUT, exceptions=(HoursException(opens, OFFICE, "Pembukaan"),))
    assert opening.next_opening(mall, at(THURSDAY, "09:00")) == (at(opens, "08:00") if is_seen else None)
    assert opening.next_opening(MALL, at(THURSDAY, "09:00"), ()) is None


def test_day_is_that_of_the_malls_zone():
    late = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # Thursday at one in the morning
    assert opening.next_opening(MALL, late) == at(THURSDAY, "08:00")
    assert opening.open_until(replace(MALL, week={**SHUT, "thursday": (("00:00", "02:00"),)}), late) == at(
        THURSDAY, "02:00"
    )


def test_intervals_follow_exception_then_holiday_then_week():
    christmas, leave = date(2026, 12, 25), date(2026, 12, 24)
    assert opening.intervals(MALL, christmas) == BREAK
    closed = replace(MALL, closed_on=("public-holiday",))
    assert (opening.intervals(closed, christmas), opening.why_closed(closed, christmas)) == ((), "Hari Raya Natal")
    assert (opening.intervals(closed, leave), opening.why_closed(closed, leave)) == (OFFICE, "")
    both = replace(MALL, closed_on=("public-holiday", "joint-leave", "lain"))
    assert opening.why_closed(both, leave) == "Cuti Bersama Hari Raya Natal"
    special = replace(closed, exceptions=(HoursException(christmas, OFFICE, "Khusus"),))
    assert (opening.intervals(special, christmas), opening.why_closed(special, christmas)) == (OFFICE, "Khusus")


def test_counter_with_a_week_keeps_the_malls_exceptions_on_its_days():
    short = (("13:00", "14:00"),)
    mall = replace(MALL, exceptions=(HoursException(THURSDAY, short, "Rapat"), HoursException(FRIDAY, short, "Rapat")))
    assert opening.intervals(mall, THURSDAY, MORNINGS) == short
    assert opening.intervals(mall, FRIDAY, MORNINGS) == ()
    assert opening.intervals(MALL, THURSDAY, MORNINGS) == (("09:00", "10:00"),)
    assert opening.intervals(MALL, FRIDAY) == BREAK
    assert opening.intervals(MALL, SATURDAY) == opening.intervals(replace(MALL, week={}), FRIDAY) == ()


# Who waits

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def folded(*news) -> Waiting:
    state = WAITING.initial
    for each in news:
        for event in WAITING.decide(each, state):
            state = WAITING.evolve(state, event)
    return state


def test_waiting_counts_tickets_by_service_and_open_counters():
    state = folded(
        TicketWaits("a", "KTP", NOW, (1, 0)),
        TicketWaits("b", "KTP", LATER, (2, 0)),
        TicketWaits("c", "SIM", NOW, (3, 0)),
        CounterStands("G03", "open", NOW, (4, 0)),
        CounterStands("G02", "open", NOW, (4, 1)),
        CounterStands("G04", "paused", NOW, (4, 2)),
    )
    assert state.by_service == {"KTP": 2, "SIM": 1}
    assert state.open_counters == ["G02", "G03"]
    assert state.news_at == LATER
    left = WAITING.evolve(state, TicketWaitsNoMore("a", LATER, (5, 0)))
    assert left.tickets == {"b": "KTP", "c": "SIM"}
    assert left.heard[("ticket", "a")] == (5, 0)
    assert left.heard[("desk", "G02")] == (4, 1)


@pytest.mark.parametrize(
    "news",
    [
        TicketWaits("a", "KTP", NOW, (2, 1)),
        TicketWaitsNoMore("a", NOW, (2, 1)),
        CounterStands("G02", "open", NOW, (2, 1)),
        ClosureHeard("service", "KTP", "Listrik", NOW, None, (2, 1)),
        ReopeningHeard("service", "KTP", NOW, (2, 1)),
        DayEnded(NOW, (2, 1)),
    ],
)
@pytest.mark.parametrize(("position", "counts"), [((2, 2), True), ((3, 0), True), ((2, 1), False), ((1, 9), False)])
def test_news_counts_if_it_is_newer_than_the_last_of_the_same_thing(news, position, counts):
    again = replace(news, position=position)
    state = folded(news)
    counts = counts and not isinstance(news, DayEnded)
    assert WAITING.decide(again, state) == ([again] if counts else [])


def test_nothing_counts_after_the_end_of_a_day():
    state = folded(TicketWaits("a", "KTP", NOW, (1, 0)), DayEnded(LATER, (2, 0)))
    assert state == Waiting(news_at=LATER, ended=True)
    assert WAITING.decide(TicketWaits("b", "KTP", LATER, (3, 0)), state) == []


@pytest.mark.parametrize(
    ("moment", "is_closed"),
    [(NOW - timedelta(seconds=1), False), (NOW, True), (LATER - timedelta(seconds=1), True), (LATER, False)],
)
def test_closure_holds_from_its_begin_until_before_its_end(moment, is_closed):
    closure = ClosureHeard("service", "KTP", "Listrik", NOW, LATER, (1, 0))
    endless = ClosureHeard("counter", "G02", "Rusak", NOW, None, (1, 1))
    state = folded(closure, endless)
    assert state.closures_at(moment) == [*([closure] if is_closed else []), *([endless] if moment >= NOW else [])]
    reopened = WAITING.evolve(state, ReopeningHeard("service", "KTP", NOW, (2, 0)))
    assert reopened.closures == {("counter", "G02", ""): endless}


# Accounts and tokens

MALL_SCOPE, DESK = {"mall": "kota"}, {"mall": "kota", "counter": "G02"}
YEAR = NOW + timedelta(days=365)


def account(id: str, role: str = "operator", scope=DESK, **more) -> Account:
    return Account(id, f"name-{id}", role, scope, NOW, **more)


def people(*accounts: Account, tokens=(), **more) -> People:
    return People({one.id: one for one in accounts}, {token.id: token for token in tokens}, **more)


def token(id: str, account: str = "", name: str = "", expires_at: datetime = YEAR) -> events.TokenIssued:
    return events.TokenIssued(id, name or f"Token {id}", "device", MALL_SCOPE, account, NOW, expires_at)


def outcome(command, known: People = People()):
    try:
        return ACCESS.decide(command, known)
    except Problem as refusal:
        return refusal.reason, refusal.params


def test_places_of_each_role():
    assert {
        "administrator": (set(), {"mall"}),
        "supervisor": (set(), {"mall"}),
        "auditor": (set(), {"mall"}),
        "operator": ({"mall"}, {"mall", "counter"}),
        "agency": ({"mall", "agency"}, {"mall", "agency"}),
        "device": ({"mall"}, {"mall"}),
    } == ROLE_SCOPES


@pytest.mark.parametrize("role", ROLE_SCOPES)
@pytest.mark.parametrize("scope", [{}, {"mall": "k"}, DESK, {"mall": "k", "agency": "A"}, {"counter": "G02"}])
def test_account_has_the_places_of_its_role(role, scope):
    needed, possible = ROLE_SCOPES[role]
    found = outcome(commands.CreateAccount("s", "siti", role, scope, NOW))
    if role == "device":
        assert found == ("invalid-role", {"role": "device"})
    elif needed <= set(scope) <= possible:
        assert found == [events.AccountCreated("s", "siti", role, scope, NOW)]
    else:
        assert found == ("invalid-places", {"role": role})


@pytest.mark.parametrize(
    ("name", "is_sound"),
    [("ab", True), ("a" * 40, True), ("9._-", True), ("a", False), ("a" * 41, False), ("Siti", False), (".a", False)],
)
def test_user_name_is_2_to_40_plain_letters(name, is_sound):
    found = outcome(commands.CreateAccount("s", name, "operator", DESK, NOW))
    assert found == ([events.AccountCreated("s", name, "operator", DESK, NOW)] if is_sound else ("invalid-name", {}))


def test_user_name_is_taken_by_an_account_or_a_token():
    known = people(account("r"), tokens=[token("t", name="Kiosk")])
    for name in ("name-r", "kiosk"):
        assert outcome(commands.CreateAccount("s", name, "operator", DESK, NOW), known) == (
            "name-taken",
            {"name": name},
        )
    named = commands.IssueToken("t2", " NAME-R ", "device", MALL_SCOPE, "", YEAR, NOW)
    assert outcome(named, known) == ("name-taken", {"name": " NAME-R "})


def test_change_of_access_ends_the_tokens_of_the_account_that_are_valid():
    tokens = [token("a", "s"), token("b", "s", expires_at=NOW), token("c", "r"), token("d", "s")]
    known = people(account("s", epoch=3), tokens=tokens, revoked={"d": YEAR})
    assert outcome(commands.ChangeAccess("s", "supervisor", MALL_SCOPE, NOW), known) == [
        events.AccessChanged("s", "supervisor", MALL_SCOPE, 3, NOW),
        events.TokenRevoked("a", YEAR, NOW),
    ]
    assert outcome(commands.ChangeAccess("s", "operator", DESK, NOW), known) == []
    assert outcome(commands.ChangeAccess("s", "operator", MALL_SCOPE, NOW), known)[0] == events.AccessChanged(
        "s", "operator", MALL_SCOPE, 3, NOW
    )
    assert outcome(commands.DisableAccount("s", NOW), known) == [
        events.AccountDisabled("s", 3, NOW),
        events.TokenRevoked("a", YEAR, NOW),
    ]


@pytest.mark.parametrize(
    "command",
    [
        commands.ChangeAccess("a", "supervisor", {}, NOW),
        commands.DisableAccount("a", NOW),
        commands.ChangeAccess("a", "administrator", MALL_SCOPE, NOW),
    ],
)
@pytest.mark.parametrize(
    ("other", "stays"),
    [
        (account("b", "administrator", {}), True),
        (account("b", "administrator", {}, enabled=False), False),
        (account("b", "administrator", MALL_SCOPE), False),
        (account("b", "supervisor", {}), False),
    ],
)
def test_last_administrator_of_all_malls_stays(command, other, stays):
    known = people(account("a", "administrator", {}), other)
    found = outcome(command, known)
    assert isinstance(found, list) if stays else found == ("last-administrator", {})


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (commands.SetPassword("s", NOW), events.PasswordSet("s", 2, NOW)),
        (commands.LinkSignIn("s", NOW), events.SignInLinked("s", 2, NOW)),
        (commands.UnlinkSignIn("s", NOW), events.SignInUnlinked("s", 2, NOW)),
        (commands.DisableAccount("s", NOW), events.AccountDisabled("s", 2, NOW)),
    ],
)
def test_act_on_an_account_ends_its_sessions_by_a_new_epoch(command, event):
    known = people(account("s", epoch=2, linked=True), account("r"))
    assert outcome(command, known) == [event]
    changed = ACCESS.evolve(known, event)
    assert changed.accounts["s"].epoch == 3
    assert changed.accounts["r"] == known.accounts["r"]
    assert changed.accounts["s"].enabled is not isinstance(event, events.AccountDisabled)
    assert changed.accounts["s"].linked is not isinstance(event, events.SignInUnlinked)


def test_repeat_on_an_account_changes_nothing():
    known = people(account("s"), account("d", enabled=False))
    assert outcome(commands.UnlinkSignIn("s", NOW), known) == []
    assert outcome(commands.EnableAccount("s", NOW), known) == []
    assert outcome(commands.DisableAccount("d", NOW), known) == []
    assert outcome(commands.EnableAccount("d", NOW), known) == [events.AccountEnabled("d", NOW)]
    enabled = ACCESS.evolve(known, events.AccountEnabled("d", NOW))
    assert (enabled.accounts["d"].enabled, enabled.accounts["d"].epoch) == (True, 0)
    linked = ACCESS.evolve(known, events.SignInLinked("s", 0, NOW))
    assert linked.accounts["s"].linked
    assert not account("s").linked


def test_token_has_the_role_and_places_of_its_account():
    known = people(account("s"), account("d", enabled=False))
    own = commands.IssueToken("t", "Program", "device", {}, "s", YEAR, NOW)
    issued = events.TokenIssued("t", "Program", "operator", DESK, "s", NOW, YEAR)
    assert outcome(own, known) == [issued]
    assert outcome(replace(own, account="d"), known) == ("disabled", {})
    assert outcome(replace(own, account="x"), known) == ("unknown-account", {})
    plain = commands.IssueToken("t", "Kios", "device", MALL_SCOPE, "", YEAR, NOW)
    assert outcome(plain, known) == [events.TokenIssued("t", "Kios", "device", MALL_SCOPE, "", NOW, YEAR)]
    assert outcome(replace(plain, role="administrator", scope={}), known) == ("invalid-role", {"role": "administrator"})
    assert outcome(replace(plain, expires_at=NOW), known) == ("invalid-expiry", {})
    assert outcome(replace(plain, expires_at=NOW + timedelta(seconds=1)), known)


@pytest.mark.parametrize(
    ("expires_at", "given", "found"),
    [
        (YEAR, None, [events.TokenRevoked("t", YEAR, NOW)]),
        (YEAR, NOW, [events.TokenRevoked("t", YEAR, NOW)]),
        (NOW, None, []),
        (None, YEAR, [events.TokenRevoked("t", YEAR, NOW)]),
        (None, NOW, []),
        (None, None, ("unknown-token", {})),
    ],
)
def test_token_is_revoked_while_it_is_valid(expires_at, given, found):
    known = people(tokens=[token("t", expires_at=expires_at)] if expires_at else [])
    command = commands.RevokeToken("t", NOW, given)
    assert outcome(command, known) == found
    if isinstance(found, list) and found:
        assert outcome(command, ACCESS.evolve(known, found[0])) == []


def test_session_ends_once_and_before_its_time():
    ended = events.SessionEnded("x", "s", YEAR, NOW)
    assert outcome(commands.EndSession("x", "s", YEAR, NOW)) == [ended]
    assert outcome(commands.EndSession("x", "s", YEAR, NOW), ACCESS.evolve(People(), ended)) == []
    assert outcome(commands.EndSession("x", "s", NOW, NOW)) == []
    assert timedelta(hours=12) == sign_in.LONGEST_SESSION


def test_what_has_expired_is_removed_with_the_next_of_its_kind():
    known = people(
        tokens=[token("old", expires_at=NOW), token("new")],
        revoked={"old": NOW, "new": YEAR},
        ended={"old": NOW, "new": YEAR},
    )
    issued = token("t")
    assert set(ACCESS.evolve(known, issued).tokens) == {"new", "t"}
    assert set(ACCESS.evolve(known, events.TokenRevoked("t", YEAR, NOW)).revoked) == {"new", "t"}
    assert set(ACCESS.evolve(known, events.SessionEnded("t", "s", YEAR, NOW)).ended) == {"new", "t"}
    soon = NOW - timedelta(seconds=1)
    assert set(ACCESS.evolve(known, events.TokenRevoked("t", YEAR, soon)).revoked) == {"old", "new", "t"}


def test_account_is_as_its_events_say():
    created = ACCESS.evolve(People(), events.AccountCreated("s", "siti", "operator", DESK, NOW))
    assert created.accounts == {"s": Account("s", "siti", "operator", DESK, NOW, True, 0, False)}
    changed = ACCESS.evolve(created, events.AccessChanged("s", "supervisor", {}, 4, NOW))
    assert changed.accounts["s"] == Account("s", "siti", "supervisor", {}, NOW, True, 5)
    assert changed.named("siti") == changed.account("s")
    assert changed.named("s") is None
    with pytest.raises(refusals.UnknownAccount):
        changed.account("x")
