"""The rules of webhooks in full: every command and its repeat, whole events, what each event changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.errors import Problem
from services.notifications.webhooks import domain
from services.notifications.webhooks.domain import WEBHOOKS
from services.notifications.webhooks.domain.kinds import KINDS, PRODUCERS, SUBJECTS
from services.notifications.webhooks.domain.state import Key, Start, Webhook, Webhooks

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REGISTER = domain.RegisterWebhook(
    "w1", "kota", "DINKES", "Server", "https://dinkes.test/", ("ticket-called",), ("JKN",), "k1", NOW
)
REGISTERED = domain.WebhookRegistered(
    "w1", "kota", "DINKES", "Server", "https://dinkes.test/", ("ticket-called",), ("JKN",), "k1", NOW
)


def after(*events, state: Webhooks = WEBHOOKS.initial) -> Webhooks:
    for event in events:
        state = WEBHOOKS.evolve(state, event)
    return state


KNOWN = after(REGISTERED, replace(REGISTERED, id="w2", agency=""))


def hook(*events) -> Webhook:
    found = after(*events, state=KNOWN)
    assert found.known["w2"] == KNOWN.known["w2"], "another webhook stays as it is"
    return found.known["w1"]


PLAIN = hook()


def test_kinds_are_those_of_all_subjects_each_once():
    assert sum(len(kinds) for kinds in SUBJECTS.values()) == len(set(KINDS)) == len(KINDS) >= 43
    assert "access-revoked" not in KINDS
    assert PRODUCERS == ("ticketing", "catalog", "notifications")


def test_webhook_is_registered_in_full():
    assert WEBHOOKS.decide(REGISTER, WEBHOOKS.initial) == [REGISTERED]
    assert WEBHOOKS.decide(REGISTER, KNOWN) == []
    assert (
        Webhook(
            "w1",
            "kota",
            "DINKES",
            "Server",
            "https://dinkes.test/",
            frozenset({"ticket-called"}),
            frozenset({"JKN"}),
            (Key("k1", None),),
            NOW,
            dict.fromkeys(("ticketing", "catalog", "notifications"), Start(1, NOW, 0)),
            1,
            None,
            None,
        )
        == PLAIN
    )


@pytest.mark.parametrize(("count", "is_refused"), [(9, False), (10, True)])
def test_agency_has_at_most_ten_webhooks_in_a_mall(count, is_refused):
    mine = [replace(REGISTERED, id=f"m{number}") for number in range(count)]
    others = [replace(REGISTERED, id=f"o{number}", agency="PLN") for number in range(10)]
    elsewhere = [replace(REGISTERED, id=f"e{number}", mall="lain") for number in range(10)]
    state = after(*mine, *others, *elsewhere)
    if not is_refused:
        assert WEBHOOKS.decide(REGISTER, state) == [REGISTERED]
        return
    with pytest.raises(domain.TooManyWebhooks) as refused:
        WEBHOOKS.decide(REGISTER, state)
    assert refused.value.params == {"most": 10}


def test_webhooks_of_a_mall_are_listed_by_agency_oldest_first():
    state = after(REGISTERED, replace(REGISTERED, id="w2", agency=""), replace(REGISTERED, id="w3", mall="lain"))
    assert [each.id for each in state.of("kota")] == ["w1", "w2"]
    assert [each.id for each in state.of("kota", "DINKES")] == ["w1"]
    assert [each.id for each in state.of("kota", "")] == ["w2"]


CHANGE = domain.ChangeWebhook("w1", "Server", "https://dinkes.test/", ("ticket-called",), ("JKN",), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Lain"},
        {"url": "https://lain.test/"},
        {"kinds": ("ticket-called", "ticket-served")},
        {"services": ()},
    ],
)
def test_change_takes_effect_with_the_next_attempt(changes):
    command = replace(CHANGE, **changes)
    (event,) = WEBHOOKS.decide(command, KNOWN)
    assert event == domain.WebhookChanged("w1", command.name, command.url, command.kinds, command.services, NOW)
    kinds, services = frozenset(command.kinds), frozenset(command.services)
    assert hook(event) == replace(PLAIN, name=command.name, url=command.url, kinds=kinds, services=services, tries=2)
    assert WEBHOOKS.decide(command, after(event, state=KNOWN)) == []


def test_change_that_names_the_same_in_another_order_is_none():
    both = replace(CHANGE, kinds=("ticket-called", "ticket-served"))
    state = after(*WEBHOOKS.decide(both, KNOWN), state=KNOWN)
    assert WEBHOOKS.decide(replace(both, kinds=("ticket-served", "ticket-called")), state) == []
    assert WEBHOOKS.decide(CHANGE, KNOWN) == []


@pytest.mark.parametrize("cause", ["by-hand", "failing", "gone"])
def test_pause_and_resume(cause):
    paused = domain.WebhookPaused("w1", cause, NOW)
    assert WEBHOOKS.decide(domain.PauseWebhook("w1", cause, NOW), KNOWN) == [paused]
    assert hook(paused) == replace(PLAIN, paused=paused)
    assert WEBHOOKS.decide(domain.PauseWebhook("w1", "gone", NOW), after(paused, state=KNOWN)) == []
    resumed = domain.WebhookResumed("w1", NOW)
    assert WEBHOOKS.decide(domain.ResumeWebhook("w1", NOW), after(paused, state=KNOWN)) == [resumed]
    assert hook(paused, resumed) == replace(PLAIN, tries=2)


def test_rotated_key_signs_first_and_the_one_before_for_a_day():
    (event,) = WEBHOOKS.decide(domain.RotateKey("w1", "k2", NOW), KNOWN)
    assert event == domain.KeyRotated("w1", "k2", NOW + DAY, NOW)
    rotated = hook(event)
    assert rotated == replace(PLAIN, keys=(Key("k2"), Key("k1", NOW + DAY)))
    assert rotated.signs_with(NOW + DAY - timedelta(seconds=1)) == ("k2", "k1")
    assert rotated.signs_with(NOW + DAY) == ("k2",)


def test_keys_rotated_again_and_again_keep_their_first_end():
    hours = [NOW + timedelta(hours=number) for number in range(3)]
    events = [domain.KeyRotated("w1", f"k{n + 2}", at + DAY, at) for n, at in enumerate(hours)]
    assert hook(*events[:2]).keys == (Key("k3"), Key("k2", hours[1] + DAY), Key("k1", hours[0] + DAY))
    assert hook(*events).keys == (Key("k4"), Key("k3", hours[2] + DAY), Key("k2", hours[1] + DAY))
    sooner = domain.KeyRotated("w1", "k9", NOW + timedelta(hours=1), NOW)
    assert hook(events[0], sooner).keys[2] == Key("k1", NOW + timedelta(hours=1))


def test_replay_begins_again_for_one_producer_or_all():
    since = NOW - DAY
    (event,) = WEBHOOKS.decide(domain.ReplayWebhook("w1", since, "", 0, NOW), KNOWN)
    assert event == domain.ReplayRequested("w1", since, "", 0, NOW)
    assert hook(event) == replace(PLAIN, starts=dict.fromkeys(PRODUCERS, Start(2, since, 0)), tries=2)
    (event,) = WEBHOOKS.decide(domain.ReplayWebhook("w1", None, "catalog", 7, NOW), KNOWN)
    assert hook(event) == replace(PLAIN, starts={**PLAIN.starts, "catalog": Start(2, None, 7)}, tries=2)


def test_ping_is_requested_each_time():
    ping = domain.PingRequested("w1", "p1", NOW)
    assert WEBHOOKS.decide(domain.RequestPing("w1", "p1", NOW), KNOWN) == [ping]
    assert hook(ping) == replace(PLAIN, ping=ping)


def test_webhook_is_removed_once():
    removed = domain.WebhookRemoved("w1", NOW)
    assert WEBHOOKS.decide(domain.RemoveWebhook("w1", NOW), KNOWN) == [removed]
    left = after(removed, state=KNOWN)
    assert list(left.known) == ["w2"]
    assert WEBHOOKS.decide(domain.RemoveWebhook("w1", NOW), left) == []
    for command in (CHANGE, domain.ResumeWebhook("w1", NOW), domain.RequestPing("w1", "p", NOW)):
        with pytest.raises(Problem) as refused:
            WEBHOOKS.decide(command, left)
        assert refused.value.reason == "unknown-webhook"


@pytest.mark.parametrize(
    ("agency", "services", "kind", "agencies", "of", "is_wanted"),
    [
        ("DINKES", (), "ticket-called", {"DINKES"}, {"JKN"}, True),
        ("DINKES", (), "ticket-called", {"PLN"}, {"JKN"}, False),
        ("DINKES", (), "ticket-called", {"PLN", "DINKES"}, set(), True),
        ("DINKES", (), "ticket-called", set(), set(), True),
        ("DINKES", (), "ticket-served", {"DINKES"}, {"JKN"}, False),
        ("DINKES", ("JKN",), "ticket-called", {"DINKES"}, {"JKN", "SEHAT"}, True),
        ("DINKES", ("JKN",), "ticket-called", {"DINKES"}, {"SEHAT"}, False),
        ("DINKES", ("JKN",), "ticket-called", {"DINKES"}, set(), True),
        ("", (), "ticket-called", {"PLN"}, {"DAYA"}, True),
        ("", ("JKN",), "ticket-called", {"PLN"}, {"DAYA"}, False),
    ],
)
def test_webhook_receives_its_kinds_agencies_and_services(agency, services, kind, agencies, of, is_wanted):
    found = replace(PLAIN, agency=agency, services=frozenset(services))
    assert found.wants(kind, frozenset(agencies), frozenset(of)) is is_wanted
