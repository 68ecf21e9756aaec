"""The office of a mall's administrators in a real Chromium: what is changed there is true at the kiosk at once."""

import json
import re
import shutil
import statistics
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import Site, eventually, key

from tools.local.system import SEED

pytestmark = SCREENS

OWN = "tegal"  # a mall that never closes, to change without harm to other tests
DESK = (1440, 900)
CATALOG, TICKETING = f"/catalog/api/malls/{OWN}", f"/ticketing/api/malls/{OWN}"


@pytest.fixture(scope="module")
def own(site: Site, tmp_path_factory) -> str:
    if site.system is None:
        pytest.skip("needs a system of our own, to import a mall")
    folder = Path(shutil.copytree(SEED, tmp_path_factory.mktemp("seeds") / OWN))
    about = json.loads((folder / "mall.json").read_text())
    week = {day: [["00:00", "23:59"]] for day in about["week"]}
    more = {"code": OWN, "name": "MPP Tegal", "week": week, "closed_on": [], "last_ticket_minutes": 0, "bookings": None}
    (folder / "mall.json").write_text(json.dumps(about | more))
    site.system.add_malls(folder)
    return OWN


@pytest.fixture
def administrator(site: Site, own: str):
    with site.client("administrator", mall=own) as client:
        yield client


@pytest.fixture
def office(site: Site, window, administrator):
    """Opens the office, signed in."""

    def open_office(part: str = "", expecting: str = "", size: tuple[int, int] = DESK):
        token = administrator.headers["Authorization"].removeprefix("Bearer ")
        page = window(*size, f"/catalog/malls/{OWN}/admin#token={token}", expecting)
        seen(page, "#agencies [data-count]", " dari ")
        if part:
            page.click(f".parts a[href='#{part}']")
        return page

    return open_office


def take(site: Site, service: str):
    with site.client() as visitor:
        return visitor.post(f"{TICKETING}/tickets", json={"service": service, "priority": None}, headers=key())


def seconds_until(check, seconds: float = 5) -> float:
    began = time.monotonic()
    assert eventually(check, seconds)
    return time.monotonic() - began


def confirm(page) -> None:
    page.click("#do")
    playwright.expect(page.locator("#preview")).to_be_hidden()
    seen(page, "#said", "Tersimpan")


def test_a_change_reaches_ticketing_within_a_second(site: Site, administrator):
    waits = []
    for number in range(5):
        body = {"reason": f"Jaringan pusat terganggu {number}"}
        administrator.put(f"{CATALOG}/agencies/PLN/suspension", json=body).raise_for_status()
        waits.append(seconds_until(lambda: take(site, "PLN-BAYAR").status_code == 409))
        assert take(site, "PLN-BAYAR").json()["reason"] == "suspended"
        administrator.delete(f"{CATALOG}/agencies/PLN/suspension").raise_for_status()
        waits.append(seconds_until(lambda: take(site, "PLN-BAYAR").status_code == 201))
    print("seconds until ticketing knew:", [round(wait, 3) for wait in waits])
    assert statistics.median(waits) < 1


def test_a_new_agency_opens_with_a_counter_and_three_services_and_calls_its_first_visitor(site: Site, window, office):
    began = time.monotonic()
    page = office()
    page.click("a[href='#new']")
    playwright.expect(page.locator("[data-step='agency']")).to_have_attribute("aria-current", "step")
    page.click("#new-next")
    seen(page, "[data-field='agency.name'] .fault", "Wajib diisi.")
    page.fill("#new-agency-name", "Ombudsman RI Perwakilan Jawa Tengah")
    assert page.input_value("#new-agency-code") == "OMBUDSMAN"
    assert page.input_value("#new-agency-line") == "X"
    picture(page, "admin-new-agency")
    page.click("#new-next")
    assert (page.input_value("#new-counter-code"), page.input_value("#new-counter-name")) == ("G24", "Gerai 24")
    page.fill("#new-counter-floor", "2")
    page.click("#new-next")
    for number, name in enumerate(
        ["Pengaduan pelayanan publik", "Konsultasi maladministrasi", "Informasi tindak lanjut"]
    ):
        if number:
            page.click("#new-service")
        row = page.locator("#new-services .row").nth(number)
        row.locator("[data-part-of='name']").fill(name)
        row.locator("[data-part-of='requirements']").fill("KTP-el\nUraian kejadian")
    picture(page, "admin-new-services")
    page.click("#new-next")
    playwright.expect(page.locator("#new-preview .change")).to_have_count(5)
    picture(page, "admin-new-check")
    page.click("#new-next")
    playwright.expect(page.locator("#new-said")).to_have_text(
        "Ombudsman RI Perwakilan Jawa Tengah sudah buka di Gerai 24."
    )
    waited = seconds_until(lambda: take(site, "OMBUDSMAN-PENGADUAN").status_code == 201)
    picture(page, "admin-new-done")
    with site.client("operator", mall=OWN, counter="G24") as clerk:
        token = clerk.headers["Authorization"].removeprefix("Bearer ")
    console = window(1280, 720, f"{page.get_attribute('#new-counter-page', 'href')}#token={token}")
    console.get_by_role("button", name="Panggil berikutnya").click()
    seen(console, "main", re.compile("X-001"))
    playwright.expect(console.get_by_role("button", name="Mulai layani")).to_be_enabled()
    print(f"opened and called in {time.monotonic() - began:.1f} s; the first ticket {waited:.3f} s after it was saved")
    assert waited < 3, "a second on a quiet machine"


def test_an_agency_is_suspended_and_leaves_with_all_that_is_its_own(site: Site, office, administrator):
    page = office()
    page.fill("#find-agencies", "taspen")
    row = page.locator("[data-rows='agencies'] tr:visible")
    playwright.expect(row).to_have_count(1)
    row.get_by_role("button", name="Tangguhkan:").click()
    page.fill("#suspension-reason", "Sistem pusat diperbaiki")
    page.click("#edit-suspension .button.main")
    seen(page, "#preview", "Sistem pusat diperbaiki")
    confirm(page)
    seen(page, "[data-rows='agencies'] tr:visible", "Ditangguhkan: Sistem pusat diperbaiki")
    picture(page, "admin-agencies")
    row.get_by_role("button", name="Keluarkan:").click()
    seen(page, "#preview", "Keluar")
    picture(page, "admin-leave")
    confirm(page)
    assert "TASPEN" not in [agency["code"] for agency in administrator.get(CATALOG).json()["agencies"]]


def test_a_fault_is_told_beside_its_field_and_the_change_is_seen_before_it_is_made(site: Site, office, administrator):
    page = office("services", expecting="422")
    page.fill("#find-services", "PLN-DAYA")
    page.locator("[data-rows='services'] tr:visible").get_by_role("button", name="Ubah:").click()
    page.fill("#service-minutes", "0")
    page.click("#edit-services .button.main")
    seen(page, "#edit-services [data-field='minutes'] .fault", "Paling sedikit 1.")
    playwright.expect(page.locator("#service-minutes")).to_be_focused()
    picture(page, "admin-fault")
    page.fill("#service-minutes", "25")
    page.fill("#service-eligibility", "Pelanggan Kecamatan Tegal Barat")
    page.click("#edit-services .button.main")
    playwright.expect(page.locator("#preview del").first).to_have_text("12")
    picture(page, "admin-preview")
    confirm(page)
    found = administrator.get(f"{CATALOG}/services?q=PLN-DAYA").json()["services"][0]
    assert found["minutes"] == 25


def test_a_counter_moves_and_gets_hours_of_its_own(office, administrator):
    page = office("counters")
    page.fill("#find-counters", "G23")
    page.locator("[data-rows='counters'] tr:visible").get_by_role("button", name="Ubah:").click()
    page.fill("#counter-floor", "2")
    page.locator("#edit-counters [name='own']").check()
    picture(page, "admin-counter")
    page.click("#edit-counters .button.main")
    seen(page, "#preview", "Lantai")
    confirm(page)
    counters = administrator.get(CATALOG).json()["counters"]
    moved = next(one for one in counters if one["code"] == "G23")
    assert (moved["floor"], moved["week"]["monday"]) == (2, [["00:00", "23:59"]])


def test_the_rules_of_the_mall_change_and_the_history_tells_it(office, administrator):
    page = office("mall")
    page.fill("#mall-capacity", "150")
    page.click("[data-more='exception']")
    row = page.locator("[data-exceptions] .row").last
    row.locator("[data-date]").fill("2027-12-24")
    row.locator("[data-reason]").fill("Jam khusus akhir tahun")
    row.locator(".day > .button").click()
    row.locator("[data-opens]").fill("8")
    row.locator("[data-closes]").fill("11.00")
    picture(page, "admin-mall")
    page.click("#mall .button.main")
    seen(page, "#preview", "Kapasitas sehari")
    confirm(page)
    rules = administrator.get(CATALOG).json()
    assert rules["capacity"] == 150
    assert rules["exceptions"][-1] == {
        "date": "2027-12-24",
        "intervals": [["08:00", "11:00"]],
        "reason": "Jam khusus akhir tahun",
    }
    page.click(".parts a[href='#history']")
    seen(page, "[data-rows='history'] tr >> nth=0", "test administrator")
    seen(page, "[data-rows='history'] tr >> nth=0", "100 → 150")
    picture(page, "admin-history")


def waiting_for(administrator, service: str) -> int:
    return administrator.get(f"{CATALOG}/waiting").json()["services"].get(service, 0)


def add_exception(page, on: date, closes: str) -> None:
    page.click("[data-more='exception']")
    row = page.locator("[data-exceptions] .row").last
    row.locator("[data-date]").fill(on.isoformat())
    row.locator("[data-reason]").fill("Rapat seluruh petugas")
    row.locator(".day > .button").click()
    row.locator("[data-opens]").fill("00.00")
    row.locator("[data-closes]").fill(closes)
    page.click("#mall .button.main")


def test_preview_tells_whom_a_change_concerns_and_warns_that_today_closes(site: Site, office, administrator):
    administrator.put(CATALOG, json={"bookings": {"days_ahead": 14, "claim_by": "10:00"}}).raise_for_status()
    assert take(site, "PLN-BAYAR").status_code == 201
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    tomorrow = today + timedelta(days=1)
    booking = {"service": "PLN-BAYAR", "day": tomorrow.isoformat()}
    with site.client() as visitor:
        assert eventually(lambda: visitor.post(f"{TICKETING}/bookings", json=booking, headers=key()).status_code == 201)
    assert eventually(lambda: waiting_for(administrator, "PLN-BAYAR") >= 1)
    waiting = waiting_for(administrator, "PLN-BAYAR")
    everyone = administrator.get(f"{CATALOG}/waiting").json()["total"]

    page = office("mall")
    add_exception(page, tomorrow, "00.30")
    seen(page, "[data-concerns] [data-warnings]", "Jam layanan berubah pada hari yang sudah dipesan.")
    seen(page, "[data-concerns] [data-summary]", "Menyangkut 1 pemesanan tempat.")
    seen(page, "[data-concerns] [data-days]", re.compile(r"Pemesanan per hari: \w+, \d+ \w+ \d{4}: 1"))
    playwright.expect(page.locator("[data-closing]")).to_be_hidden()
    playwright.expect(page.locator("#do")).to_have_text("Simpan")
    picture(page, "admin-concerns-tomorrow")
    page.click("#preview [data-close]")

    page.locator("[data-exceptions] .row").last.locator("[data-drop-row]").click()
    add_exception(page, today, "00.01")
    seen(page, "[data-closing]", "Hari ini akan tutup sekarang: jam tutup menjadi 00:01, dan itu sudah lewat.")
    seen(page, "[data-concerns] [data-summary]", f"Menyangkut {everyone} pengunjung yang menunggu.")
    playwright.expect(page.locator("#do")).to_have_text("Ya, tutup hari ini")
    playwright.expect(page.locator("#do")).to_have_class("button danger")
    picture(page, "admin-concerns-today")
    page.click("#preview [data-close]")

    page.click(".parts a[href='#agencies']")
    page.fill("#find-agencies", "pln")
    page.locator("[data-rows='agencies'] tr:visible").get_by_role("button", name="Tangguhkan:").click()
    page.fill("#suspension-reason", "Jaringan pusat terganggu")
    page.click("#edit-suspension .button.main")
    people = f"{waiting} pengunjung yang menunggu, 1 pemesanan tempat"
    seen(page, "[data-concerns] [data-summary]", f"Menyangkut {people}.")
    seen(page, "[data-concerns] [data-summary]", "Tiket yang sudah diberikan tetap dilayani")
    seen(page, "[data-concerns] [data-warnings]", "Instansi ditangguhkan: PT PLN")
    playwright.expect(page.locator("[data-closing]")).to_be_hidden()
    picture(page, "admin-concerns-suspension")
    page.click("#preview [data-close]")
    page.click("#edit-suspension [data-close]")

    page.click("[data-rows='agencies'] tr:visible button >> nth=0")
    page.fill("#agency-name", "PLN")
    page.click("#edit-agencies .button.main")
    seen(page, "#preview", "PLN")
    playwright.expect(page.locator("[data-concerns]")).to_be_hidden()
    assert administrator.get(CATALOG).json()["agencies"][-1]["suspended"] == ""
    administrator.put(CATALOG, json={"bookings": None}).raise_for_status()


def test_a_catalog_is_taken_out_and_put_in_again_without_a_change(office, tmp_path):
    page = office("transfer")
    with page.expect_download() as saved:
        page.click("[data-export='format=json']")
    file = tmp_path / "catalog-tegal.json"
    saved.value.save_as(file)
    page.set_input_files("#files", file)
    page.click("#transfer form .button.main")
    seen(page, "#preview", "Tidak ada yang berubah.")
    playwright.expect(page.locator("#do")).to_be_disabled()
    picture(page, "admin-transfer")


def test_every_target_is_large_enough_and_the_office_fits_a_phone(office):
    page = office(size=(390, 844))
    for part in ("agencies", "services", "counters", "mall", "history", "transfer"):
        page.click(f".parts a[href='#{part}']")
        playwright.expect(page.locator(f"#{part} h2")).to_be_focused()
        for box in page.locator("main .button:visible, main .parts a, main .tick:visible, main input:visible").all()[
            :60
        ]:
            if box.get_attribute("type") not in ("checkbox", "radio"):
                assert box.bounding_box()["height"] >= 44, box.evaluate("each => each.outerHTML")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".parts a[href='#agencies']")
    picture(page, "admin-phone")
