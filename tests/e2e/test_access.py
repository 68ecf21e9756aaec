"""People sign in, devices have tokens, and what is revoked is refused by all services within seconds."""

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pyotp
import pytest
from e2e.conftest import MALL, Site
from waiting import eventually

pytestmark = pytest.mark.system

ACCESS = "/catalog/api/access"
PASSWORD = "burung-terbang-tinggi-42"
STAFF = {
    "catalog": f"{ACCESS}/accounts",
    "ticketing": f"/ticketing/api/malls/{MALL}/overview",
    "notifications": "/notifications/api/messages",
}
SECONDS = 5


def answers(client: httpx.Client) -> dict[str, str | int]:
    """What each service says: a problem's reason, or the status."""
    found = {name: client.get(path) for name, path in STAFF.items()}
    return {name: answer.json().get("reason", answer.status_code) for name, answer in found.items()}


def revoked_within(client: httpx.Client) -> float:
    """Seconds until all three services refuse what was revoked."""
    began = time.monotonic()
    assert eventually(lambda: set(answers(client).values()) == {"revoked"}, SECONDS), answers(client)
    return time.monotonic() - began


@pytest.fixture
def root(site: Site):
    with site.client("administrator", mall=None) as client:
        yield client


def new_account(root: httpx.Client, role: str, **scope: str) -> dict:
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    answer = root.post(f"{ACCESS}/accounts", json={"name": name, "password": PASSWORD, "role": role, **scope})
    assert answer.status_code == 201, answer.text
    return answer.json()


@contextmanager
def signed_in(site: Site, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=20, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        answer = client.post("/catalog/api/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield client


@pytest.mark.parametrize("role", ["device", "supervisor"])
def test_a_revoked_token_is_refused_by_all_services_within_five_seconds(site: Site, root, role):
    wanted = {"name": "Kios pintu utama", "role": role, "mall": MALL}
    made = root.post(f"{ACCESS}/tokens", json=wanted).raise_for_status().json()
    with httpx.Client(base_url=site.url, timeout=20, headers={"Authorization": f"Bearer {made['token']}"}) as machine:
        if role == "device":
            before = dict.fromkeys(STAFF, "wrong-role")
        else:
            before = {"catalog": "wrong-role", "ticketing": 200, "notifications": 200}
        assert answers(machine) == before
        assert root.delete(f"{ACCESS}/tokens/{made['id']}").status_code == 204
        print(f"refused everywhere after {revoked_within(machine):.2f} s")


def test_who_signs_in_once_is_known_to_all_services_until_the_account_is_disabled(site: Site, root):
    new_account(root, "administrator")  # who stays: the last administrator cannot be disabled
    account = new_account(root, "administrator")
    with signed_in(site, account["name"]) as browser:
        assert answers(browser) == dict.fromkeys(STAFF, 200)
        assert root.put(f"{ACCESS}/accounts/{account['id']}/disabled").status_code == 200
        print(f"refused everywhere after {revoked_within(browser):.2f} s")


def test_who_signs_out_is_out_everywhere(site: Site, root):
    account = new_account(root, "administrator")
    with signed_in(site, account["name"]) as browser:
        copied = dict(browser.cookies)
        assert browser.delete("/catalog/api/session").status_code == 204
        with httpx.Client(base_url=site.url, cookies=copied, timeout=20) as thief:
            revoked_within(thief)


def test_a_clerk_who_signed_in_acts_at_the_own_counter_and_no_other_site_makes_them(site: Site, root):
    account = new_account(root, "operator", mall=MALL, counter="G11")
    with signed_in(site, account["name"]) as clerk:
        own, other = (f"/ticketing/api/malls/{MALL}/counters/{code}" for code in ("G11", "G12"))
        assert clerk.post(f"{own}/opening").status_code == 200
        assert clerk.get(other).json()["reason"] == "wrong-scope"
        forged = clerk.post(f"{own}/pause", json={"reason": "Istirahat"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert (forged.status_code, forged.json()["reason"]) == (403, "cross-site")


def fill_in(page, name: str) -> None:
    """Sign in on the page that asks for it, once its script runs."""
    page.get_by_label("Nama pengguna").wait_for()
    page.wait_for_selector("html[data-awake]")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.locator("#form button").click()


def press(page, name: str) -> None:
    """Press a button of a page that may still be loading: before its script runs, a button does nothing."""
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for()
    page.wait_for_selector("html[data-awake]")
    button.click()


@pytest.mark.browser
@pytest.mark.skipif(not (shutil.which("chromium") or os.environ.get("CHROMIUM")), reason="no Chromium on this machine")
class TestInABrowser:
    def test_staff_sign_in_where_they_are_asked_and_come_back(self, site: Site, root, window):
        from e2e.browser import playwright

        account = new_account(root, "supervisor", mall=MALL)
        place = f"/ticketing/malls/{MALL}/supervisor"
        page = window(1280, 800, place, expecting="401")
        page.locator("#sign-in").click()
        page.wait_for_url("**/sign-in?**")
        page.wait_for_selector("html[data-awake]")
        page.get_by_label("Nama pengguna").fill(account["name"])
        page.get_by_label("Kata sandi").fill("salah-sama-sekali")
        page.locator("#form button").click()
        playwright.expect(page.locator("#problem")).to_contain_text("Belum dapat masuk")
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.locator("#form button").click()
        playwright.expect(page.locator("#failed")).to_contain_text("ada 1 percobaan masuk")
        page.get_by_role("link", name="Lanjutkan").click()
        page.wait_for_url(f"**{place}")
        playwright.expect(page.locator("#page")).to_be_visible()
        playwright.expect(page.locator("#signed-in")).to_contain_text(account["name"])
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        playwright.expect(page.locator("#sign-out")).to_be_in_viewport(ratio=1)
        playwright.expect(page.locator(".masthead .language")).to_be_in_viewport(ratio=1)
        page.goto("/notifications/messages")
        playwright.expect(page.locator("#page")).to_be_visible()
        page.goto(f"/ticketing/malls/{MALL}/counters/G13")
        playwright.expect(page.locator("#desk")).to_be_visible()
        page.locator("#sign-out").click()
        playwright.expect(page.locator("#token-form")).to_be_visible()

    def test_who_is_signed_in_sees_so_on_the_front_page_and_signs_out_from_there(self, site: Site, root, window):
        from e2e.browser import playwright

        account = new_account(root, "auditor", mall=MALL)
        page = window(390, 844, "/")
        page.get_by_role("link", name="Masuk", exact=True).click()
        fill_in(page, account["name"])
        playwright.expect(page.locator(".who")).to_contain_text(account["name"])
        page.get_by_role("link", name="Akun saya").click()
        playwright.expect(page.get_by_role("heading", level=1)).to_contain_text(account["name"])
        press(page, "Keluar")
        playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
        page.goto("/")
        playwright.expect(page.get_by_role("link", name="Masuk", exact=True)).to_be_visible()

    def test_an_administrator_makes_an_account_and_a_token(self, site: Site, root, window):
        from e2e.browser import playwright

        admin, name = new_account(root, "administrator"), f"e2e-{uuid.uuid4().hex[:8]}"
        page = window(1280, 800, "/catalog/sign-in?return=/catalog/access", expecting="409")
        fill_in(page, admin["name"])
        playwright.expect(page.locator("#accounts")).to_contain_text(admin["name"])
        page.get_by_role("button", name="Akun baru").click()
        dialog = page.locator("#new-account")
        dialog.get_by_label("Nama pengguna").fill(admin["name"])
        dialog.locator("select").select_option("auditor")
        dialog.get_by_label("Kata sandi").fill(PASSWORD)
        dialog.get_by_role("button", name="Buat akun").click()
        playwright.expect(dialog.get_by_role("alert")).to_contain_text("sudah dipakai")
        dialog.get_by_label("Nama pengguna").fill(name)
        dialog.get_by_role("button", name="Buat akun").click()
        row = page.locator("#accounts tr", has_text=name)
        playwright.expect(row).to_contain_text("Auditor")
        row.get_by_role("button", name="Nonaktifkan").click()
        playwright.expect(row).to_contain_text("Nonaktif")
        page.get_by_role("button", name="Token baru").click()
        dialog = page.locator("#new-token")
        dialog.get_by_label("Nama perangkat").fill(f"Kios {name}")
        dialog.locator("select").select_option("device")
        dialog.get_by_label("Mal (kode)").fill(MALL)
        dialog.get_by_role("button", name="Buat token").click()
        playwright.expect(page.locator("#issued code")).to_contain_text("eyJ")
        row = page.locator("#tokens tr", has_text=f"Kios {name}")
        row.get_by_role("button", name="Cabut").click()
        playwright.expect(row).to_contain_text("Dicabut")

    def test_sign_in_page_shows_the_wait_and_failures_at_the_next_sign_in(self, site, root, window):
        from e2e.browser import picture, seen

        account = new_account(root, "auditor", mall=MALL)
        stranger = window(390, 844, "/catalog/sign-in", expecting="401 429")
        stranger.wait_for_selector("html[data-awake]")
        for _ in range(6):
            stranger.get_by_label("Nama pengguna").fill(account["name"])
            stranger.get_by_label("Kata sandi").fill("salah-sama-sekali")
            with stranger.expect_response("**/catalog/api/session"):
                stranger.keyboard.press("Enter")
            stranger.wait_for_selector("#form button:enabled")
        seen(stranger, "#problem", re.compile(r"Tunggu \d+ (detik|menit)"))
        picture(stranger, "sign-in-wait")
        stranger.wait_for_timeout(4000)
        fill_in(stranger, account["name"])
        seen(stranger, "#failed", "ada 5 percobaan masuk")
        assert stranger.evaluate("document.activeElement.id") == "failed-name"
        stranger.get_by_role("link", name="Lanjutkan").click()
        stranger.wait_for_url(f"{site.url}/")

    def test_other_device_is_listed_and_signed_out(self, site: Site, root, window):
        from e2e.accessible import violations
        from e2e.browser import picture, playwright

        account = new_account(root, "supervisor", mall=MALL)
        desk, phone = (window(width, 844, "/catalog/sign-in?return=/catalog/sign-in") for width in (1280, 390))
        for page in (desk, phone):
            fill_in(page, account["name"])
            page.wait_for_selector("#sessions li")
        playwright.expect(phone.locator("#sessions li")).to_have_count(2)
        playwright.expect(phone.locator("#sessions li", has_text="Perangkat ini.")).to_have_count(1)
        playwright.expect(phone.locator("#sessions")).to_contain_text("Chrome, Linux")
        assert violations(phone) == []
        picture(phone, "sessions")
        phone.get_by_role("button", name="Keluarkan Chrome, Linux").click()
        playwright.expect(phone.locator("#sessions li")).to_have_count(1)
        desk.reload()
        playwright.expect(desk.get_by_role("heading", level=1)).to_have_text("Masuk")

    def test_second_factor_is_set_up_and_used_by_keyboard_alone(self, site: Site, root, window):
        from e2e.accessible import violations
        from e2e.browser import picture, playwright, seen

        account = new_account(root, "supervisor", mall=MALL)
        page = window(390, 844, "/catalog/sign-in?return=/catalog/second-factor", expecting="401 422")
        fill_in(page, account["name"])
        seen(page, "#form .pill", "Tidak aktif")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        seen(page, "#enrolment", "Pindai kode QR")
        assert violations(page) == []
        picture(page, "second-factor-setup")
        totp = pyotp.TOTP(page.locator("#enrolment-secret").inner_text().replace(" ", ""))
        page.keyboard.press("Tab")
        page.keyboard.type("000000")
        page.keyboard.press("Enter")
        seen(page, "#enrolment-problem", "Kode belum cocok")
        page.keyboard.type(totp.now())
        page.keyboard.press("Enter")
        seen(page, "#recovery", "Simpan kode cadangan")
        assert violations(page) == []
        codes = page.locator("#recovery-codes li").all_inner_texts()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        seen(page, "#form .pill", "Aktif")
        playwright.expect(page.locator("#recovery-codes li")).to_have_count(0)
        page.context.clear_cookies(name="mpp-session")
        page.goto("/catalog/sign-in?return=/catalog/second-factor")
        fill_in(page, account["name"])
        seen(page, "#code-form", "Masukkan kode")
        assert violations(page) == []
        page.keyboard.type("000000")
        page.keyboard.press("Enter")
        seen(page, "#code-problem", "Kode keliru")
        page.keyboard.type(codes[0])
        page.keyboard.press("Enter")
        seen(page, "#form", "Tersisa 9 kode cadangan.")

    def test_role_that_needs_a_second_factor_is_led_to_set_it_up(self, site: Site, root, window):
        from e2e.browser import playwright, seen

        admin, clerk = new_account(root, "administrator"), new_account(root, "agency", mall=MALL, agency="DUKCAPIL")
        page = window(1280, 800, "/catalog/sign-in?return=/catalog/access")
        fill_in(page, admin["name"])
        form = page.locator("#factor-form")
        form.get_by_label("Instansi").check()
        form.get_by_role("button", name="Simpan").click()
        playwright.expect(page.locator("#said")).to_contain_text("Verifikasi dua langkah")
        other = window(390, 844, "/catalog/sign-in?return=/catalog/second-factor")
        fill_in(other, clerk["name"])
        seen(other, "#enrolment-required", "wajib")
        totp = pyotp.TOTP(other.locator("#enrolment-secret").inner_text().replace(" ", ""))
        other.get_by_label("Masukkan kode 6 angka").fill(totp.now())
        other.get_by_role("button", name="Aktifkan").click()
        other.get_by_role("button", name="Sudah disimpan").click()
        seen(other, "#form", "Wajib untuk peran Anda.")
        assert root.put(f"{ACCESS}/second-factor", json={"roles": []}).status_code == 200
        page.reload()
        row = page.locator("#accounts tr", has_text=clerk["name"])
        row.get_by_role("button", name="Atur ulang verifikasi").click()
        playwright.expect(row.get_by_role("button", name="Atur ulang verifikasi")).to_be_hidden()

    def test_page_shows_nothing_once_its_session_has_ended(self, site: Site, root, window):
        from e2e.browser import playwright, seen

        account = new_account(root, "supervisor", mall=MALL)
        page = window(1280, 800, f"/catalog/sign-in?return=/ticketing/malls/{MALL}/supervisor", expecting="401")
        fill_in(page, account["name"])
        seen(page, "#signed-in", account["name"])
        page.clock.install()
        page.reload()
        seen(page, "#signed-in", account["name"])
        assert root.delete(f"{ACCESS}/accounts/{account['id']}/sessions").status_code == 204
        with page.expect_navigation():
            page.clock.fast_forward("31:00")
        playwright.expect(page.locator("#token-form")).to_be_visible()
        playwright.expect(page.locator("#page")).to_be_hidden()

    def test_page_that_is_left_alone_renews_no_session_and_one_that_is_used_does(self, site: Site, root, window):
        from e2e.browser import seen

        account = new_account(root, "supervisor", mall=MALL)
        page = window(1280, 800, f"/catalog/sign-in?return=/ticketing/malls/{MALL}/supervisor", expecting="401")
        fill_in(page, account["name"])
        seen(page, "#signed-in", account["name"])
        renewals = []
        page.on("request", lambda asked: renewals.append(asked.url) if asked.method == "PUT" else None)
        page.clock.install()
        page.reload()
        seen(page, "#signed-in", account["name"])
        before = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        page.clock.fast_forward("20:00")
        page.wait_for_timeout(500)
        assert renewals == []
        assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()} == before
        with page.expect_request(lambda asked: asked.method == "PUT"):
            page.keyboard.press("Tab")
        assert len(renewals) == 1
        page.keyboard.press("Tab")
        page.wait_for_timeout(200)
        assert len(renewals) == 1, "not with every key"

    def test_person_is_warned_before_the_session_ends_and_can_stay(self, site: Site, root, window):
        from e2e.browser import playwright, seen

        account = new_account(root, "supervisor", mall=MALL)
        page = window(390, 844, f"/catalog/sign-in?return=/ticketing/malls/{MALL}/supervisor", expecting="401")

        def nearly_over(route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | {"expires_in": 90})

        page.route("**/catalog/api/me", nearly_over)
        fill_in(page, account["name"])
        seen(page, "#session-ends", "Sesi Anda segera berakhir")
        page.get_by_role("button", name="Tetap masuk").click()
        playwright.expect(page.locator("#session-ends")).to_be_hidden()
        playwright.expect(page.locator("#signed-in")).to_be_visible()

    def test_signing_out_everywhere_ends_the_session_of_another_browser(self, site: Site, root, window):
        from e2e.browser import playwright

        account = new_account(root, "auditor", mall=MALL)
        with signed_in(site, account["name"]) as elsewhere:
            page = window(390, 844, "/catalog/sign-in?return=/catalog/sign-in")
            fill_in(page, account["name"])
            press(page, "Keluar dari semua perangkat")
            playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
            assert not elsewhere.get("/catalog/api/me").json()["signed_in"]
