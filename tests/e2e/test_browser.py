"""The pages in a real Chromium: a visitor, a clerk with a keyboard, the hall's television, a phone."""

import json
import re
import shutil
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site, key

from tools.local.system import SEED

pytestmark = IN_CHROMIUM


def services_at(site: Site, counter: str) -> list[dict]:
    """What a counter gives: code and name of each service."""
    with site.desk(counter) as clerk:
        return clerk.get(f"/ticketing/api/malls/{MALL}/counters/{counter}").raise_for_status().json()["services"]


def take(site: Site, service: str, mall: str = MALL, **more) -> dict:
    with site.client() as visitor:
        body = {"service": service, "priority": None} | more
        answer = visitor.post(f"/ticketing/api/malls/{mall}/tickets", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def console_of(site: Site, window, counter: str, mall: str = MALL):
    token = site.client("operator", mall=mall, counter=counter).headers["Authorization"].removeprefix("Bearer ")
    return window(1280, 720, f"/ticketing/malls/{mall}/counters/{counter}#token={token}")


def press(console, letter: str) -> None:
    """Press an act's key once the act is possible."""
    playwright.expect(console.locator(f"#act-{letter}")).to_be_enabled()
    console.keyboard.press(letter)


def answer(console, *keys: str) -> None:
    """Press these in the dialog that opens, which then closes."""
    playwright.expect(console.locator("dialog[open]")).to_be_visible()
    for each in keys:
        console.keyboard.press(each) if len(each) == 1 or each.isalpha() else console.keyboard.type(each)
    playwright.expect(console.locator("dialog[open]")).to_have_count(0)


def reads(console, slot: str, text: str | re.Pattern) -> None:
    playwright.expect(console.locator(f"[data-slot='{slot}']").first).to_have_text(text)


def test_a_visitor_a_clerk_and_the_hall(site: Site, window):
    hall = window(1920, 1080, f"/ticketing/malls/{MALL}/hall")
    kiosk = window(1080, 1920, f"/ticketing/malls/{MALL}/kiosk")
    picture(kiosk, "kiosk-start")
    kiosk.fill("#search", "kematian jkk")
    service = kiosk.locator("[data-service]:visible").first
    agency_code = service.get_attribute("data-agency")
    service.click()
    picture(kiosk, "kiosk-who")
    kiosk.click("[data-class='elderly']")
    seen(kiosk, "#slip .number", re.compile(r"^[A-Z]-\d{3}$"))
    number = kiosk.locator("#slip .number").inner_text()
    playwright.expect(kiosk.locator("#qr")).to_have_js_property("complete", True)
    picture(kiosk, "kiosk")

    ticket_path = kiosk.locator("#qr").get_attribute("src").removesuffix("/qr.svg")
    phone = window(390, 844, ticket_path)
    phone.fill("#phone", "0812-0000-9876")
    phone.keyboard.press("Enter")
    seen(phone, "#phone-kept", "+62****76")
    picture(phone, "ticket")

    mall = site.client().get(f"/catalog/api/malls/{MALL}").json()
    counter = next(c["code"] for c in mall["counters"] if c["agency"] == agency_code)
    token = site.desk(counter).headers["Authorization"].removeprefix("Bearer ")
    console = window(1280, 720, f"/ticketing/malls/{MALL}/counters/{counter}#token={token}")
    seen(console, "#line", number)
    assert "token" not in console.url
    picture(console, "counter-waiting")
    console.keyboard.press("n")
    seen(console, "#current", number)
    picture(console, "counter")
    seen(hall, "#hero", number)
    seen(hall, "#hero", counter)
    seen(phone, "#called", counter)
    picture(hall, "hall")
    for page in (hall, kiosk, phone, console):
        assert "0812-0000-9876" not in page.content()
    assert "elderly" not in hall.content()
    assert "elderly" not in phone.content()
    press(console, "s")
    answer(console, "Enter")
    reads(console, "served", "1")
    playwright.expect(phone.locator("#called")).to_be_hidden(timeout=10_000)


def test_a_double_tap_at_the_kiosk_makes_one_ticket(site: Site, window):
    kiosk = window(1024, 768, f"/ticketing/malls/{MALL}/kiosk")
    kiosk.fill("#search", "taspen")
    kiosk.locator("[data-service]:visible").first.click()
    before = site.client().get(f"/ticketing/api/malls/{MALL}/hall").json()["issued"]
    kiosk.locator("[data-class='']").dblclick()
    seen(kiosk, "#slip .number", re.compile(r"^V-\d{3}$"))
    assert site.client().get(f"/ticketing/api/malls/{MALL}/hall").json()["issued"] == before + 1


def test_the_directory_finds_a_service_and_says_what_to_bring(window):
    directory = window(1280, 900, f"/catalog/malls/{MALL}?q=skck")
    seen(directory, "main", "SKCK")
    picture(directory, "directory")


def test_the_message_log_shows_masked_numbers_to_staff_only(site: Site, window):
    with site.client() as visitor:
        body = {"service": "TASPEN-KLIM", "priority": None}
        mall = visitor.get(f"/catalog/api/malls/{MALL}").json()
        body["service"] = next(c["services"][0] for c in mall["counters"] if c["code"] == "G22")
        ticket = visitor.post(f"/ticketing/api/malls/{MALL}/tickets", json=body).json()
        visitor.put(f"/notifications/api/tickets/{ticket['code']}/phone", json={"phone": "081200007777"})
    token = site.client("supervisor").headers["Authorization"].removeprefix("Bearer ")
    log = window(1280, 800, f"/notifications/messages#token={token}")
    seen(log, "main", "+62****77")
    picture(log, "messages")
    stranger = window(1280, 800, "/notifications/messages")
    playwright.expect(stranger.locator("#token-form")).to_be_visible()


def test_the_way_in_links_everything_in_both_languages(window):
    home = window(1280, 900, "/")
    for part in ("/take", "hall", "counters/G02", "/notifications/messages", "/api/docs"):
        assert home.locator(f"a[href*='{part}']").count(), part
    picture(home, "home")
    home.goto("/?lang=en")
    assert home.locator("html").get_attribute("lang") == "en"
    home.goto("/")
    assert home.locator("html").get_attribute("lang") == "en"


def test_a_clerk_does_every_act_by_keyboard(site: Site, window):
    services = [service["code"] for service in services_at(site, "G08")]
    first, second, third = (take(site, service)["number"] for service in services[:3])
    console = console_of(site, window, "G08")
    seen(console, "#line", third)
    reads(console, "status", "Belum dibuka")

    press(console, "n")
    reads(console, "stage", "Dipanggil")
    seen(console, "#current", first)
    press(console, "r")
    reads(console, "recalls", "masih 2 kali")
    press(console, "m")
    reads(console, "stage", "Dilayani")
    press(console, "s")
    answer(console, "Tab", "Tab", "Tab", "Space", "2")
    reads(console, "served", "1")

    press(console, "n")
    seen(console, "#current", second)
    press(console, "t")
    seen(console, "#lists", re.compile(r"Terlewat\s*1"))
    press(console, "k")
    console.keyboard.press("Enter")
    seen(console, "#line", second)

    press(console, "n")
    seen(console, "#current", second)
    press(console, "h")
    answer(console, "Tab", "Tab", "Tab", "Tab", "fotokopi KK", "Enter")
    seen(console, "#lists", re.compile(r"Ditahan\s*1"))
    press(console, "l")
    seen(console, "#line", "fotokopi KK")
    console.keyboard.press("Enter")
    seen(console, "#current", second)
    reads(console, "stage", "Dilayani")
    press(console, "s")
    answer(console, "s")
    reads(console, "served", "2")

    press(console, "c")
    console.keyboard.press("Enter")
    answer(console, "3")
    seen(console, "#current", third)
    press(console, "s")
    answer(console, "Enter")
    reads(console, "served", "3")

    press(console, "w")
    answer(console, "Enter")
    reads(console, "stage", "Dipanggil")
    press(console, "u")
    seen(console, "#lists", re.compile(r"Menunggu\s*1"))
    press(console, "i")
    answer(console, "2")
    reads(console, "status", "Istirahat")
    seen(console, "#status", "Salat")
    playwright.expect(console.locator("#act-n")).to_be_disabled()
    press(console, "b")
    reads(console, "status", "Buka")
    press(console, "x")
    answer(console, "Enter")
    reads(console, "status", "Tutup")


def test_no_act_of_a_clerk_takes_more_than_two_clicks(site: Site, window):
    service = services_at(site, "G14")[0]["code"]
    number, other = (take(site, service)["number"] for _ in range(2))
    console = console_of(site, window, "G14")
    shut = playwright.expect(console.locator("dialog[open]"))
    console.click("#act-n")
    seen(console, "#current", number)
    console.click("#act-h")
    console.click("#ask-hold .reasons button >> nth=0")
    shut.to_have_count(0)
    seen(console, "#lists", re.compile(r"Ditahan\s*1"))
    console.click("#act-l")
    console.click("#line button")
    reads(console, "stage", "Dilayani")
    console.click("#act-s")
    console.click("#ask-finish .reasons button >> nth=0")
    shut.to_have_count(0)
    reads(console, "served", "1")
    console.click("#act-n")
    seen(console, "#current", other)
    console.click("#act-p")
    console.click("#ask-transfer .choice >> nth=0")
    shut.to_have_count(0)
    playwright.expect(console.locator("#current")).to_be_hidden()
    console.click("#act-i")
    console.click("#ask-pause .reasons button >> nth=0")
    shut.to_have_count(0)
    reads(console, "status", "Istirahat")
    console.click("#act-b")
    reads(console, "status", "Buka")


def test_esc_leaves_a_dialog_and_nothing_has_happened(site: Site, window):
    number = take(site, services_at(site, "G11")[0]["code"])["number"]
    console = console_of(site, window, "G11")
    press(console, "n")
    for act in "shp":
        press(console, act)
        answer(console, "Escape")
    seen(console, "#current", number)
    press(console, "u")
    seen(console, "#line", number)
    assert console.evaluate("document.documentElement.scrollHeight") <= 720


def test_a_visitor_is_sent_on_with_a_note_and_an_undo_takes_it_back(site: Site, window):
    number = take(site, services_at(site, "G09")[0]["code"])["number"]
    goal = services_at(site, "G10")[0]["name"]
    console, next_console = console_of(site, window, "G09"), console_of(site, window, "G10")
    press(console, "n")
    seen(console, "#current", number)
    for _ in range(2):
        press(console, "p")
        answer(console, goal.lower(), "Tab", "KK asli masih pada kami", "Enter")
        seen(next_console, "#line", "KK asli masih pada kami")
        press(console, "u")
        seen(console, "#current", number)
        playwright.expect(next_console.locator("#line")).not_to_contain_text(number)
    press(console, "p")
    answer(console, goal.lower(), "Tab", "KK asli masih pada kami", "Enter")
    press(next_console, "n")
    seen(next_console, "#current", number)
    seen(next_console, "#note", "KK asli masih pada kami")
    picture(next_console, "counter-note")


def test_a_visitor_leaves_the_line_on_the_phone_and_takes_the_number_back(site: Site, window):
    service = services_at(site, "G12")[0]["code"]
    take(site, service)
    ticket = take(site, service)
    console = console_of(site, window, "G12")
    seen(console, "#line", ticket["number"])
    phone = window(390, 844, ticket["status_url"])
    seen(phone, "#waiting .wait", "menit")
    phone.fill("#phone", "0812-0000-5555")
    phone.keyboard.press("Enter")
    seen(phone, "#phone-kept", "+62****55")
    phone.click("#phone-withdraw")
    seen(phone, "#phone-kept", "dihapus")
    phone.click("#cancel")
    phone.keyboard.press("Enter")  # stays, unless the other button is chosen
    playwright.expect(phone.locator("#waiting")).to_be_visible()
    phone.click("#cancel")
    phone.click("#ask-cancel [value='cancel']")
    playwright.expect(phone.locator("#cancelled")).to_be_visible()
    playwright.expect(console.locator("#line")).not_to_contain_text(ticket["number"])
    seen(console, "#lists", re.compile(r"Menunggu\s*1"))


@pytest.fixture(scope="module")
def open_mall(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A mall of its own that is open at every hour of the test, so that days can be booked, stopped and closed."""
    if site.system is None:
        pytest.skip("needs a system of its own")
    folder = tmp_path_factory.mktemp("seeds") / "uji"
    shutil.copytree(SEED, folder)
    mall = json.loads((folder / "mall.json").read_text())
    mall |= {"code": "uji", "name": "MPP Uji", "closed_on": [], "tickets_from_minutes": 0, "last_ticket_minutes": 0}
    mall |= {"week": {day: [["00:00", "23:59"]] for day in mall["week"]}}
    mall |= {"bookings": {"days_ahead": 14, "claim_by": "23:58"}}
    (folder / "mall.json").write_text(json.dumps(mall))
    site.system.add_malls(folder)
    return "uji"


def test_a_booking_is_scanned_at_the_kiosk_and_a_second_service_joins_the_visit(site: Site, window, open_mall):
    with site.client() as visitor:
        day = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
        wanted = {"service": "DUKCAPIL-KTPREKAM", "day": day}
        booking = visitor.post(f"/ticketing/api/malls/{open_mall}/bookings", json=wanted, headers=key())
    assert booking.status_code == 201, booking.text
    kiosk = window(1024, 768, f"/ticketing/malls/{open_mall}/kiosk")
    kiosk.keyboard.type(f"{site.url}{booking.json()['status_url']}")  # a scanner is a keyboard
    kiosk.keyboard.press("Enter")
    seen(kiosk, "#slip .number", re.compile(r"^B-\d{3}$"))
    number = kiosk.locator("#slip .number").inner_text()
    kiosk.click("#another")
    seen(kiosk, "#beside", number)
    kiosk.fill("#search", "skck")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^C-\d{3}$"))
    other = kiosk.locator("#slip .number").inner_text()
    console = console_of(site, window, "G02", open_mall)
    press(console, "n")
    seen(console, "#current", number)
    seen(console, "#current", other)
    press(console, "s")
    answer(console, "Enter")
    reads(console, "served", "1")


def test_a_clerk_gets_through_a_busy_hour_of_twenty_visitors_by_keyboard_alone(site: Site, window, open_mall):
    with site.client() as visitor:
        counters = visitor.get(f"/catalog/api/malls/{open_mall}").json()["counters"]
    service = next(one["services"][0] for one in counters if one["code"] == "G05")
    numbers = [take(site, service, open_mall)["number"] for _ in range(20)]
    console = console_of(site, window, "G05", open_mall)
    for turn, number in enumerate(numbers, start=1):
        press(console, "n")
        seen(console, "#current", number)
        if turn % 7 == 0:
            press(console, "t")
            continue
        press(console, "s")
        answer(console, "Enter")
    seen(console, "#lists", re.compile(r"Menunggu\s*0"))
    seen(console, "#lists", re.compile(r"Terlewat\s*2"))
    reads(console, "served", "18")
    assert console.evaluate("document.documentElement.scrollHeight") <= 720
    for other in ("DUKCAPIL-KTPREKAM", "POLRES-SKCKBARU"):  # with these, enough came to know what most people need
        take(site, other, open_mall)
    kiosk = window(1080, 1920, f"/ticketing/malls/{open_mall}/kiosk")
    often = kiosk.locator("#often [data-often]")
    assert often.first.get_attribute("data-often") == service
    assert often.count() == 3
    picture(kiosk, "kiosk-often")
    often.first.click()
    seen(kiosk, "[data-step='who']", "Umum")


def test_closures_a_stop_and_the_end_of_the_day_are_told_on_every_screen(site: Site, window, open_mall):
    api = f"/ticketing/api/malls/{open_mall}"
    with site.client() as visitor:
        counters = visitor.get(f"/catalog/api/malls/{open_mall}").json()["counters"]
    for counter in counters[8:17]:  # nine, so that the list of calls is full
        called = take(site, counter["services"][0], open_mall)
        with site.client("operator", mall=open_mall, counter=counter["code"]) as clerk:
            clerk.post(f"{api}/counters/{counter['code']}/calls", headers=key()).raise_for_status()
            clerk.post(f"{api}/tickets/{called['id']}/completion", json={}).raise_for_status()
    hall = window(1920, 1080, f"/ticketing/malls/{open_mall}/hall")
    kiosk = window(1024, 768, f"/ticketing/malls/{open_mall}/kiosk")
    console = console_of(site, window, "G02", open_mall)
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    service = kiosk.locator("[data-service='DUKCAPIL-KTPREKAM']")
    playwright.expect(service).to_be_enabled()
    with site.client("supervisor", mall=open_mall) as supervisor:
        closed = {"scope": "service", "code": "DUKCAPIL-KTPREKAM", "reason": "Alat rekam rusak"}
        supervisor.post(f"{api}/closures", json=closed).raise_for_status()
        playwright.expect(service).to_be_disabled()
        seen(kiosk, "[data-service='DUKCAPIL-KTPREKAM']", "Alat rekam rusak")
        seen(hall, "#closures", "Alat rekam rusak")
        box, rows = hall.locator("#earlier").bounding_box(), hall.locator("#earlier li").all()
        bottom = box["y"] + box["height"]
        cut = [row for row in rows if (one := row.bounding_box())["y"] < bottom < one["y"] + one["height"] - 1]
        assert (len(rows) > 0, cut) == (True, []), "no row of calls is cut by the banners"
        supervisor.post(f"{api}/stop", json={"reason": "Uji evakuasi"}).raise_for_status()
        seen(kiosk, "#closed", "Uji evakuasi")
        seen(hall, "#halted", "Uji evakuasi")
        playwright.expect(hall.locator("#hall-display")).to_be_hidden()
        assert violations(hall) == []
        picture(hall, "hall-stopped")
        seen(console, "#stopped", "Uji evakuasi")
        seen(console, "#closed-services", "Alat rekam rusak")
        supervisor.delete(f"{api}/stop").raise_for_status()
        playwright.expect(hall.locator("#halted")).to_be_hidden()
        seen(hall, "#resumed", "dilanjutkan")
        supervisor.delete(f"{api}/closures/service/DUKCAPIL-KTPREKAM").raise_for_status()
        playwright.expect(service).to_be_enabled()
        seal = supervisor.post(f"{api}/closing").raise_for_status().json()["seal"]
    seen(hall, "#over .seal", " ".join((seal[:4], seal[4:8], seal[8:12])))
    assert violations(hall) == []
    picture(hall, "hall-over")
    seen(kiosk, "#closed", "sudah selesai")
