"""Every page of every service in a real Chromium, in both languages: axe, its width, its other languages, a picture."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site, key

pytestmark = IN_CHROMIUM

KIOSK, TABLET, TELEVISION = (1080, 1920), (1280, 800), (1920, 1080)
CONSOLE, DESK, PHONE = (1280, 720), (1440, 900), (390, 844)
SITE, API = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}"
TODAY = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
SERVICE = "DUKCAPIL-KTPREKAM"
# Who looks at it, how large, where it is, and what is there once it has its data.
PAGES = {
    "home": ("", DESK, "/", ".doors"),
    "home-phone": ("", PHONE, "/", ".doors"),
    "directory-phone": ("", PHONE, f"/catalog/malls/{MALL}", "#search, [type=search]"),
    "directory-desk": ("", DESK, f"/catalog/malls/{MALL}?q=ktp", "main h1"),
    "service": ("", PHONE, f"/catalog/malls/{MALL}/services/{SERVICE}", "main h1"),
    "kiosk-portrait": ("", KIOSK, f"{SITE}/kiosk", "#tiles"),
    "kiosk-landscape": ("", TABLET, f"{SITE}/kiosk", "#tiles"),
    "hall-first-floor": ("", TELEVISION, f"{SITE}/hall?floor=1", "#hall-display"),
    "book-form": ("", PHONE, f"{SITE}/book?service={SERVICE}", ".day"),
    "sign-in": ("", PHONE, "/catalog/sign-in", "#form"),
    "password": ("", DESK, "/catalog/password", "main .card:visible"),
    "staff-only": ("", DESK, f"{SITE}/supervisor", "#token-form"),
    "console": ("operator", CONSOLE, f"{SITE}/counters/G13", "#line, #lists"),
    "supervisor": ("supervisor", DESK, f"{SITE}/supervisor", "#page #counters"),
    "statistics": ("supervisor", DESK, f"{SITE}/statistics", "#page #parts"),
    "report": ("supervisor", DESK, f"{SITE}/days/{TODAY}/report", "#page"),
    "survey-of-a-year": ("supervisor", DESK, f"{SITE}/survey", "#page"),
    "audit": ("supervisor", DESK, f"{SITE}/days/{TODAY}/audit", "#page"),
    "message-log": ("supervisor", DESK, "/notifications/messages", "#log"),
    "admin": ("administrator", DESK, f"/catalog/malls/{MALL}/admin", "[data-rows=agencies] tr:first-child"),
    "access": ("administrator", DESK, "/catalog/access", "#page"),
    "new-mall": ("administrator", DESK, "/catalog/new-mall", "main form:visible"),
    "texts": ("administrator", DESK, f"/notifications/malls/{MALL}/texts", "#occasions section:first-child"),
    "webhooks-of-a-mall": ("administrator", DESK, f"/notifications/malls/{MALL}/webhooks", "#page"),
    **{
        f"dead-letters-{service}": ("administrator", DESK, f"/{service}/dead-letters", "#page")
        for service in ("catalog", "ticketing", "notifications")
    },
}
SCOPES = {"operator": {"counter": "G13"}, "administrator": {"mall": None}}
WIDER = "document.documentElement.scrollWidth - innerWidth"
DIALOGS = "all => all.map((one) => one.id)"


def take(site: Site, service: str = SERVICE) -> dict:
    with site.client() as visitor:
        answer = visitor.post(f"{API}/tickets", json={"service": service, "priority": None}, headers=key())
    return answer.raise_for_status().json()


@pytest.fixture(scope="module", autouse=True)
def visit(site: Site) -> None:
    """Somebody was served: pages of figures have something to show."""
    take(site)
    with site.desk("G02") as clerk:
        called = clerk.post(f"{API}/counters/G02/calls", json={}, headers=key()).raise_for_status().json()
        clerk.post(f"{API}/tickets/{called['id']}/completion", json={}, headers=key()).raise_for_status()


def as_who(site: Site, role: str) -> str:
    """The end of an address that signs in for one tab."""
    if not role:
        return ""
    return "#token=" + site.client(role, **SCOPES.get(role, {})).headers["Authorization"].removeprefix("Bearer ")


def walk(site: Site, window, role: str, language: str, visit) -> dict[str, list[str]]:
    """What `visit` finds on each page of somebody; in one window, for a new one each would take as long as axe."""
    tab = window(*DESK, "/catalog/sign-in")
    found = {}
    for name, (who, (width, height), path, there) in PAGES.items():
        if who == role:
            tab.set_viewport_size({"width": width, "height": height})
            tab.goto(f"{path}{'&' if '?' in path else '?'}lang={language}{as_who(site, role)}")
            tab.locator(there).first.wait_for()
            found[name] = visit(tab, name)
    return {name: faults for name, faults in found.items() if faults}


ROLES = ["", "operator", "supervisor", "administrator"]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("role", ROLES, ids=[role or "visitor" for role in ROLES])
def test_a_page_and_its_dialogs_break_no_rule_of_wcag_2_2_and_fit_their_screen(site: Site, window, role, language):
    def visit(tab, name: str) -> list[str]:
        faults = violations(tab)
        if tab.evaluate(WIDER) > 0:
            faults.append("wider than the screen")
        if tab.locator("html").get_attribute("lang") != language:
            faults.append("another language")
        if language != "id":
            return faults  # its dialogs are built as in the first language
        picture(tab, f"page-{name}")
        for dialog in tab.locator("dialog").evaluate_all(DIALOGS):
            tab.evaluate("id => document.getElementById(id).showModal()", dialog)
            faults += [f"{dialog}: {fault}" for fault in violations(tab, f"#{dialog}")]
            tab.evaluate("id => document.getElementById(id).close()", dialog)
        return faults

    assert walk(site, window, role, language, visit) == {}


def test_the_agencies_of_a_mall_fit_a_kiosk_without_scrolling(window):
    for size in (KIOSK, TABLET):
        kiosk = window(*size, f"{SITE}/kiosk")
        kiosk.locator("#tiles").wait_for()
        bar = kiosk.locator("footer.bar").bounding_box()["y"]
        last = kiosk.locator("#tiles li").last.bounding_box()
        assert last["y"] + last["height"] <= bar, size


def test_a_ticket_breaks_no_rule_in_any_of_its_states(site: Site, window):
    with site.desk("G15") as clerk, site.client() as visitor:
        service = clerk.get(f"{API}/counters/G15").json()["services"][0]["code"]

        def act(ticket: dict, what: str, **why: str) -> None:
            clerk.post(f"{API}/tickets/{ticket['id']}/{what}", json=why, headers=key()).raise_for_status()

        def called() -> dict:
            ticket = take(site, service)
            clerk.post(f"{API}/counters/G15/calls", json={}, headers=key()).raise_for_status()
            return ticket

        ticket = take(site, service)
        phone = window(*PHONE, ticket["status_url"])
        faults = {}

        def look(state: str, at: dict) -> None:
            phone.goto(at["status_url"])
            phone.locator(f"[data-when~='{state}']").first.wait_for()
            faults[state] = violations(phone)
            picture(phone, f"ticket-{state}")

        look("waiting", ticket)
        visitor.post(f"{API}/tickets/{ticket['id']}/cancellation", json={}, headers=key()).raise_for_status()
        look("cancelled", ticket)
        ticket = called()
        look("called", ticket)
        act(ticket, "start")
        look("serving", ticket)
        act(ticket, "hold", reason="Fotokopi KK")
        look("held", ticket)
        act(ticket, "resumption")
        act(ticket, "completion")
        look("served", ticket)
        ticket = called()
        act(ticket, "no-show")
        look("missed", ticket)
    assert {state: found for state, found in faults.items() if found} == {}


def test_what_went_wrong_is_told_in_a_way_that_breaks_no_rule_either(site: Site, window):
    faults = {}
    stranger = window(*PHONE, "/catalog/sign-in", expecting="401")
    stranger.fill("[name=name]", "nobody")
    stranger.fill("[name=password]", "a wrong password")
    stranger.locator("#form .button.main").click()
    stranger.locator("#problem").wait_for()
    faults["sign-in"] = violations(stranger)
    lost = window(*PHONE, f"{SITE}/tickets/nowhere", expecting="404")
    faults["no ticket"] = violations(lost)
    clerk = window(*DESK, f"{SITE}/supervisor{as_who(site, 'operator')}", expecting="403")
    clerk.locator("#problem").wait_for()
    faults["another role"] = violations(clerk)
    office = window(*DESK, f"/catalog/new-mall{as_who(site, 'administrator')}", expecting="422")
    office.locator("main form .button.main").last.click()
    office.locator("[role=alert]:visible, [aria-invalid=true]").first.wait_for()
    faults["new mall"] = violations(office)
    picture(office, "page-new-mall-refused")
    kiosk = window(*TABLET, f"{SITE}/kiosk", expecting="502")
    kiosk.route("**/tickets", lambda route: route.fulfill(status=502, body="no"))
    kiosk.fill("#search", "ktp")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.click("[data-class='']")
    kiosk.locator("#failure").wait_for()
    faults["kiosk"] = violations(kiosk)
    picture(kiosk, "kiosk-failure")
    assert {page: found for page, found in faults.items() if found} == {}


def test_a_place_that_was_booked_has_a_page_without_faults(window):
    phone = window(*PHONE, f"{SITE}/book?service={SERVICE}")
    phone.locator(".day input:enabled").last.check(force=True)
    phone.click(".confirm .button")
    phone.wait_for_url("**/bookings/**")
    phone.locator(".state:visible").first.wait_for()
    assert violations(phone) == []
    phone.click("#give-back")
    playwright.expect(phone.locator("#sure")).to_be_visible()
    assert violations(phone) == []


def test_a_kiosk_changes_its_language_in_one_tap_and_back(window):
    kiosk = window(*KIOSK, f"{SITE}/kiosk")
    kiosk.click("header .language")
    seen(kiosk, "#heading", "What do you need")
    kiosk.click("header .language")
    seen(kiosk, "#heading", "Apa keperluan Anda")
