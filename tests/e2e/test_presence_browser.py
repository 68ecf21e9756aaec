"""Proof of presence in a real browser: screens of the mall show the code, a phone scans it and takes a ticket.

The system runs with its usual settings, TICKETS_FROM=presence.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site, key, started

from services.ticketing.api.presence import qr
from services.ticketing.presence import LENGTH

pytestmark = [*IN_CHROMIUM, pytest.mark.timeout(300)]

KIOSK, TABLET, TELEVISION, PHONE = (1080, 1920), (1280, 800), (1920, 1080), (390, 844)
SITE, API = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}"
SERVICE = "DUKCAPIL-KTPREKAM"
SQUARE = 4  # pixels of a television of 1920: a module of 4 px is scanned from several metres


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, tickets_from_anybody: None) -> Iterator[Site]:
    """A system of its own, with the usual settings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("TICKETS_FROM")
        with started(tmp_path_factory.mktemp("presence")) as found:
            yield found


def page_of(site: Site, name: str) -> str:
    """The address of a page as `make run` prints it."""
    return str(site.system.credentials["pages"][name]).removeprefix(site.url)


def shown_address(page, selector: str) -> str:
    """The address in the QR code on a screen: its picture is compared with the one made for that address."""
    code = page.locator(f"{selector} [data-slot=code]").inner_text().replace(" ", "")
    assert re.fullmatch(rf"\w{{{LENGTH}}}", code)
    address = f"{SITE}/take#code={code}"
    source = page.locator(f"{selector} [data-qr]").get_attribute("src")
    own = page.evaluate("location.origin")
    assert unquote(source.removeprefix("data:image/svg+xml,")) == qr(f"{own}{address}")
    return address


def on(page, address: str) -> None:
    """Wait until a page is at an address."""
    page.wait_for_url(re.compile(address))


def test_hall_and_kiosk_with_a_token_show_the_code_of_this_minute(window, site):
    hall = window(*TELEVISION, page_of(site, "hall"))
    hall.locator("#presence").wait_for()
    assert hall.evaluate("location.hash") == ""
    address = shown_address(hall, "#presence")
    size = hall.locator("#presence img").bounding_box()["width"]
    assert size / 45 >= SQUARE, "37 squares and the margin"
    assert violations(hall) == []
    picture(hall, "presence-hall")
    for name, screen in (("portrait", KIOSK), ("landscape", TABLET)):
        kiosk = window(*screen, page_of(site, "kiosk"))
        kiosk.locator("#presence").wait_for()
        picture(kiosk, f"presence-kiosk-{name}")
        assert violations(kiosk) == []
        kiosk.click("#presence")
        seen(kiosk, "#presence-large", "Pindai")
        assert shown_address(kiosk, "#presence-large")
        picture(kiosk, f"presence-kiosk-{name}-large")
        assert violations(kiosk, "#presence-large") == []
        assert kiosk.locator("#unregistered").is_hidden()
    assert address.startswith(f"{SITE}/take#code=")


def test_all_lines_of_a_full_hall_fit_above_the_code(window, site):
    with site.client("device") as kiosk:
        catalog = kiosk.get(f"/catalog/api/malls/{MALL}/services").json()["services"]
        for service in {one["agency"]: one["code"] for one in catalog if one["counters"]}.values():
            kiosk.post(f"{API}/tickets", json={"service": service}, headers=key()).raise_for_status()
    for counter in ("G02", "G03", "G04", "G05"):
        with site.desk(counter) as clerk:
            clerk.post(f"{API}/counters/{counter}/calls", headers=key()).raise_for_status()
    hall = window(*TELEVISION, page_of(site, "hall"))
    hall.locator("#presence").wait_for()
    picture(hall, "presence-hall-full")
    last, code = (hall.locator(one).bounding_box() for one in ("#waiting li:last-child", "#presence"))
    assert hall.locator("#waiting li").count() > 15
    assert last["y"] + last["height"] <= code["y"]
    assert hall.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert violations(hall) == []


def test_code_on_a_screen_is_renewed(window, site):
    hall = window(*TELEVISION, page_of(site, "hall"))
    hall.locator("#presence").wait_for()
    with site.client("device") as device:
        presence = device.get(f"{API}/presence").json()
    assert 0 < presence["seconds"] <= 60
    code = hall.locator("#presence [data-slot=code]")
    playwright.expect(code).not_to_have_text(code.inner_text(), timeout=70_000)
    shown_address(hall, "#presence")


def test_screens_show_no_code_while_the_mall_is_stopped(window, site):
    screens = [window(*TELEVISION, page_of(site, "hall")), window(*KIOSK, page_of(site, "kiosk"))]
    with site.client("supervisor", mall=MALL) as supervisor:
        for screen in screens:
            screen.locator("#presence").wait_for()
        screens[1].click("#presence")
        supervisor.post(f"{API}/stop", json={"reason": "Alarm kebakaran"}).raise_for_status()
        try:
            for screen in screens:
                playwright.expect(screen.locator("#presence")).to_be_hidden()
            playwright.expect(screens[1].locator("#presence-large")).to_be_hidden()
        finally:
            supervisor.delete(f"{API}/stop").raise_for_status()
        for screen in screens:
            playwright.expect(screen.locator("#presence")).to_be_visible()


def test_screens_without_a_token_show_no_code_and_the_kiosk_says_so(window, site):
    hall, kiosk = window(*TELEVISION, f"{SITE}/hall"), window(*KIOSK, f"{SITE}/kiosk")
    seen(kiosk, "#unregistered", "belum terdaftar")
    assert violations(kiosk) == []
    for page in (hall, kiosk):
        assert page.locator("#presence").is_hidden()
        assert page.locator("[data-qr]").first.get_attribute("src") is None


def test_visitor_scans_the_code_chooses_a_service_and_has_a_ticket(window, site):
    hall = window(*TELEVISION, page_of(site, "hall"))
    hall.locator("#presence").wait_for()
    phone = window(*PHONE, shown_address(hall, "#presence"))
    seen(phone, "#present", "Anda di mal")
    assert phone.evaluate("location.href") == f"{site.url}{SITE}/take", "the code is taken out of the address"
    assert phone.locator("#away").is_hidden()
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    picture(phone, "presence-phone-1")
    phone.fill("#search", "ktp")
    phone.locator(f"[data-service={SERVICE}]").click()
    phone.locator("[data-class='']").wait_for()
    assert violations(phone) == []
    picture(phone, "presence-phone-2")
    phone.click("[data-class='']")
    on(phone, f"{SITE}/tickets/")
    phone.locator("h1").first.wait_for()
    picture(phone, "presence-phone-3")
    with site.client("supervisor") as staff:
        today = staff.get(f"{API}/hall").json()["business_day"]
        acts = staff.get(f"{API}/days/{today}/audit").json()["acts"]
    assert [act["detail"] for act in acts if act["act"] == "ticket-issued"][-1].count("channel=hall") == 1


def test_visitor_types_the_code_and_a_wrong_one_is_explained(window, site):
    phone = window(*PHONE, f"{SITE}/take", expecting="403")
    seen(phone, "#away", "Sedang di mal?")
    seen(phone, "#share", "Dari rumah")
    edges = [phone.locator(one).bounding_box() for one in ("#prove button", "#share", "#seen-code")]
    assert max(edge["x"] + edge["width"] for edge in edges) < PHONE[0]
    picture(phone, "presence-phone-away")
    assert violations(phone) == []
    phone.fill("#seen-code", "aaa aaa")
    phone.click("#prove button")
    seen(phone, "#prove-problem", "Kode tidak cocok")
    assert violations(phone) == []
    with site.client("device") as device:
        code = device.get(f"{API}/presence").json()["code"]
    phone.fill("#seen-code", f"{code[:3].lower()} {code[3:].lower()}")
    phone.press("#seen-code", "Enter")
    seen(phone, "#present", "Anda di mal")


def test_visitor_at_home_takes_a_ticket_within_the_share(window, site):
    phone = window(*PHONE, f"{SITE}/take?lang=en")
    seen(phone, "#share", "From home, numbers left today")
    phone.fill("#search", "ktp")
    phone.locator(f"[data-service={SERVICE}]").click()
    phone.click("[data-class='']")
    on(phone, f"{SITE}/tickets/")


def test_phone_at_home_over_its_limit_is_sent_to_the_kiosk(window, site):
    with site.client() as visitor:
        answers = [visitor.post(f"{API}/tickets", json={"service": SERVICE}, headers=key()) for _ in range(8)]
    assert {answer.status_code for answer in answers[-2:]} == {429}
    assert sum(answer.status_code == 201 for answer in answers) <= 6
    phone = window(*PHONE, f"{SITE}/take", expecting="429")
    phone.fill("#search", "ktp")
    phone.locator(f"[data-service={SERVICE}]").click()
    phone.click("[data-class='']")
    seen(phone, "#failure", "kios")
    assert violations(phone) == []
    picture(phone, "presence-phone-refused")
    with site.client("device") as kiosk:
        assert kiosk.post(f"{API}/tickets", json={"service": SERVICE}, headers=key()).status_code == 201
