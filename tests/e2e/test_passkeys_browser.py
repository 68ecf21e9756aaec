"""Passkeys in a real Chromium with its virtual authenticators: add, sign in, remove, reset, copies, old browsers."""

import httpx
import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import MALL, Site
from e2e.test_access import ACCESS, PASSWORD, fill_in, new_account

pytestmark = IN_CHROMIUM
PLACE = "/catalog/sign-in?return=/catalog/second-factor"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WITHOUT_WEBAUTHN = "delete window.PublicKeyCredential;"


@pytest.fixture
def root(site: Site):
    with site.client("administrator", mall=None) as client:
        yield client


@pytest.fixture
def address(site: Site) -> str:
    """The site by a name: browsers take no passkey for 127.0.0.1."""
    return site.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def open_at(window, address: str):
    def open_page(path: str, expecting: str = "", script: str = ""):
        return window(390, 844, address + path, expecting=expecting, agent=address, script=script)

    return open_page


class Device:
    """A virtual authenticator of a page's browser."""

    def __init__(self, page) -> None:
        self.send = page.context.new_cdp_session(page).send
        self.send("WebAuthn.enable")
        self.id = self.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def credentials(self) -> list[dict]:
        return self.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def put(self, credential: dict) -> None:
        """Replace the device's passkeys by this one."""
        self.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})
        self.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


def give_password(page, button: str) -> None:
    page.get_by_label("Kata sandi sekarang").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def add_passkey(page, name: str, first: bool = True) -> None:
    give_password(page, "Tambah kunci sandi")
    page.get_by_label("Nama kunci sandi").fill(name)
    page.get_by_role("button", name="Buat kunci sandi").click()
    if first:
        page.get_by_role("button", name="Sudah disimpan").click()
    seen(page, "#said", f"Kunci sandi {name} ditambahkan.")


def sign_out(page) -> None:
    page.context.clear_cookies(name="mpp-session")


def start_sign_in(page, address: str, name: str) -> None:
    sign_out(page)
    page.goto(address + PLACE)
    fill_in(page, name)


def test_passkey_is_added_and_used_by_keyboard_alone(open_at, address, root):
    account = new_account(root, "supervisor", mall=MALL)
    page = open_at(PLACE)
    device = Device(page)
    fill_in(page, account["name"])
    seen(page, "#form .pill", "Tidak aktif")
    assert violations(page) == []
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.act") == "add-passkey"
    page.keyboard.press("Enter")
    seen(page, "#passkey-form", "Tambah kunci sandi")
    assert page.evaluate("document.activeElement.id") == "enrolment-name"
    assert violations(page) == []
    picture(page, "passkey-new")
    page.keyboard.press("Tab")
    page.keyboard.type("Ponsel Siti")
    page.keyboard.press("Enter")
    seen(page, "#recovery", "Simpan kode cadangan")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    seen(page, "#passkeys", "Ponsel Siti")
    seen(page, "#passkeys", "Belum pernah dipakai")
    seen(page, "#form .pill", "Aktif")
    assert violations(page) == []
    picture(page, "passkey-list")
    (made,) = device.credentials()
    assert made["rpId"] == "localhost"
    start_sign_in(page, address, account["name"])
    seen(page, "#code-form", "Langkah kedua")
    assert page.evaluate("document.activeElement.id") == "use-passkey"
    assert violations(page) == []
    picture(page, "passkey-sign-in")
    page.keyboard.press("Enter")
    seen(page, "#passkeys", "Terakhir dipakai")


def test_removed_passkey_no_longer_signs_in_and_the_other_one_does(open_at, address, root):
    account = new_account(root, "supervisor", mall=MALL)
    page = open_at(PLACE, expecting="401")
    device = Device(page)
    fill_in(page, account["name"])
    add_passkey(page, "Ponsel")
    (phone,) = device.credentials()
    give_password(page, "Tambah kunci sandi")
    page.get_by_label("Nama kunci sandi").fill("Sama")
    page.get_by_role("button", name="Buat kunci sandi").click()
    seen(page, "#passkey-problem", "Perangkat ini sudah terdaftar")
    page.get_by_role("button", name="Kembali").click()
    device.send("WebAuthn.clearCredentials", {"authenticatorId": device.id})
    add_passkey(page, "Kunci USB", first=False)
    (usb,) = device.credentials()
    give_password(page, "Hapus kunci sandi Ponsel")
    seen(page, "#said", "Kunci sandi Ponsel dihapus.")
    playwright.expect(page.locator("#passkeys li")).to_have_count(1)
    device.put(phone)
    start_sign_in(page, address, account["name"])
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#code-problem", "Kunci sandi belum terbaca")
    device.put(usb | {"signCount": usb["signCount"] + 5})
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#passkeys", "Kunci USB")


def test_page_cannot_use_a_passkey_of_another_account(open_at, address, root):
    first, second = (new_account(root, "supervisor", mall=MALL) for _ in range(2))
    page = open_at(PLACE, expecting="401")
    device = Device(page)
    fill_in(page, first["name"])
    add_passkey(page, "Ponsel")
    (of_first,) = device.credentials()
    device.send("WebAuthn.clearCredentials", {"authenticatorId": device.id})
    start_sign_in(page, address, second["name"])
    add_passkey(page, "Ponsel")
    (of_second,) = device.credentials()
    other_key = {"privateKey": of_first["privateKey"], "signCount": 100}
    device.put(of_second | other_key)
    start_sign_in(page, address, second["name"])
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#code-problem", "Kunci sandi tidak diterima")
    device.put(of_second | {"signCount": 100})
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#passkeys", "Terakhir dipakai")


def test_copied_passkey_is_refused_and_a_recovery_code_accepted(open_at, address, root):
    account = new_account(root, "supervisor", mall=MALL)
    page = open_at(PLACE, expecting="401")
    device = Device(page)
    fill_in(page, account["name"])
    give_password(page, "Tambah kunci sandi")
    page.get_by_label("Nama kunci sandi").fill("Ponsel")
    page.get_by_role("button", name="Buat kunci sandi").click()
    seen(page, "#recovery", "Simpan kode cadangan")
    code = page.locator("#recovery-codes li").first.inner_text()
    page.get_by_role("button", name="Sudah disimpan").click()
    (copied,) = device.credentials()
    start_sign_in(page, address, account["name"])
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#passkeys", "Terakhir dipakai")
    assert device.credentials()[0]["signCount"] > copied["signCount"]
    device.put(copied)
    start_sign_in(page, address, account["name"])
    page.get_by_role("button", name="Pakai kunci sandi").click()
    seen(page, "#code-problem", "Mungkin ada salinan")
    picture(page, "passkey-copied")
    page.get_by_label("Kode", exact=True).fill(code)
    page.locator("#code-submit").click()
    seen(page, "#form", "Tersisa 9 kode cadangan.")


def test_required_passkey_is_set_up_at_sign_in_and_reset_by_administrator(open_at, window, address, root):
    admin, clerk = new_account(root, "administrator"), new_account(root, "auditor", mall=MALL)
    assert root.put(f"{ACCESS}/second-factor", json={"roles": ["auditor"]}).status_code == 200
    try:
        page = open_at(PLACE, expecting="401")
        Device(page)
        fill_in(page, clerk["name"])
        seen(page, "#enrolment-required", "wajib")
        seen(page, "#passkey-form", "Atau pakai kunci sandi")
        assert violations(page) == []
        picture(page, "passkey-required")
        page.get_by_label("Nama kunci sandi").fill("Ponsel")
        page.get_by_role("button", name="Buat kunci sandi").click()
        page.get_by_role("button", name="Sudah disimpan").click()
        seen(page, "#form", "Wajib untuk peran Anda.")
        playwright.expect(page.get_by_role("button", name="Hapus kunci sandi Ponsel")).to_be_hidden()
        start_sign_in(page, address, clerk["name"])
        page.get_by_role("button", name="Pakai kunci sandi").click()
        seen(page, "#passkeys", "Terakhir dipakai")
    finally:
        assert root.put(f"{ACCESS}/second-factor", json={"roles": []}).status_code == 200
    other = window(1280, 800, "/catalog/sign-in?return=/catalog/access")
    fill_in(other, admin["name"])
    row = other.locator("#accounts tr", has_text=clerk["name"])
    row.get_by_role("button", name="Atur ulang verifikasi").click()
    playwright.expect(row.get_by_role("button", name="Atur ulang verifikasi")).to_be_hidden()
    start_sign_in(page, address, clerk["name"])
    seen(page, "#form .pill", "Tidak aktif")
    playwright.expect(page.locator("#passkeys li")).to_have_count(0)


def test_page_says_where_passkeys_cannot_be_used(open_at, window, address, root, site):
    account = new_account(root, "supervisor", mall=MALL)
    page = open_at(PLACE)
    Device(page)
    fill_in(page, account["name"])
    add_passkey(page, "Ponsel")
    old = open_at(PLACE, script=WITHOUT_WEBAUTHN)
    fill_in(old, account["name"])
    seen(old, "#no-passkeys", "Peramban ini belum mendukung kunci sandi")
    assert old.evaluate("document.activeElement.id") == "code"
    assert violations(old) == []
    picture(old, "passkey-old-browser")
    numeric = window(390, 844, f"{PLACE}&lang=en")
    numeric.wait_for_selector("html[data-awake]")
    numeric.get_by_label("User name").fill(account["name"])
    numeric.get_by_label("Password").fill(PASSWORD)
    numeric.locator("#form button").click()
    seen(numeric, "#no-passkeys", "Passkeys cannot be used at this address")
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        half = client.post("/catalog/api/session", json={"name": account["name"], "password": PASSWORD}).json()["half"]
        assert client.post("/catalog/api/session/passkey/offer", json={"half": half}).status_code == 404
    second = new_account(root, "supervisor", mall=MALL)
    old = open_at(PLACE, script=WITHOUT_WEBAUTHN)
    fill_in(old, second["name"])
    seen(old, "#passkeys-about", "Peramban ini belum mendukung kunci sandi")
    playwright.expect(old.get_by_role("button", name="Tambah kunci sandi")).to_be_hidden()
    assert violations(old) == []
