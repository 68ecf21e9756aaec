"""Names of webhooks' servers: the web process looks up none, the worker does and the page shows what it found."""

import socket
from datetime import UTC, datetime

import pytest
from notifications.test_webhook_delivery import GATE, House, eventually
from notifications.test_webhook_delivery import house as house
from notifications.test_webhooks import hook, registration

from services.notifications.webhooks import dispatcher, views
from services.notifications.webhooks.addresses import Gate, InternalAddress
from services.notifications.webhooks.deliveries import Lookup

NAME = "https://agency.example/hook"
AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


class Names:
    """A DNS of names that end in `.example`, and the names that were looked up there."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo

    def look_up(self, host, port, *rest, flags=0, **more):
        if not str(host).endswith(".example") or flags & socket.AI_NUMERICHOST:
            return self._real(host, port, *rest, flags=flags, **more)
        self.asked.append(host)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self._real(self.addresses[host], port, *rest, **more)


@pytest.fixture
def names(monkeypatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    return names


def register(house: House, url: str = NAME) -> str:
    return house.registry.register("pekalongan", "DUKCAPIL", "Server", url, ["ticket-called"], [])[0].id


def found(house: House, webhook: str) -> str:
    last = house.deliveries.lookups([webhook]).get(webhook)
    return last.found if last else ""


def test_registration_looks_up_no_name(house, names):
    house.stop()
    webhook = register(house)
    house.registry.change(webhook, "Server", "https://other.example/hook", ["ticket-called"], [])
    assert names.asked == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "[::ffff:10.0.0.1]", "localhost", "x.localhost"])
def test_address_inside_is_refused_at_registration_in_any_notation(host):
    gate = Gate()
    with pytest.raises(InternalAddress):
        gate.must_not_be_inside(gate.target(f"https://{host}/"))


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]", "agency.example", "localhost.example"])
def test_address_outside_and_name_are_accepted_at_registration(host, names):
    gate = Gate()
    gate.must_not_be_inside(gate.target(f"https://{host}/"))
    assert names.asked == []


def test_operator_can_allow_this_machine_by_name():
    GATE.must_not_be_inside(GATE.target("http://localhost:8080/"))


def test_worker_reports_name_that_is_unknown_or_leads_inside(house, names):
    names.addresses["inside.example"] = "10.0.0.7"
    unknown, inside = register(house), register(house, "https://inside.example/hook")
    assert eventually(lambda: found(house, unknown) == "unknown-host")
    assert eventually(lambda: found(house, inside) == "internal-address")
    assert house.log(house.registry.known().find(inside)) == [], "nothing was sent"


def test_name_is_looked_up_each_minute_until_it_leads_outside(house, names):
    webhook = register(house)
    assert eventually(lambda: found(house, webhook) == "unknown-host")
    names.addresses["agency.example"] = "8.8.8.8"
    house.settle()
    assert (found(house, webhook), len(names.asked)) == ("unknown-host", 1)
    house.clock.advance(dispatcher.LOOK_UP_AGAIN.total_seconds())
    assert eventually(lambda: found(house, webhook) == "outside")
    house.clock.advance(3600)
    house.settle()
    assert len(names.asked) == 2


def test_changed_address_is_looked_up_at_once_also_after_restart(house, names):
    names.addresses["agency.example"] = names.addresses["other.example"] = "8.8.8.8"
    webhook = register(house)
    assert eventually(lambda: found(house, webhook) == "outside")
    house.stop()
    house.start()
    house.settle()
    assert names.asked == ["agency.example"]
    house.registry.change(webhook, "Server", "https://other.example/hook", ["ticket-called"], [])
    assert eventually(lambda: house.deliveries.lookups()[webhook].url == "https://other.example/hook")
    assert names.asked == ["agency.example", "other.example"]


def test_lookups_of_another_address_are_not_shown():
    known = hook(registration())
    shown = [
        views.webhooks([known], {}, {}, lookups, AT)[0]["address"]
        for lookups in ({}, {known.id: Lookup("https://old.example/", "outside", AT)})
    ]
    assert shown == ["unchecked", "unchecked"]
    (current,) = views.webhooks([known], {}, {}, {known.id: Lookup(known.url, "unknown-host", AT)}, AT)
    assert (current["address"], current["address_checked_at"]) == ("unknown-host", AT.isoformat())
