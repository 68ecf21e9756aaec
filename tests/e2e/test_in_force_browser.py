"""What holds for a ticket and a booking now, on phones, consoles and the supervisor's page, in a real Chromium."""

import json
import re

import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site, key, never_closes

pytestmark = IN_CHROMIUM

PAGES, API = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}"
OTHER = "berlaku"  # a mall of its own, whose days can be booked
PHONE, DESK = (390, 844), (1366, 768)
TUESDAY = "2026-12-01"
KTP = "DUKCAPIL-KTPREKAM"
UNTIL = "2026-11-24T04:00:00+00:00"
STATES = {
    "stopped": ("Antrean dihentikan sementara", "Nomor Anda tetap berlaku"),
    "closed": ("Gerai untuk nomor Anda ditutup sementara", "Nomor Anda tetap berlaku"),
    "suspended": ("Instansi ini sedang tidak melayani", "Nomor Anda tetap berlaku"),
    "no-counter": ("Petugas sedang mencarikan gerai untuk Anda", "Silakan tanya petugas informasi"),
    "over": ("Pelayanan hari ini sudah berakhir", "Silakan tanya petugas informasi"),
}
BOOKED = {
    "closed-day": "Mal tutup pada hari itu",
    "mall-closed": "Mal ditutup pada hari itu",
    "service-withdrawn": "Layanan ini tidak lagi tersedia di sini",
    "service-closed": "Layanan ini ditutup sementara",
    "agency-suspended": "Instansi ini sedang tidak melayani",
    "counter-closed": "Gerainya ditutup",
}


@pytest.fixture
def answers(window):
    """Have answers of the server hold more fields, as they are at the time."""
    pages = []

    def hold(page, path: str, more: dict) -> None:
        def answer(route) -> None:
            found = route.fetch()
            route.fulfill(response=found, body=json.dumps(found.json() | more) if found.ok else None)

        pages.append(page)
        page.route(re.compile(path), answer)

    yield hold
    for page in pages:
        page.unroute_all(behavior="ignoreErrors")


def take(site: Site, service: str = KTP) -> dict:
    with site.client() as visitor:
        answer = visitor.post(f"{API}/tickets", json={"service": service, "priority": None}, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def token(site: Site, role: str, **scope: str) -> str:
    with site.client(role, **scope) as client:
        return "#token=" + client.headers["Authorization"].removeprefix("Bearer ")


def test_ticket_page_says_what_stands_against_a_call_and_that_it_goes_on(site: Site, window, answers):
    ticket = take(site, "PLN-BAYAR")
    phone = window(*PHONE, ticket["status_url"])
    more = {"in_force": None}
    answers(phone, f"/api/.*/tickets/{ticket['code']}$", more)
    seen(phone, "#waiting", "Gerai")
    for state, (title, then) in STATES.items():
        more |= {"ahead": None, "estimate": None, "in_force": {"state": state, "reason": "Uji evakuasi", "until": None}}
        seen(phone, "#in-force", title)
        seen(phone, "#in-force", "Uji evakuasi")
        seen(phone, "#in-force", then)
        playwright.expect(phone.locator("#waiting")).to_be_hidden()
        assert violations(phone) == []
        picture(phone, f"ticket-{state}")
    more["in_force"] = {"state": "closed", "reason": "", "until": UNTIL}
    seen(phone, "#in-force [data-slot='until']", "24 November")
    playwright.expect(phone.locator("#in-force .why")).to_be_hidden()
    more |= {"ahead": 0, "in_force": {"state": "open", "reason": "", "until": None}}
    seen(phone, "#goes-on", "Antrean berjalan lagi")
    playwright.expect(phone.locator("#in-force")).to_be_hidden()
    seen(phone, "#waiting", "Giliran Anda berikutnya")
    assert violations(phone) == []
    picture(phone, "ticket-goes-on")


@pytest.fixture(scope="module")
def other(site: Site, tmp_path_factory) -> str:
    if site.system is None:
        pytest.skip("needs a system of its own")
    never_closes(site, tmp_path_factory.mktemp("seeds"), OTHER, "MPP Berlaku")
    return OTHER


def test_booking_page_says_that_its_day_is_off_and_offers_another(site: Site, window, other, answers):
    api = f"/ticketing/api/malls/{other}"
    with site.client() as visitor:
        days = visitor.get(f"{api}/bookings/days?service={KTP}").json()["days"]
        wanted = {"service": KTP, "day": [day["day"] for day in days if day["bookable"]][-1]}
        booking = visitor.post(f"{api}/bookings", json=wanted, headers=key()).raise_for_status().json()
    phone = window(*PHONE, booking["status_url"])
    more = {}
    answers(phone, f"/api/.*/bookings/{booking['code']}$", more)
    for state, title in BOOKED.items():
        more["in_force"] = {"state": state, "reason": "Perbaikan gedung"}
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        seen(phone, "#in-force", title)
        seen(phone, "#in-force", "Perbaikan gedung")
        seen(phone, "#in-force", "Anda tidak perlu datang")
        playwright.expect(phone.locator("#come")).to_be_hidden()
        again = phone.locator("#other-day").get_attribute("href")
        assert again.endswith("/book" if state == "service-withdrawn" else f"/book?service={KTP}"), state
        assert violations(phone) == []
    picture(phone, "booking-off")
    phone.click("#other-day")
    seen(phone, "#days", re.compile("Tersedia"))
    phone.go_back()
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.click("#in-force [data-give-back]")
    phone.click("#sure [data-act='cancellation']")
    seen(phone, "[data-when='cancelled']", "Pemesanan dibatalkan")
    playwright.expect(phone.locator("#in-force")).to_be_hidden()


def test_console_of_withdrawn_counter_finishes_visitor_and_calls_nobody(site: Site, window, answers):
    take(site)
    with site.desk("G02") as clerk:
        current = clerk.get(f"{API}/counters/G02").json()["current"]
        if not current:
            current = clerk.post(f"{API}/counters/G02/calls", json={}, headers=key()).raise_for_status().json()
    console = window(*DESK, f"{PAGES}/counters/G02{token(site, 'operator', counter='G02')}")
    playwright.expect(console.locator("#act-n")).to_be_visible()
    answers(console, "/api/.*/counters/G02$", {"withdrawn": True})
    console.reload()
    seen(console, "#withdrawn", "Gerai ini sudah dihapus dari katalog.")
    seen(console, "#withdrawn", current["number"])
    playwright.expect(console.locator("#act-n")).to_be_hidden()
    assert violations(console) == []
    picture(console, "counter-withdrawn")
    console.click("#act-s")
    console.keyboard.press("Enter")
    seen(console, "#withdrawn", "Tidak ada panggilan lagi di sini")
    playwright.expect(console.locator("#current")).to_be_hidden()
    assert console.locator("#line button:enabled").count() == 0


def test_supervisor_helps_tickets_that_no_counter_can_call(site: Site, window, answers):
    tickets = [take(site, "PLN-BAYAR") for _ in range(2)]
    alerts = [
        {
            "kind": "ticket-without-counter",
            "number": ticket["number"],
            "id": ticket["id"],
            "service_name": ticket["service_name"],
            "since_minutes": 7,
            "cause": "counter-withdrawn",
        }
        for ticket in tickets
    ]
    alerts += [
        {"kind": "booking-concerned", "day": "2026-12-01", "service_name": "Paspor", "count": 1, "cause": "closed-day"},
        {
            "kind": "booking-concerned",
            "day": "2026-12-01",
            "service_name": "Akta",
            "count": 3,
            "cause": "Listrik padam",
        },
        {"kind": "clock-doubtful", "minutes": 720},
        {"kind": "counter-withdrawn-busy", "counter": "G03", "number": "C-001"},
    ]
    page = window(*DESK, f"{PAGES}/supervisor{token(site, 'supervisor')}")
    answers(page, "/api/.*/overview$", {"alerts": alerts})
    page.reload()
    seen(page, f"#alerts li:has-text('{tickets[0]['number']}')", "menunggu 7 menit, dan tidak ada gerai")
    seen(page, f"#alerts li:has-text('{tickets[0]['number']}')", "Gerainya dihapus dari katalog.")
    seen(page, "#alerts li:has-text('Paspor')", "1 pemesanan Paspor untuk Selasa, 1 Desember 2026")
    seen(page, "#alerts li:has-text('Akta')", "Listrik padam")
    seen(page, "#alerts", "720 menit")
    playwright.expect(page.locator("#alerts a")).to_have_attribute("href", f"{PAGES}/counters/G03")
    assert violations(page) == []
    picture(page, "supervisor-alerts")
    page.click(f"#alerts li:has-text('{tickets[0]['number']}') [data-act='move']")
    seen(page, "#move [data-slot='all']", f"Semua 2 nomor {tickets[0]['service_name']}")
    assert violations(page) == []
    picture(page, "supervisor-move")
    page.select_option("#target", "PLN-GANGGUAN" if page.locator("#target [value='PLN-GANGGUAN']").count() else KTP)
    with page.expect_response(re.compile(f"/tickets/{tickets[1]['id']}/transfer$")) as second:
        page.click("#move .button.main")
    assert second.value.status == 200, second.value.text()
    playwright.expect(page.locator("#move")).to_be_hidden()
    with site.client() as visitor:
        found = [visitor.get(f"{API}/tickets/{ticket['code']}").json() for ticket in tickets]
    assert all(one["service"] != "PLN-BAYAR" for one in found)
    asked = []

    def end(route) -> None:
        asked.append((route.request.url.split("/")[-2], route.request.post_data_json))
        route.fulfill(json={})

    page.route("**/ending", end)
    page.click(f"#alerts li:has-text('{tickets[1]['number']}') [data-act='ending']")
    page.fill("#ending-reason", "Gerai tidak ada lagi")
    page.check("#ending [value='one']")
    page.click("#ending .button.main")
    playwright.expect(page.locator("#ending")).to_be_hidden()
    assert asked == [(tickets[1]["id"], {"reason": "Gerai tidak ada lagi"})]
