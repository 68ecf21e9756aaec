"""One ticket's whole journey over HTTP, through the gateway: kiosk, phone, counter, hall, text, end."""

import json
import threading
from contextlib import suppress

import httpx
from e2e.conftest import MALL, Site, eventually, key

TICKETS = f"/ticketing/api/malls/{MALL}/tickets"


def take(client: httpx.Client, service: str, **more) -> dict:
    answer = client.post(TICKETS, json={"service": service, "priority": None} | more, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def a_service_at(site: Site, counter: str) -> str:
    with site.client() as anybody:
        mall = anybody.get(f"/catalog/api/malls/{MALL}").raise_for_status().json()
    return next(c["services"][0] for c in mall["counters"] if c["code"] == counter)


class Screen(threading.Thread):
    """A hall display: collects what the live stream says."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site, self.seen, self.ids = site, [], []
        self.ready = threading.Event()
        self.start()
        assert self.ready.wait(10)

    def run(self) -> None:
        with (
            suppress(httpx.RemoteProtocolError),  # the end of the system, which no test waits for
            self.site.client() as client,
            client.stream("GET", f"/ticketing/live/malls/{MALL}", timeout=60) as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    self.ids.append(line[4:])
                if line.startswith("data: "):
                    self.seen.append(json.loads(line[6:]))
                    self.ready.set()

    def shows_call_of(self, number: str, counter: str) -> bool:
        return any((c["number"], c["counter"]) == (number, counter) for hall in self.seen for c in hall["calls"])


def test_the_whole_journey(site: Site):
    screen = Screen(site)
    service = a_service_at(site, "G18")
    with site.client() as visitor, site.desk("G18") as clerk:
        ticket = take(visitor, service)
        assert (ticket["status"], ticket["ahead"], ticket["number"][:2]) == ("waiting", 0, "R-")
        left = visitor.put(f"/notifications/api/tickets/{ticket['code']}/phone", json={"phone": "0812-0000-4321"})
        assert left.json() == {"phone": "+62****21"}

        def texts() -> dict:
            return {t["kind"]: t for t in site.texts() if t["ticket"] == ticket["id"] and t["status"] == "accepted"}

        assert eventually(lambda: "issued" in texts()), "who is called already is not told of the ticket any more"
        call = clerk.post(f"/ticketing/api/malls/{MALL}/counters/G18/calls", headers=key())
        assert call.status_code == 201, call.text
        assert call.json()["id"] == ticket["id"]
        assert visitor.get(f"{TICKETS}/{ticket['code']}").json()["counter"] == {"code": "G18", "floor": 2}
        assert eventually(lambda: screen.shows_call_of(ticket["number"], "G18"))

        assert eventually(lambda: set(texts()) == {"issued", "called"}), site.texts()
        assert texts()["called"]["text"] == (
            f"MPP Kota Pekalongan: nomor {ticket['number']} dipanggil. "
            "Silakan ke gerai G18, lantai 2. Tunjukkan nomor Anda."
        )
        done = clerk.post(f"{TICKETS}/{ticket['id']}/completion")
        assert (done.status_code, done.json()["status"]) == (200, "served")
        hall = visitor.get(f"/ticketing/api/malls/{MALL}/hall").json()
        assert all(serving["counter"] != "G18" for serving in hall["serving"])


def test_the_same_key_gets_the_same_ticket_and_another_request_with_it_is_refused(site: Site):
    service, other = a_service_at(site, "G23"), a_service_at(site, "G21")
    with site.client() as visitor:
        again = key()
        first = visitor.post(TICKETS, json={"service": service, "priority": None}, headers=again)
        second = visitor.post(TICKETS, json={"priority": None, "service": service}, headers=again)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        third = visitor.post(TICKETS, json={"service": other, "priority": None}, headers=again)
        assert (third.status_code, third.json()["reason"]) == (422, "key-reused")


def test_a_double_tap_makes_one_ticket(site: Site):
    service, again, got = a_service_at(site, "G23"), key(), []

    def tap() -> None:
        with site.client() as visitor:
            got.append(visitor.post(TICKETS, json={"service": service, "priority": None}, headers=again).json()["id"])

    taps = [threading.Thread(target=tap) for _ in range(8)]
    for each in taps:
        each.start()
    for each in taps:
        each.join()
    assert len(set(got)) == 1


def test_a_screen_that_comes_back_gets_nothing_it_has_and_everything_it_missed(site: Site):
    service = a_service_at(site, "G20")
    screen = Screen(site)
    with site.client() as visitor:
        have = {"Last-Event-ID": screen.ids[-1]}
        number = take(visitor, service)["number"]
        with visitor.stream("GET", f"/ticketing/live/malls/{MALL}", headers=have) as stream:
            data = next(line for line in stream.iter_lines() if line.startswith("data: "))
        assert any(line["line"] == number[0] for line in json.loads(data[6:])["waiting"])


def test_asking_only_for_the_head_of_the_live_stream_uses_up_no_screen(site: Site):
    with site.client() as anybody:
        for _ in range(300):  # more than the live process holds screens
            assert anybody.head(f"/ticketing/live/malls/{MALL}").status_code == 200
    Screen(site)


def test_a_number_that_is_taken_back_gets_no_text(site: Site):
    service = a_service_at(site, "G16")
    with site.client() as visitor, site.desk("G16") as clerk:
        ticket = take(visitor, service)
        phone = f"/notifications/api/tickets/{ticket['code']}/phone"

        def of_the_ticket(kind: str, whose: dict = ticket) -> list[str]:
            return [t["status"] for t in site.texts() if (t["ticket"], t["kind"]) == (whose["id"], kind)]

        visitor.put(phone, json={"phone": "0812-0000-1111"}).raise_for_status()
        assert eventually(lambda: of_the_ticket("issued") == ["accepted"]), site.texts()
        assert visitor.delete(phone).status_code == 204
        clerk.post(f"/ticketing/api/malls/{MALL}/counters/G16/calls").raise_for_status()

        # Somebody else's call is heard of after ours: whatever was to be texted about ours is known by then.
        later = take(visitor, service)
        visitor.put(phone.replace(ticket["code"], later["code"]), json={"phone": "0812-0000-2222"}).raise_for_status()
        assert eventually(lambda: of_the_ticket("issued", later) == ["accepted"])
        assert of_the_ticket("called") == []


def test_a_clerk_of_another_counter_and_a_passer_by_are_refused(site: Site):
    service = a_service_at(site, "G19")
    with site.client() as anybody, site.desk("G17") as other:
        take(anybody, service)
        calls = f"/ticketing/api/malls/{MALL}/counters/G19/calls"
        assert (anybody.post(calls).status_code, other.post(calls).status_code) == (401, 403)


def test_an_error_is_told_in_the_language_of_the_reader(site: Site):
    with site.client() as anybody:
        asked = anybody.post(TICKETS, json={"service": "NO-SUCH", "priority": None})
        english = anybody.post(TICKETS, json={"service": "NO-SUCH"}, headers={"Accept-Language": "en-GB"})
    assert asked.headers["content-type"] == "application/problem+json"
    assert asked.json()["reason"] == english.json()["reason"] == "unknown-service"
    assert asked.json()["title"] != english.json()["title"]


def test_every_page_answers(site: Site):
    with site.client() as visitor:
        ticket = take(visitor, a_service_at(site, "G22"))
        pages = ["/", f"/catalog/malls/{MALL}", "/notifications/messages", ticket["status_url"]]
        pages += [f"/ticketing/malls/{MALL}/{page}" for page in ("kiosk", "hall", "counters/G02")]
        pages += [f"{ticket['status_url']}/qr.svg"]
        pages += [
            f"/{service}/api/{page}"
            for service in ("catalog", "ticketing", "notifications")
            for page in ("docs", "openapi.json")
        ]
        assert {page: visitor.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
