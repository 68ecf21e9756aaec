"""The public directory in a real Chromium: asked in everyday words, filtered, followed live, shared and printed."""

import re
import time

import httpx
import pytest
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import MALL, Site, eventually, key

pytestmark = SCREENS

LIST = f"/catalog/malls/{MALL}"
KTP = "DUKCAPIL-KTPCETAK"
PHONE, SCREEN = (390, 844), (1280, 900)
SECONDS = 2.0  # in which a ticket taken elsewhere is to be seen


def take(client: httpx.Client, service: str) -> None:
    body = {"service": service, "priority": None}
    answer = client.post(f"/ticketing/api/malls/{MALL}/tickets", json=body, headers=key())
    assert answer.status_code == 201, answer.text


def how_many_wait(client: httpx.Client, service: str) -> int:
    return client.get(f"/catalog/api/malls/{MALL}/waiting").json()["services"].get(service, 0)


def shown(page) -> list[str]:
    return page.locator("[data-service]").evaluate_all("all => all.map((one) => one.dataset.service)")


def too_small(page) -> list[str]:
    """What can be pressed and is smaller than 44 pixels, links within a sentence apart."""
    return page.locator("main :is(a, button, select, input, summary):visible").evaluate_all(
        """all => all.filter((one) => one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML)"""
    )


@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["phone", "screen"])
def test_a_visitor_types_and_sees_the_service_without_a_reload(window, size):
    page = window(*size, LIST)
    page.evaluate("window.stays = true")
    page.locator("#search").press_sequentially("ktp hilang", delay=30)
    playwright.expect(page).to_have_url(re.compile(r"\?q=ktp\+hilang$"))
    seen(page, "#count", re.compile(r"^\d+ layanan ditemukan$"))
    playwright.expect(page.locator("[data-service]").first).to_have_attribute("data-service", KTP)
    seen(page, f"[data-service={KTP}]", "surat kehilangan kepolisian")
    playwright.expect(page.locator("#search")).to_be_focused()
    assert page.evaluate("window.stays && document.documentElement.scrollWidth <= innerWidth")
    assert too_small(page) == []
    picture(page, f"directory-search-{size[0]}")
    page.fill("#search", "")
    playwright.expect(page.locator(".agency")).to_have_count(23)
    assert page.url.endswith(LIST)


def test_a_visitor_filters_by_agency_and_floor(window):
    page = window(*SCREEN, LIST)
    page.select_option("#agency", "POLRES")
    playwright.expect(page.locator(".agency")).to_have_count(1)
    assert {code.partition("-")[0] for code in shown(page)} == {"POLRES"}
    page.select_option("#floor", "2")
    seen(page, "#count", "Tidak ada layanan yang cocok")
    page.select_option("#agency", "")
    seen(page, "#count", re.compile(r"^\d+ layanan"))
    assert "KEMENAG-NIKAH" in shown(page)
    assert "POLRES-SIMA" not in shown(page)


def test_it_works_without_a_script(chromium, site: Site):
    context = chromium.new_context(
        java_script_enabled=False, base_url=site.url, ignore_https_errors=site.system is None
    )
    page = context.new_page()
    page.goto(LIST)
    page.fill("#search", "akte lahir")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=akte\+lahir"))
    assert page.locator("[data-service]").first.get_attribute("data-service") == "DUKCAPIL-AKTALAHIR"
    context.close()


def test_a_ticket_taken_elsewhere_raises_the_number_within_two_seconds(site: Site, window):
    page = window(*PHONE, f"{LIST}?q=ktp+hilang")
    pill = page.locator(f"[data-waiting={KTP}]")
    with site.client() as visitor:
        take(visitor, KTP)
        before = eventually(lambda: how_many_wait(visitor, KTP))
        playwright.expect(pill).to_have_text(f"{before} menunggu")
        take(visitor, KTP)
        began = time.monotonic()
        playwright.expect(pill).to_have_text(f"{before + 1} menunggu", timeout=SECONDS * 1000)
        print(f"seen {time.monotonic() - began:.2f} s after the ticket was taken")
    seen(page, "#queue", "menunggu")


def test_a_closure_shows_and_goes_without_a_reload(site: Site, window):
    page = window(*SCREEN, LIST)
    page.locator("#agency-PLN summary").click()
    link = page.locator("[data-service=PLN-BAYAR] h3 a")
    link.focus()
    with site.client("supervisor") as supervisor:
        closures = f"/ticketing/api/malls/{MALL}/closures"
        body = {"scope": "service", "code": "PLN-BAYAR", "reason": "Jaringan bank terganggu"}
        assert supervisor.post(closures, json=body).status_code == 200
        try:
            seen(page, "#closures", "Jaringan bank terganggu")
            seen(page, "[data-service=PLN-BAYAR]", "Layanan ini ditutup sementara")
            playwright.expect(link).to_be_visible()
            playwright.expect(link).to_be_focused()
        finally:
            supervisor.delete(f"{closures}/service/PLN-BAYAR")
        playwright.expect(page.locator("#closures")).not_to_contain_text("Jaringan bank", timeout=10_000)


def test_a_service_has_its_own_page_to_share_and_to_print(window):
    page = window(*PHONE, f"{LIST}?q=skck+baru")
    page.get_by_role("link", name="SKCK baru", exact=True).click()
    page.wait_for_url(f"**{LIST}/services/POLRES-SKCKBARU")
    seen(page, "h1", "SKCK baru")
    seen(page, ".checklist", "Pas foto 4x6 latar merah")
    assert too_small(page) == []
    picture(page, "directory-service")
    page.evaluate("navigator.share = (what) => { window.shared = what; return Promise.resolve(); }")
    page.click("[data-share]")
    assert page.evaluate("window.shared.url").endswith("/services/POLRES-SKCKBARU")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click("[data-print]")
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    playwright.expect(page.locator(".checklist")).to_be_visible()
    for part in (".masthead", ".acts", ".back", "[data-waiting]"):
        playwright.expect(page.locator(part).first).to_be_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_where_a_page_cannot_be_shared_its_address_is_told(window):
    page = window(*SCREEN, f"{LIST}/services/PLN-BAYAR")
    page.evaluate("""() => {
        Object.defineProperty(navigator, 'share', { value: undefined });
        Object.defineProperty(navigator, 'clipboard', { value: undefined });
    }""")
    page.click("[data-share]")
    seen(page, "#shared", f"{LIST}/services/PLN-BAYAR")


def test_the_list_prints_what_is_folded_and_folds_it_again(window):
    page = window(*SCREEN, f"{LIST}?floor=2")
    assert page.locator("details[open]").count() == 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print")
    playwright.expect(page.locator("[data-service=KEMENAG-NIKAH]")).to_be_visible()
    playwright.expect(page.locator(".search")).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_the_list_is_used_with_the_keyboard_alone(window):
    page = window(*SCREEN, LIST)
    page.focus("#search")
    page.keyboard.type("paspor anak")
    playwright.expect(page.locator("[data-service]").first).to_have_attribute("data-service", "IMIGRASI-PASPORBARU")
    for _ in range(4):  # the button, two filters, the first service
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/services/IMIGRASI-PASPORBARU")
