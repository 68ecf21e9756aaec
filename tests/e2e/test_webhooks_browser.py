"""An agency's webhook from the page to its server, through the whole system, in a real Chromium."""

import re

import pytest
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import MALL, Site, eventually, key
from notifications.receiver import Answer, receiving
from standardwebhooks import Webhook as Verifier

pytestmark = SCREENS


@pytest.fixture
def desk(site: Site, window):
    """Opens the page as an agency."""
    if site.system is None:
        pytest.skip("needs a system of our own, that may send to this machine")

    def open_page(agency: str = "DUKCAPIL", expecting: str = "", size: tuple[int, int] = (1280, 900)):
        with site.client("agency", agency=agency) as client:
            token = client.headers["Authorization"].removeprefix("Bearer ")
        page = window(*size, f"/notifications/malls/{MALL}/webhooks#token={token}", expecting)
        seen(page, "#page h1", "Webhook")
        return page

    return open_page


def take(site: Site, service: str = "DUKCAPIL-KTPREKAM") -> dict:
    with site.client("device") as kiosk:
        made = kiosk.post(
            f"/ticketing/api/malls/{MALL}/tickets", json={"service": service, "priority": None}, headers=key()
        )
        return made.raise_for_status().json()


def do(page, name: str, act: str) -> None:
    page.click(f".hook:has(h2:text-is('{name}')) [data-do='{act}']")


def test_an_agency_registers_tests_and_reads_its_webhook_and_is_told_of_the_next_ticket(site: Site, desk):
    with receiving() as server:
        page = desk()
        page.click("[data-opens='edit']")
        page.fill("#name", "Server antrean")
        page.fill("#url", server.url)
        page.check("[value='ticket-issued']")
        picture(page, "webhooks-new")
        page.click("#edit .button.main")
        seen(page, "#secret code", "whsec_")
        secret = page.inner_text("#secret code")
        picture(page, "webhooks")
        page.click("#have-it")
        assert secret not in page.content()

        do(page, "Server antrean", "ping")
        assert eventually(lambda: server.got)
        assert Verifier(secret).verify(server.got[0].body, server.got[0].headers)["type"] == "id.go.mpp.ping.v1"
        seen(page, "#attempts", re.compile("Uji coba.*Diterima", re.DOTALL))

        number = take(site)["number"]
        assert eventually(lambda: len(server.got) == 2)
        event = Verifier(secret).verify(server.got[1].body, server.got[1].headers)
        assert (event["type"], event["data"]["number"]) == ("id.go.mpp.ticket-issued.v1", number)

        do(page, "Server antrean", "rotate")
        page.click("#rotate .button.main")
        seen(page, ".hook", "Kunci lama masih ikut menandatangani")
        newer = page.inner_text("#secret code")
        server.answer = lambda *_: Answer(410)
        take(site)
        assert eventually(lambda: len(server.got) == 3)
        for one in (secret, newer):
            Verifier(one).verify(server.got[2].body, server.got[2].headers)
        seen(page, ".hook .pill", "Dijeda")
        seen(page, ".hook", "sudah tidak dipakai (410)")
        picture(page, "webhooks-paused")
        server.answer = lambda *_: Answer()
        do(page, "Server antrean", "switch")
        assert eventually(lambda: len(server.got) == 4)
        assert server.ids[3] == server.ids[2]

        other = desk(agency="POLRES")
        seen(other, "#none", "Belum ada webhook.")
        do(page, "Server antrean", "remove")
        page.click("#remove .button.danger")
        seen(page, "#none", "Belum ada webhook.")


def test_an_address_inside_is_refused_in_words_in_the_form(desk):
    page = desk(expecting="422")
    page.click("[data-opens='edit']")
    page.fill("#name", "Router")
    page.fill("#url", "https://192.168.1.1/")
    page.click("#edit .button.main")
    seen(page, "#edit .notice", "Pilih sedikitnya satu.")
    page.check("[value='ticket-issued']")
    page.click("#edit .button.main")
    seen(page, "#edit .notice", "Alamat di jaringan dalam")


def test_the_page_is_worked_by_keyboard_and_fits_a_phone(desk):
    page = desk(size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.focus("[data-opens='edit']")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#edit")).to_be_visible()
    unnamed = page.evaluate(
        "[...document.querySelectorAll('#edit input, #edit select')].filter((one) => !one.labels.length).length"
    )
    assert unnamed == 0
    page.keyboard.press("Escape")
    playwright.expect(page.locator("#edit")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.opens") == "edit"
