"""What is entrusted to us is found nowhere: no event, topic, log, page or answer tells it, nor the database."""

import re

import pytest
from e2e.canary import documents, everything, places
from e2e.conftest import MALL, Site, eventually, key
from e2e.test_journey import TICKETS, a_service_at, take
from notifications.attacker import dump, recovered

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
            path = f"/notifications/api/tickets/{one['id']}/phone"
            ask(visitor, "PUT", path, json={"phone": CANARY, "language": "en"})
            ask(visitor, "PUT", path, json={"phone": f"{CANARY}-99999999", "extra": CANARY})
            ask(visitor, "PUT", path, json={"phone": [CANARY]})
        ask(visitor, "DELETE", f"/notifications/api/tickets/{other['id']}/phone")
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
        visitor.post(f"{TICKETS}/{other['id']}/cancellation").raise_for_status()
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
