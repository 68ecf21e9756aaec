"""The pages in a real Chromium: a visitor, a clerk with a keyboard, the hall's television, a phone."""

import re

from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site

pytestmark = IN_CHROMIUM


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
    seen(phone, "#phone-kept", "876")
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
    console.keyboard.press("s")
    seen(console, "#figures", "1")
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
        visitor.put(f"/notifications/api/tickets/{ticket['id']}/phone", json={"phone": "081200007777"})
    token = site.client("supervisor").headers["Authorization"].removeprefix("Bearer ")
    log = window(1280, 800, f"/notifications/messages#token={token}")
    seen(log, "main", "+62812****777")
    picture(log, "messages")
    stranger = window(1280, 800, "/notifications/messages")
    playwright.expect(stranger.locator("#token-form")).to_be_visible()


def test_the_way_in_links_everything_in_both_languages(window):
    home = window(1280, 900, "/")
    for part in ("kiosk", "hall", "counters/G02", "/notifications/messages", "/api/docs"):
        assert home.locator(f"a[href*='{part}']").count(), part
    picture(home, "home")
    home.goto("/?lang=en")
    assert home.locator("html").get_attribute("lang") == "en"
    home.goto("/")
    assert home.locator("html").get_attribute("lang") == "en"
