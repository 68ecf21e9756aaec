"""The office's pages in a real Chromium: a booking on a phone, a supervisor, figures and the record of a day."""

import re
from pathlib import Path

import pytest
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import MALL, Site, key, never_closes

pytestmark = SCREENS

ALWAYS = "batang"  # a mall that never closes, and keeps places until the last minute of a day
PHONE = (390, 844)
DESK = (1440, 900)


@pytest.fixture(scope="module")
def always(site: Site, tmp_path_factory) -> str:
    """A second mall, so that a day can be stopped and closed without harm to other tests."""
    if site.system is None:
        pytest.skip("needs a system of our own, to import a mall")
    never_closes(site, tmp_path_factory.mktemp("seeds"), ALWAYS, "MPP Batang")
    return ALWAYS


@pytest.fixture
def supervisor(site: Site, always: str):
    with site.client("supervisor", mall=always) as client:
        yield client


def token_of(client) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


def api(mall: str) -> str:
    return f"/ticketing/api/malls/{mall}"


def a_service(site: Site, mall: str, counter: str = "G02") -> str:
    with site.client() as visitor:
        counters = visitor.get(f"/catalog/api/malls/{mall}").json()["counters"]
    return next(one["services"][0] for one in counters if one["code"] == counter)


def test_a_place_is_booked_on_a_phone_and_becomes_a_ticket_on_its_day(site: Site, window, always):
    phone = window(*PHONE, f"/ticketing/malls/{always}/book?service={a_service(site, always)}")
    phone.locator(".day input:enabled").first.focus()
    phone.keyboard.press("Space")
    phone.locator("[name='priority'][value='elderly']").focus()
    phone.keyboard.press("Space")
    seen(phone, ".confirm .button", re.compile(r"Pesan untuk \w+, \d+ \w+"))
    picture(phone, "book")
    phone.click(".confirm .button")
    phone.wait_for_url("**/bookings/**")
    seen(phone, ".state:visible", "23.58")
    playwright.expect(phone.locator(".share img")).to_have_js_property("complete", True)
    assert phone.locator(".share img").evaluate("picture => picture.naturalWidth") > 0
    picture(phone, "booking")
    assert "elderly" not in phone.content()
    address = phone.url
    phone.click("#today [data-act='check-in']")
    phone.wait_for_url("**/tickets/**")
    seen(phone, ".stub .number", re.compile(r"^B-\d{3}$"))
    phone.goto(address)
    seen(phone, ".state:visible", "Sudah menjadi tiket")
    phone.click("#ticket")
    phone.wait_for_url("**/tickets/**")


def test_a_booking_is_given_back_after_a_second_thought(site: Site, window, always):
    phone = window(*PHONE, f"/ticketing/malls/{always}/book?service={a_service(site, always)}")
    phone.locator(".day input:enabled").last.check(force=True)
    phone.click(".confirm .button")
    phone.wait_for_url("**/bookings/**")
    playwright.expect(phone.locator("#today")).to_be_hidden()
    phone.click("#give-back")
    phone.click("#sure [data-close]")
    seen(phone, ".state:visible", "23.58")
    phone.click("#give-back")
    phone.click("#sure [data-act='cancellation']")
    seen(phone, ".state:visible", "dibatalkan")


def test_a_day_that_cannot_be_booked_says_why_and_cannot_be_chosen(site: Site, window):
    page = window(*PHONE, f"/ticketing/malls/{MALL}/book?service={a_service(site, MALL)}")
    weekend = page.locator(".day", has_text="Sabtu").first
    playwright.expect(weekend.locator("input")).to_be_disabled()
    playwright.expect(weekend).to_contain_text("Tidak ada pelayanan")
    for box in page.locator(".day:visible, .class:visible, .button:visible").all():
        assert box.bounding_box()["height"] >= 44


def test_a_refused_booking_is_told_in_the_problems_words(site: Site, window, supervisor, always):
    service = a_service(site, always, "G03")
    page = window(*PHONE, f"/ticketing/malls/{always}/book?service={service}", expecting="409")
    closure = {"scope": "service", "code": service, "reason": "Pemeliharaan jaringan"}
    supervisor.post(f"{api(always)}/closures", json=closure).raise_for_status()
    try:
        page.locator(".day input:enabled").first.check(force=True)
        answer = supervisor.post(f"{api(always)}/bookings", json={"service": service, "day": _first_day(page)})
        with page.expect_response("**/bookings") as refused:
            page.click(".confirm .button")
        assert refused.value.status == 409
        seen(page, "#refused", answer.json()["title"])
        playwright.expect(page.locator(".day input:enabled")).to_have_count(0)
    finally:
        supervisor.delete(f"{api(always)}/closures/service/{service}")


def _first_day(page) -> str:
    return page.locator(".day input").first.get_attribute("value")


def test_the_directory_leads_to_the_booking_of_a_service(window):
    page = window(1280, 900, f"/catalog/malls/{MALL}?q=skck")
    page.locator("a.book").first.click()
    page.wait_for_url(re.compile(r"/book\?service="))
    seen(page, "h1", "SKCK")


def test_a_supervisor_sees_the_mall_live_and_acts(site: Site, window, supervisor, always):
    service = a_service(site, always, "G06")
    page = window(*DESK, f"/ticketing/malls/{always}/supervisor#token={token_of(supervisor)}")
    seen(page, "#counters", "G23")
    assert "token" not in page.url
    here = page.locator("#counters a", has_text="G06")
    here.focus()
    number = supervisor.post(f"{api(always)}/tickets", json={"service": service}, headers=key()).json()["number"]
    seen(page, "#lines", number)
    seen(page, "#alerts", "G06")
    seen(page, "#counters tr:has-text('G06') td:nth-of-type(3)", "1")
    playwright.expect(here).to_be_focused()
    picture(page, "supervisor")

    page.click("[data-opens='stop']")
    page.keyboard.type("Listrik padam")
    page.keyboard.press("Enter")
    seen(page, "#open", "Dihentikan: Listrik padam")
    page.click("[data-opens='resume']")
    page.click("#resume .button.main")
    seen(page, "#open", "Buka")

    page.click("[data-opens='rule']")
    page.locator("#rule [value='strict']").check()
    playwright.expect(page.locator("#ratio")).to_be_hidden()
    page.fill("#rule-reason", "Banyak lansia")
    page.click("#rule .button.main")
    seen(page, ".glance", "Prioritas selalu didahulukan")

    page.click("[data-opens='closure']")
    page.select_option("#what", "counter G05")
    page.fill("#closure-reason", "Printer rusak")
    page.fill("#until", "2099-12-31T15:30")
    page.click("#closure .button.main")
    seen(page, "#closures", re.compile("G05.*Printer rusak.*31 Desember.*15.30"))
    closed = supervisor.get(f"{api(always)}/closures").json()["closures"]
    assert [(one["code"], one["until"]) for one in closed] == [("G05", "2099-12-31T15:30:00+07:00")]
    seen(page, "#counters tr:has-text('G05')", "Ditutup")
    page.click("#closures .button")
    seen(page, "#no-closures", "Tidak ada yang ditutup")


def test_nobody_sees_the_supervisors_page_without_a_token(site: Site, window, always):
    page = window(*DESK, f"/ticketing/malls/{always}/supervisor")
    playwright.expect(page.locator("#token-form")).to_be_visible()
    playwright.expect(page.locator("#page")).to_be_hidden()


def test_statistics_are_tables_that_can_be_taken_along(site: Site, window, supervisor, always):
    supervisor.post(f"{api(always)}/tickets", json={"service": a_service(site, always)}, headers=key())
    page = window(*DESK, f"/ticketing/malls/{always}/statistics#token={token_of(supervisor)}")
    seen(page, "#parts", "Dinas Kependudukan")
    assert page.locator("#parts .chart svg rect").count() > 0
    picture(page, "statistics")
    page.select_option("#by", "class")
    seen(page, "#by-class", "hanya untuk bulan utuh")
    playwright.expect(page.locator("#parts tr")).to_have_count(0)
    page.locator("[name='period'][value='other']").check(force=True)
    page.fill("#from", "2020-01-01")
    page.fill("#to", "2020-01-31")
    page.keyboard.press("Tab")
    seen(page, "#nothing", "Tidak ada tiket")
    page.locator("[name='period'][value='month']").check(force=True)
    seen(page, "#by-class", "hanya untuk bulan utuh")
    with page.expect_download() as saved:
        page.click("#csv")
    assert saved.value.suggested_filename.startswith(f"statistics-{always}-")
    assert Path(saved.value.path()).read_text(encoding="utf-8-sig").startswith("class,tickets,served")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_report_of_a_day_is_printed_on_a4_to_be_signed(site: Site, window, supervisor, always, language):
    supervisor.post(f"{api(always)}/tickets", json={"service": a_service(site, always)}, headers=key())
    address = f"/ticketing/malls/{always}/days/today/report?lang={language}"
    page = window(*DESK, f"{address}#token={token_of(supervisor)}")
    page.locator("#hour tr").first.wait_for()
    told = supervisor.get(f"{api(always)}/statistics?by=hour").json()["all"]
    playwright.expect(page.locator("#figures [data-slot='tickets']")).to_have_text(str(told["tickets"]))
    assert page.locator("#hour .chart rect").count() > 0
    page.emulate_media(media="print")
    for gone in (".staff-nav", "#print", ".masthead"):
        playwright.expect(page.locator(gone)).to_be_hidden()
    seen(page, ".signed", "Kepala MPP" if language == "id" else "Head of the MPP")
    overlapping = """all => all.filter((one, i) => i && one.getBoundingClientRect().left
        < all[i - 1].getBoundingClientRect().right - 1 && one.parentNode === all[i - 1].parentNode).length"""
    assert page.locator("thead th").evaluate_all(overlapping) == 0
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(595, 842)}


def test_the_record_of_a_day_can_be_searched_and_is_verified(site: Site, window, supervisor, always):
    wanted = {"service": a_service(site, always)}
    number = supervisor.post(f"{api(always)}/tickets", json=wanted, headers=key()).json()["number"]
    day = supervisor.get(f"{api(always)}/hall").json()["business_day"]
    page = window(*DESK, f"/ticketing/malls/{always}/days/{day}/audit#token={token_of(supervisor)}")
    seen(page, "#fits", re.compile(r"Catatan utuh.*[0-9a-f]{64}"))
    seen(page, "#acts", "Tiket diambil")
    picture(page, "audit")
    page.fill("#filter", number)
    playwright.expect(page.locator("#acts tr:visible")).to_have_count(1)
    with page.expect_download() as saved:
        page.click("#csv")
    assert number in Path(saved.value.path()).read_text(encoding="utf-8-sig")


def test_the_day_is_closed_after_saying_who_still_waits(site: Site, window, supervisor, always):
    """The last one: nothing happens on this mall's day after it."""
    supervisor.post(f"{api(always)}/tickets", json={"service": a_service(site, always)}, headers=key())
    waiting = supervisor.get(f"{api(always)}/overview").json()["statuses"]["waiting"]
    page = window(*DESK, f"/ticketing/malls/{always}/supervisor#token={token_of(supervisor)}")
    seen(page, "#figures", str(waiting))
    page.click("[data-opens='closing']")
    seen(page, "#closing", f"{waiting} pengunjung masih menunggu")
    page.click("#closing .button.main")
    seen(page, "#open", "Hari sudah ditutup")
    playwright.expect(page.locator("[data-opens='stop']")).to_be_disabled()
    day = supervisor.get(f"{api(always)}/hall").json()["business_day"]
    verdict = supervisor.get(f"{api(always)}/days/{day}/verification").json()
    assert (verdict["fits"], verdict["seal"]) == (True, verdict["hash"])


@pytest.mark.parametrize("path", ["supervisor", "statistics"])
def test_no_page_is_wider_than_a_phone(window, supervisor, always, path):
    page = window(*PHONE, f"/ticketing/malls/{always}/{path}#token={token_of(supervisor)}")
    playwright.expect(page.locator("#page")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
