"""Every page of every service in a real Chromium, in both languages: axe, its width, its other languages, a picture."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from e2e.accessible import violations
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import MALL, Site, eventually, key, never_closes, poison

pytestmark = SCREENS

# The ends of the last agency and of what is seen above the bar, with these notices and no others. At once: news of the
# mall would show its own again.
ROOM_WITH_NOTICES = """shown => {
  for (const notice of document.querySelectorAll("#notices > *")) notice.hidden = !shown.includes(notice.id);
  document.querySelector("#override [data-slot=reason]").textContent = "Lembur: dibuka di luar jam layanan hari ini";
  const last = document.querySelector("#tiles li:last-child").getBoundingClientRect();
  return [last.bottom, document.querySelector("footer.bar").getBoundingClientRect().top];
}"""
KIOSK, TABLET, TELEVISION = (1080, 1920), (1280, 800), (1920, 1080)
CONSOLE, DESK, PHONE = (1280, 720), (1440, 900), (390, 844)
SITE, API = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}"
TODAY = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
SERVICES = ("catalog", "ticketing", "notifications")
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
    "take-phone": ("", PHONE, f"{SITE}/take", "#tiles"),
    "hall-first-floor": ("", TELEVISION, f"{SITE}/hall?floor=1", "#hall-display"),
    "book-form": ("", PHONE, f"{SITE}/book?service={SERVICE}", ".day"),
    "sign-in": ("", PHONE, "/catalog/sign-in", "#form"),
    "password": ("", DESK, "/catalog/password", "main .card:visible"),
    "second-factor": ("", PHONE, "/catalog/second-factor", "main .card:visible"),
    "staff-only": ("", DESK, f"{SITE}/supervisor", "#token-form"),
    "reference": ("", DESK, "/ticketing/api/docs", "details"),
    "console": ("operator", CONSOLE, f"{SITE}/counters/G13", "#line, #lists"),
    "supervisor": ("supervisor", DESK, f"{SITE}/supervisor", "#page #counters"),
    "statistics": ("supervisor", DESK, f"{SITE}/statistics", "#page #parts"),
    "report": ("supervisor", DESK, f"{SITE}/days/{TODAY}/report", "#page"),
    "survey-of-a-year": ("supervisor", DESK, f"{SITE}/survey", "#page"),
    "audit": ("supervisor", DESK, f"{SITE}/days/{TODAY}/audit", "#page"),
    "message-log": ("supervisor", DESK, "/notifications/messages", "#page"),
    "admin": ("administrator", DESK, f"/catalog/malls/{MALL}/admin", "[data-rows=agencies] tr:first-child"),
    "access": ("administrator", DESK, "/catalog/access", "#page"),
    "new-mall": ("administrator", DESK, "/catalog/new-mall", "main form:visible"),
    "texts": ("administrator", DESK, f"/notifications/malls/{MALL}/texts", "#occasions section:first-child"),
    "webhooks-of-a-mall": ("administrator", DESK, f"/notifications/malls/{MALL}/webhooks", "#page"),
    **{f"dead-letters-{service}": ("administrator", DESK, f"/{service}/dead-letters", "#page") for service in SERVICES},
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


# Where each role may go from a page of a mall.
FIGURES = ["Statistik", "Survei kepuasan"]
DAY = ["Laporan harian", "Catatan hari"]
TEXTS = ["Catatan pesan", "Isi pesan SMS", "Webhook"]
OFFICE = ["Katalog", "Akun dan token", "Mal baru", "Surat buntu"]
MAY_OPEN = {
    "auditor": [*DAY, *FIGURES],
    "agency": [*FIGURES, "Webhook"],
    "supervisor": ["Pengawas", *DAY, "Layar panggilan", *FIGURES, *TEXTS],
    "administrator": ["Pengawas", *DAY, "Layar panggilan", *FIGURES, *TEXTS, *OFFICE],
}


def links(page) -> list[str]:
    page.locator(".staff-nav a:visible").first.wait_for()
    return page.locator(".staff-nav a:visible").all_inner_texts()


@pytest.mark.parametrize("role", ["auditor", "agency", "administrator"])
def test_staff_go_by_one_navigation_wherever_their_role_may_and_see_where_they_are(site: Site, window, role):
    scope = {"agency": {"agency": "DUKCAPIL"}, "administrator": {"mall": None}}.get(role, {})
    token = site.client(role, **scope).headers["Authorization"].removeprefix("Bearer ")
    page = window(*CONSOLE, f"{SITE}/statistics#token={token}")
    page.locator("#page").wait_for()
    assert links(page) == MAY_OPEN[role]
    assert page.locator(".staff-nav").bounding_box()["height"] <= 2 * 48
    for name in MAY_OPEN[role]:
        if name != "Layar panggilan":  # it is for everybody, and has no way back
            page.locator(".staff-nav a", has_text=name).focus()
            page.keyboard.press("Enter")
            playwright.expect(page.locator(".staff-nav [aria-current]")).to_have_text(name)
            page.locator("#page").wait_for()
            assert links(page) == MAY_OPEN[role], name


def test_a_phone_unfolds_the_navigation(site: Site, window):
    phone = window(*PHONE, f"/notifications/messages{as_who(site, 'supervisor')}")
    menu = phone.locator(".staff-nav button")
    playwright.expect(menu).to_contain_text("Catatan pesan")
    playwright.expect(phone.locator(".staff-nav a:visible")).to_have_count(0)
    menu.focus()
    phone.keyboard.press("Enter")
    assert links(phone) == MAY_OPEN["supervisor"], "the mall is the one that the supervisor belongs to"
    assert violations(phone) == []
    assert phone.evaluate(WIDER) <= 0
    picture(phone, "page-navigation-phone")
    phone.keyboard.press("Enter")
    playwright.expect(phone.locator(".staff-nav a:visible")).to_have_count(0)


def test_who_is_bound_to_no_mall_goes_from_a_page_of_none_to_others_of_none(site: Site, window):
    page = window(*DESK, f"/catalog/access{as_who(site, 'administrator')}")
    assert links(page) == ["Catatan pesan", "Akun dan token", "Mal baru", "Surat buntu"]


def test_a_clerk_is_shown_no_way_to_pages_that_are_closed_to_them(site: Site, window):
    page = window(*DESK, f"{SITE}/supervisor{as_who(site, 'operator')}", expecting="403")
    page.locator("#problem").wait_for()
    playwright.expect(page.locator(".staff-nav a:visible")).to_have_count(0)


def test_a_dead_letter_is_read_tried_again_and_discarded_on_a_page_without_faults(site: Site, window):
    poison(site, "layar@1.0")
    with site.client("administrator", mall=None) as administrator:
        assert eventually(lambda: "layar@1.0" in administrator.get("/notifications/api/dead-letters").text, 20)
    page = window(*DESK, f"/notifications/dead-letters{as_who(site, 'administrator')}")
    letter = page.locator(".letter-card", has_text="layar@1.0")
    faults = {}
    for language in ("id", "en"):
        page.goto(f"/notifications/dead-letters?lang={language}")
        letter.locator("summary").click()
        playwright.expect(letter.locator("pre").first).to_contain_text("****890")
        for size in (DESK, PHONE):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            faults[language, size] = violations(page) + ["wide"] * (page.evaluate(WIDER) > 0)
            picture(page, f"dead-letter-{language}-{size[0]}")
    assert {where: found for where, found in faults.items() if found} == {}
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    page.goto("/notifications/dead-letters?lang=id")
    letter.locator("[data-do='replay']").click()
    seen(page, "#said", "Masih tidak dapat diolah: layar@1.0")
    playwright.expect(letter).to_contain_text("diminta dicoba lagi")
    letter.locator("[data-do='discard']").click()
    page.keyboard.type("Uji coba")
    picture(page, "dead-letter-discard")
    page.keyboard.press("Enter")
    playwright.expect(letter).to_have_count(0)
    page.select_option("#state", "discarded")
    letter.locator("summary").click()
    playwright.expect(letter).to_contain_text("dibuang · test administrator · Uji coba")
    assert violations(page) == []


def test_agencies_of_a_mall_fit_a_kiosk_without_scrolling_under_notices(site, window, tmp_path):
    if site.system is None:
        pytest.skip("needs a system of its own")
    never_closes(site, tmp_path, "muat", "MPP Muat")  # in which no other test suspends or adds an agency
    for size in (KIOSK, TABLET):
        kiosk = window(*size, "/ticketing/malls/muat/kiosk")
        kiosk.locator("#tiles").wait_for()
        for shown in ([], ["override"], ["override", "lost"]):
            last, bar = kiosk.evaluate(ROOM_WITH_NOTICES, shown)
            assert last <= bar, (size, shown)


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
        visitor.post(f"{API}/tickets/{ticket['code']}/cancellation", json={}, headers=key()).raise_for_status()
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
    assert violations(phone) == [], "the chosen day can be read with the pointer, or the last touch, still on it"
    phone.click(".confirm .button")
    phone.wait_for_url("**/bookings/**")
    phone.locator(".state:visible").first.wait_for()
    assert violations(phone) == []
    phone.click("#give-back")
    playwright.expect(phone.locator("#sure")).to_be_visible()
    assert violations(phone) == []


def test_an_api_is_read_call_by_call_and_leads_to_what_it_takes(window):
    page = window(*PHONE, "/ticketing/api/docs")
    call = page.locator("details", has=page.get_by_text("/ticketing/api/malls/{mall}/closing", exact=True))
    call.locator("summary").focus()
    page.keyboard.press("Enter")
    seen(page, "details[open]", "administrator supervisor")
    assert violations(page) == []
    assert page.evaluate(WIDER) <= 0
    page.keyboard.press("Enter")
    ticket = page.locator("details", has=page.get_by_text("/ticketing/api/malls/{mall}/tickets", exact=True)).first
    ticket.locator("summary").click()
    ticket.get_by_role("link", name="NewTicket").click()
    playwright.expect(page.locator("#NewTicket:target")).to_be_in_viewport()


def test_a_kiosk_changes_its_language_in_one_tap_and_back(window):
    kiosk = window(*KIOSK, f"{SITE}/kiosk")
    kiosk.click("header .language")
    seen(kiosk, "#heading", "What do you need")
    kiosk.click("header .language")
    seen(kiosk, "#heading", "Apa keperluan Anda")
