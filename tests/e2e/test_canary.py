"""What is entrusted to us is found nowhere: no event, topic, log, page or answer tells it, nor the database."""

import re

import httpx
import pytest
from e2e.canary import documents, everything, in_topics, places
from e2e.conftest import MALL, Site, eventually, key, started
from e2e.test_journey import TICKETS, a_service_at, take
from notifications.attacker import dump, recovered

from services.ticketing.survey.domain import ELEMENTS

pytestmark = pytest.mark.system

CANARY = "0812-7711-4455"
RANGE = [f"+6281277114{n:03}" for n in range(1000)]
NUMBER = re.compile(r"812\D{0,3}7711\D{0,3}4455")


@pytest.mark.timeout(600)  # each number is tried with each key on each value
def test_a_phone_number_is_nowhere(site: Site):
    if site.system is None:
        pytest.skip("only of a system of our own can the insides be searched")
    said: list[str] = []
    service = a_service_at(site, "G18")
    with site.client() as visitor, site.desk("G18") as clerk, site.client("supervisor") as supervisor:

        def ask(client, method: str, path: str, **more) -> dict:
            answer = client.request(method, path, **more)
            said.append(answer.text)
            return answer.json() if answer.content else {}

        ticket, other = take(visitor, service), take(visitor, service)
        for one in (ticket, other):
            path = f"/notifications/api/tickets/{one['code']}/phone"
            ask(visitor, "PUT", path, json={"phone": CANARY, "language": "en"})
            ask(visitor, "PUT", path, json={"phone": f"{CANARY}-99999999", "extra": CANARY})
            ask(visitor, "PUT", path, json={"phone": [CANARY]})
        ask(visitor, "DELETE", f"/notifications/api/tickets/{other['code']}/phone")
        called = ask(clerk, "POST", f"/ticketing/api/malls/{MALL}/counters/G18/calls", headers=key())
        assert called["id"] == ticket["id"]
        ask(clerk, "POST", f"{TICKETS}/{ticket['id']}/recall", headers=key())

        def texted() -> list[str]:
            answer = supervisor.get("/notifications/api/messages?limit=1000")
            said.append(answer.text)
            mine = [text for text in answer.json()["messages"] if text["ticket"] == ticket["id"]]
            return [text["status"] for text in mine if text["kind"] == "called"]

        assert eventually(lambda: texted() and texted()[0] not in ("requested", "sending")), texted()
        for page in (ticket["status_url"], "/notifications/messages", f"/notifications/malls/{MALL}/texts", "/"):
            said.append(visitor.get(page).text)
        clerk.post(f"{TICKETS}/{ticket['id']}/completion").raise_for_status()  # nobody waits here for other tests
        visitor.post(f"{TICKETS}/{other['code']}/cancellation").raise_for_status()
    assert [text for text in said if NUMBER.search(text)] == []
    assert places(site.system, NUMBER) == set(), "in contacts it is encrypted"
    assert {"mongo notifications.contacts"} < places(site.system, re.compile(ticket["id"])), "there it is kept"
    assert recovered(dump(documents(site.system)), RANGE) == {}, "nor of its hashes, with any key that is stored"
    searched = {place for place, _ in everything(site.system)}
    assert {
        "mongo notifications.commits",
        "mongo local.oplog.rs",
        "topic mpp.ticketing",
        "log notifications-web.log",
        "file sms.log",
    } <= searched


def test_code_of_visitor_is_only_in_what_the_visitor_gets(site: Site):
    """Every act of a visitor, then a search of databases, topics, logs, traces, figures, feeds and staff's answers."""
    if site.system is None:
        pytest.skip("only of a system of our own can the insides be searched")
    service, api, shown = a_service_at(site, "G17"), f"/ticketing/api/malls/{MALL}", []

    def staff(client, method: str, path: str, **more) -> dict:
        answer = client.request(method, path, **more)
        shown.append(answer.text)
        return answer.json() if answer.headers["Content-Type"].endswith("json") else {}

    with site.client() as visitor, site.desk("G17") as clerk, site.client("supervisor", mall=MALL) as supervisor:
        served, left = (take(visitor, service) for _ in range(2))
        days = visitor.get(f"{api}/bookings/days?service={service}").json()["days"]
        on = next(day["day"] for day in reversed(days) if day["bookable"])
        booked = visitor.post(f"{api}/bookings", json={"service": service, "day": on}, headers=key()).json()
        beside = take(visitor, service, beside=left["code"])
        phones = "/notifications/api/tickets/{}/phone"
        for one in (served, left, booked):
            visitor.put(phones.format(one["code"]), json={"phone": "0812-0000-7788"}).raise_for_status()
            pages = (one["status_url"], f"{one['status_url']}/qr.svg", f"{one['status_url']}/nothing-here")
            assert [visitor.get(page).status_code for page in pages] == [200, 200, 404]
        assert visitor.delete(phones.format(left["code"])).status_code == 204
        for one in (left, beside):
            visitor.post(f"{TICKETS}/{one['code']}/cancellation", headers=key()).raise_for_status()
        visitor.post(f"{api}/bookings/{booked['code']}/cancellation", headers=key()).raise_for_status()
        called = staff(clerk, "POST", f"{api}/counters/G17/calls", headers=key())
        assert called["id"] == served["id"]
        refused = visitor.post(f"{TICKETS}/{served['code']}/cancellation")
        assert refused.status_code == 409
        shown.append(refused.text)
        staff(clerk, "GET", f"{api}/counters/G17")
        staff(clerk, "POST", f"{TICKETS}/{served['id']}/completion")
        answers = {"answers": dict.fromkeys(ELEMENTS, 4)}
        visitor.post(f"{TICKETS}/{served['code']}/survey", json=answers, headers=key()).raise_for_status()
        secret = re.compile("|".join(re.escape(one["code"]) for one in (served, left, beside, booked)))

        def is_published() -> bool:
            return any(served["id"] in text for _, text in in_topics(site.system))

        assert eventually(is_published), "its events are in Kafka"
        today = served["business_day"]
        reads = ("overview", f"days/{today}/audit", f"days/{today}/audit?format=csv", "statistics", "survey", "events")
        for path in reads:
            staff(supervisor, "GET", f"{api}/{path}")
        staff(supervisor, "GET", "/notifications/api/messages?limit=1000")
        staff(supervisor, "GET", f"{TICKETS}/{served['id']}")
        for page in ("supervisor", "statistics", f"days/{today}/audit", "hall", "counters/G17"):
            staff(supervisor, "GET", f"/ticketing/malls/{MALL}/{page}")
    for figures in site.system.credentials["metrics"].values():
        shown.append(httpx.get(figures).text)
    assert [text for text in shown if secret.search(text)] == []
    assert places(site.system, secret) == set()
    found = places(site.system, re.compile(served["id"]))
    assert {"mongo ticketing.commits", "mongo notifications.commits", "topic mpp.ticketing"} <= found


def test_codes_of_screens_and_passes_are_kept_nowhere(tmp_path, monkeypatch):
    """A phone exchanges a code, is refused another, and takes a ticket; with the usual settings."""
    monkeypatch.delenv("TICKETS_FROM")
    with started(tmp_path) as site:
        presence = f"/ticketing/api/malls/{MALL}/presence"
        with site.client("device") as device, site.client() as phone, site.client("supervisor") as staff:
            code = device.get(presence).json()["code"]
            held = phone.post(presence, json={"code": code}).raise_for_status().json()["pass"]
            assert phone.post(presence, json={"code": f"{code}7"}).status_code == 403
            with_pass = key() | {"Presence-Pass": held}
            ticket = phone.post(TICKETS, json={"service": a_service_at(site, "G17")}, headers=with_pass)
            ticket = ticket.raise_for_status().json()
            phone.get(f"/ticketing/malls/{MALL}/take").raise_for_status()
            reads = ("hall", "rules", f"days/{ticket['business_day']}/audit", "events")
            shown = [staff.get(f"/ticketing/api/malls/{MALL}/{path}").raise_for_status().text for path in reads]
            shown += [phone.get(figures).text for figures in site.system.credentials["metrics"].values()]
            assert eventually(lambda: any(ticket["id"] in text for _, text in in_topics(site.system)))
        secret = re.compile("|".join(re.escape(one) for one in (code, held, held.split(".")[1], held.split(".")[2])))
        assert [text for text in shown if secret.search(text)] == []
        assert places(site.system, secret) == set()
        assert "mongo ticketing.limits" in {place for place, _ in everything(site.system)}, "where passes are counted"


def test_the_secret_of_a_webhook_is_told_once_and_nowhere(site: Site):
    if site.system is None:
        pytest.skip("only of a system of our own can the insides be searched")
    webhooks = f"/notifications/api/malls/{MALL}/webhooks"
    with site.client("agency", agency="DUKCAPIL") as agency:
        wanted = {"name": "Kenari", "url": "http://127.0.0.1:9000/", "kinds": ["day-opened"]}
        made = agency.post(webhooks, json=wanted).raise_for_status().json()
        secrets = [made["secret"], agency.post(f"{webhooks}/{made['id']}/secret").raise_for_status().json()["secret"]]
        said = [agency.get(path).raise_for_status().text for path in (webhooks, f"{webhooks}/{made['id']}")]
        hidden = re.compile("|".join(re.escape(secret.removeprefix("whsec_")) for secret in secrets))
        assert [text for text in said if hidden.search(text)] == []
        assert places(site.system, hidden) == set()
        told = places(site.system, re.compile(made["id"]))
        assert "mongo notifications.webhook_secrets" in told, "where it is sealed"
        agency.delete(f"{webhooks}/{made['id']}").raise_for_status()
