"""An administrator words the texts of the mall in the browser; a visitor who booked leaves a number."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from e2e.browser import SCREENS, playwright
from e2e.conftest import MALL, Site, eventually, key

pytestmark = SCREENS
PAGE = f"/notifications/malls/{MALL}/texts"


def token(site: Site) -> str:
    with site.client("administrator") as administrator:
        return administrator.headers["Authorization"].removeprefix("Bearer ")


def test_a_text_is_worded_checked_saved_and_put_back(window, site: Site):
    page = window(1280, 900, f"{PAGE}#token={token(site)}", expecting="422")
    field = page.get_by_label("Isi dalam bahasa Indonesia").nth(2)
    usual = field.input_value()
    form = page.locator("form.wording", has=page.locator("#text-called-id"))
    field.fill("{mall}: nomor {number} ke {gerai}")
    form.get_by_text("Tidak ada {gerai} di sini").wait_for()
    field.fill("{mall}: nomor {number} ke gerai {counter}")
    form.get_by_text("nomor B-012 ke gerai G02").wait_for()
    form.get_by_role("button", name="Simpan").click()
    form.get_by_text("Disimpan").wait_for()
    with site.client("administrator") as administrator:
        told = json.dumps(administrator.get(f"/notifications/api/malls/{MALL}/texts").json())
    assert "nomor {number} ke gerai {counter}" in told
    form.get_by_role("button", name="Kembali ke isi semula").click()
    page.wait_for_function("text => document.getElementById('text-called-id').value === text", arg=usual)


def test_an_occasion_is_switched_off_and_on_again_by_keyboard(window, site: Site):
    page = window(390, 844, f"{PAGE}#token={token(site)}")
    missed = page.locator("section", has=page.get_by_role("heading", name="Tidak hadir"))
    box = missed.get_by_role("checkbox")
    for words in ("Tidak dikirim", "Kirim pesan ini"):
        box.focus()
        page.keyboard.press("Space")
        missed.get_by_text(words, exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_log_tells_the_time_at_the_mall_wherever_it_is_read(window, site: Site):
    with site.client("device") as kiosk:
        wanted = {"service": "DUKCAPIL-KTPREKAM", "priority": None}
        made = kiosk.post(f"/ticketing/api/malls/{MALL}/tickets", json=wanted, headers=key())
        ticket = made.raise_for_status().json()
        phone = {"phone": "0812-0000-1234"}
        kiosk.put(f"/notifications/api/tickets/{ticket['code']}/phone", json=phone).raise_for_status()
    [text] = eventually(lambda: [one for one in site.texts() if one["ticket"] == ticket["id"]])
    at = datetime.fromisoformat(text["requested_at"]).astimezone(ZoneInfo("Asia/Jakarta"))
    page = window(1280, 720, f"/notifications/messages#token={token(site)}")
    row = page.locator("#rows tr", has_text=ticket["number"]).first
    playwright.expect(row.locator("time")).to_contain_text(at.strftime("%H.%M"))
