"""The rules of webhooks: who is told what, from where on, signed with which keys."""

from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.cloud_event import CloudEvent
from services.notifications.webhooks.domain import MOST, WEBHOOKS
from services.notifications.webhooks.domain.commands import (
    ChangeWebhook,
    PauseWebhook,
    RegisterWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RequestPing,
    ResumeWebhook,
    RotateKey,
)
from services.notifications.webhooks.domain.events import PingRequested, WebhookRegistered
from services.notifications.webhooks.domain.refusals import TooManySecrets, TooManyWebhooks, UnknownWebhook
from services.notifications.webhooks.domain.state import Webhook, Webhooks
from services.notifications.webhooks.news import as_item, message_id
from services.notifications.webhooks.signing import new_secret, signatures

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
EVERYTHING = ("ticket-issued", "ticket-called", "ticket-transferred", "day-opened", "service-suspended")


def registration(id: str = "w1", agency: str = "DUKCAPIL", services: tuple[str, ...] = (), **more) -> RegisterWebhook:
    about: dict = {"mall": "pekalongan", "name": "Server", "url": "https://dukcapil.example/hook", "kinds": EVERYTHING}
    return RegisterWebhook(
        **{"id": id, "agency": agency, "services": services, "key": "k1", "now": NINE, **about, **more}
    )


def after(*commands) -> Webhooks:
    state = WEBHOOKS.initial
    for command in commands:
        for event in WEBHOOKS.decide(command, state):
            state = WEBHOOKS.evolve(state, event)
    return state


def hook(*commands) -> Webhook:
    return after(*(commands or (registration(),))).find("w1")


def event(kind: str = "ticket-called", **data: str):
    about = {"mall": "pekalongan", **data}
    heard = CloudEvent("d@1.0", "/x", f"id.go.mpp.{kind}.v1", "s", NINE, "pekalongan", about, sequence=1)
    return as_item(heard, "ticketing", NINE)


def wants(hook: Webhook, item) -> bool:
    return hook.wants(item.kind, item.agencies, item.services)


def test_a_webhook_is_told_of_its_own_agency_and_not_of_another():
    assert wants(hook(), event(agency="DUKCAPIL", service="KTP"))
    assert not wants(hook(), event(agency="POLRES", service="SIM"))


def test_what_names_no_agency_is_told_to_all():
    for item in (event("day-opened"), event("service-suspended", service="SIM")):
        assert wants(hook(), item)
        assert wants(hook(registration(agency="POLRES")), item)


def test_a_transfer_is_told_to_both_agencies_and_to_no_third():
    sent_on = event("ticket-transferred", agency="POLRES", from_agency="DUKCAPIL", service="SIM", from_service="KTP")
    assert [wants(hook(registration(agency=a)), sent_on) for a in ("DUKCAPIL", "POLRES", "PLN")] == [True, True, False]


def test_a_webhook_is_told_of_the_kinds_it_chose_alone():
    assert wants(hook(), event("ticket-issued", agency="DUKCAPIL"))
    assert not wants(hook(), event("ticket-served", agency="DUKCAPIL"))


def test_one_that_chose_services_is_told_of_those_and_of_what_names_none():
    chosen = hook(registration(services=("KTP",)))
    assert wants(chosen, event(agency="DUKCAPIL", service="KTP"))
    assert not wants(chosen, event(agency="DUKCAPIL", service="KK"))
    assert wants(chosen, event("day-opened"))
    sent_on = event("ticket-transferred", agency="DUKCAPIL", from_agency="DUKCAPIL", service="KK", from_service="KTP")
    assert wants(chosen, sent_on), "it left the service that was chosen"


def test_a_webhook_of_the_mall_is_told_of_all_its_agencies():
    of_mall = hook(registration(agency=""))
    assert wants(of_mall, event(agency="POLRES", service="SIM"))
    assert wants(of_mall, event("day-opened"))


def test_a_new_webhook_is_told_from_now_on():
    assert {(start.run, start.since) for start in hook().starts.values()} == {(1, NINE)}


def test_an_agency_has_at_most_ten_in_a_mall_whatever_others_have():
    full = after(*(registration(f"w{n}") for n in range(MOST)))
    with pytest.raises(TooManyWebhooks):
        WEBHOOKS.decide(registration("one-more"), full)
    for other in (registration("x", agency="POLRES"), registration("x", mall="batang")):
        assert WEBHOOKS.decide(other, full)


def test_a_repeated_command_leads_to_nothing():
    registered = after(registration())
    same = ChangeWebhook("w1", "Server", "https://dukcapil.example/hook", EVERYTHING, (), NINE)
    assert WEBHOOKS.decide(registration(), registered) == []
    assert WEBHOOKS.decide(same, registered) == []
    paused = after(registration(), PauseWebhook("w1", "failing", NINE))
    assert WEBHOOKS.decide(PauseWebhook("w1", "by-hand", NINE), paused) == [], "why it was paused stays known"
    assert WEBHOOKS.decide(RemoveWebhook("w1", NINE), WEBHOOKS.initial) == []


@pytest.mark.parametrize(
    "command",
    [
        ChangeWebhook("w1", "n", "u", (), (), NINE),
        PauseWebhook("w1", "by-hand", NINE),
        ResumeWebhook("w1", NINE),
        RotateKey("w1", "k", NINE),
        ReplayWebhook("w1", NINE, "", 0, NINE),
        RequestPing("w1", "p", NINE),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_was_removed_or_never_was_is_unknown(command):
    with pytest.raises(UnknownWebhook):
        WEBHOOKS.decide(command, after(registration(), RemoveWebhook("w1", NINE)))


def test_a_paused_webhook_stands_where_it_stood_and_goes_on_at_once():
    before = hook()
    paused = hook(registration(), PauseWebhook("w1", "failing", NINE))
    assert paused.paused is not None
    assert paused.starts == before.starts
    resumed = hook(registration(), PauseWebhook("w1", "failing", NINE), ResumeWebhook("w1", NINE))
    assert (resumed.paused, resumed.starts) == (None, before.starts)
    assert resumed.tries > before.tries


def test_two_secrets_sign_for_a_day_after_a_rotation_then_the_new_one_alone():
    rotated = hook(registration(), RotateKey("w1", "k2", NINE))
    assert rotated.signs_with(NINE + timedelta(hours=23)) == ("k2", "k1")
    assert rotated.signs_with(NINE + timedelta(hours=24)) == ("k2",)


def test_every_replaced_secret_signs_for_a_day():
    rotations = [RotateKey("w1", f"k{n}", NINE + timedelta(hours=n)) for n in (2, 3)]
    twice = hook(registration(), *rotations)
    assert twice.signs_with(NINE + timedelta(hours=25)) == ("k3", "k2", "k1")
    assert twice.signs_with(NINE + timedelta(hours=26)) == ("k3", "k2")
    assert twice.signs_with(NINE + timedelta(hours=27)) == ("k3",)


def test_third_replacement_within_a_day_is_refused():
    rotations = [RotateKey("w1", f"k{n}", NINE + timedelta(hours=n)) for n in (2, 3)]
    with pytest.raises(TooManySecrets) as refused:
        hook(registration(), *rotations, RotateKey("w1", "k4", NINE + timedelta(hours=4)))
    assert refused.value.params == {"most": 3, "hours": 22}
    later = hook(registration(), *rotations, RotateKey("w1", "k4", NINE + timedelta(hours=26)))
    assert later.signs_with(NINE + timedelta(hours=26, minutes=1)) == ("k4", "k3", "k2")


def test_a_replay_since_a_moment_begins_anew_for_all_producers_one_from_a_number_for_its_own():
    since = hook(registration(), ReplayWebhook("w1", NINE - timedelta(hours=1), "", 0, NINE))
    assert {(start.run, start.since) for start in since.starts.values()} == {(2, NINE - timedelta(hours=1))}
    numbered = hook(registration(), ReplayWebhook("w1", None, "ticketing", 57, NINE))
    assert (numbered.starts["ticketing"].run, numbered.starts["ticketing"].sequence) == (2, 57)
    assert numbered.starts["catalog"].run == 1


def test_a_test_event_is_asked_for_by_an_event_of_its_own():
    assert hook(registration(), RequestPing("w1", "p1", NINE)).ping == PingRequested("w1", "p1", NINE)


def test_no_stored_event_holds_a_secret():
    assert not any("secret" in name for kind in WEBHOOKS.events for name in kind.__dataclass_fields__)
    (registered,) = WEBHOOKS.decide(registration(), WEBHOOKS.initial)
    assert isinstance(registered, WebhookRegistered)


def test_a_message_id_holds_no_full_stop_and_tells_producers_apart():
    ids = [message_id(producer, "mall/pekalongan@3.0") for producer in ("catalog", "ticketing")]
    assert ids == ["catalog:mall/pekalongan@3-0", "ticketing:mall/pekalongan@3-0"]


def test_a_signature_is_that_of_the_specification():
    """The example secret, id, time and body of the Standard Webhooks libraries' own tests."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_holds_32_random_bytes_and_no_two_are_alike():
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(secret.startswith("whsec_") and len(secret) == 6 + 44 for secret in made)
