"""The screens in a real Chromium: the hall's voice, a kiosk and its printer, a phone on a slow network; axe on all."""

import re
import threading
import time

import pytest
from e2e.accessible import violations
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import MALL, Site, eventually, key
from escpos.exceptions import DeviceNotFoundError
from escpos.printer import Dummy
from werkzeug.serving import make_server

from clients.print_agent import Printer, create_app

pytestmark = SCREENS

KIOSK, TABLET, TELEVISION, PHONE = (1080, 1920), (1280, 800), (1920, 1080), (390, 844)
PAGES, API = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}"
FIRST_FLOOR, SECOND_FLOOR = ("G02", "DUKCAPIL-KTPREKAM"), ("G07", "KEMENAG-NIKAH")
# A browser that speaks Indonesian: writes down when each sentence began and ended.
SPEAKING = """
window.said = [];
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, 'speechSynthesis', { value: {
    getVoices: () => [{ lang: 'id-ID', localService: true, name: 'Sari' }],
    cancel() {},
    speak(one) {
        const entry = { text: one.text, from: performance.now() };
        said.push(entry);
        setTimeout(() => { entry.to = performance.now(); one.onend(); }, 200);
    },
} });
"""


def take(site: Site, service: str) -> dict:
    with site.client() as visitor:
        answer = visitor.post(f"{API}/tickets", json={"service": service, "priority": None}, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def call(site: Site, counter: str, service: str) -> str:
    """Let somebody come, and the counter call whoever is next; their number."""
    take(site, service)
    with site.desk(counter) as clerk:
        answer = clerk.post(f"{API}/counters/{counter}/calls", json={}, headers=key()).raise_for_status()
    return answer.json()["number"]


def finish(site: Site, counter: str) -> None:
    with site.desk(counter) as clerk:
        current = clerk.get(f"{API}/counters/{counter}").json()["current"]
        if current:
            clerk.post(f"{API}/tickets/{current['id']}/completion", json={}).raise_for_status()


def token(site: Site, role: str, **scope: str) -> str:
    """The end of an address that signs in for one tab."""
    with site.client(role, **scope) as client:
        return "#token=" + client.headers["Authorization"].removeprefix("Bearer ")


def issued(site: Site) -> int:
    with site.client() as visitor:
        return visitor.get(f"{API}/hall").json()["issued"]


def spelled(number: str) -> str:
    words = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"]
    return " ".join(words[int(sign)] if sign.isdigit() else sign for sign in number if sign.isalnum())


def test_the_hall_says_each_call_of_its_floor_after_the_one_before_has_been_said(site: Site, window):
    hall = window(*TELEVISION, f"{PAGES}/hall?floor=1", script=SPEAKING)
    seen(hall, "#sound", "Ketuk untuk menyalakan suara")
    hall.keyboard.press("m")  # any touch will do
    seen(hall, "#sound", "Suara menyala")
    upstairs = call(site, *SECOND_FLOOR)
    numbers = [call(site, *FIRST_FLOOR)]
    finish(site, "G02")
    numbers.append(call(site, *FIRST_FLOOR))
    finish(site, "G02")
    assert eventually(lambda: hall.evaluate("said.length === 2 && said[1].to"), seconds=20)
    said = hall.evaluate("said")
    assert [one["text"] for one in said] == [
        f"Nomor antrean {spelled(number)}, silakan ke gerai dua" for number in numbers
    ]
    assert said[1]["from"] - said[0]["to"] > 1500  # the gong comes first
    playwright.expect(hall.locator("#hall-display")).not_to_contain_text(upstairs)
    hall.keyboard.press("m")
    seen(hall, "#sound", "Suara mati")
    finish(site, "G07")


def test_the_hall_shows_each_counter_once_with_the_number_it_called_last(site: Site, window):
    hall = window(*TELEVISION, f"{PAGES}/hall")
    first = call(site, *FIRST_FLOOR)
    finish(site, "G02")
    upstairs = call(site, *SECOND_FLOOR)
    seen(hall, "#called", upstairs)
    seen(hall, "#earlier", first)
    second = call(site, *FIRST_FLOOR)
    seen(hall, "#called", second)
    seen(hall, "#earlier", upstairs)
    playwright.expect(hall.locator("#earlier")).not_to_contain_text(first)
    shown = hall.locator("#hall-display [data-slot='counter']").all_inner_texts()
    assert len(shown) == len(set(shown)) > 1
    finish(site, "G02")
    finish(site, "G07")


def test_where_the_browser_does_not_speak_the_server_does(site: Site, window):
    hall = window(*TELEVISION, f"{PAGES}/hall?voice=id,en")
    if not hall.evaluate("JSON.parse(document.getElementById('voices').textContent)[0].clips"):
        pytest.skip("espeak-ng is not installed")
    hall.keyboard.press("m")
    seen(hall, "#sound", "Suara menyala")
    with hall.expect_response(re.compile(r"/announcements/id/.*\.wav"), timeout=20_000) as clip:
        number = call(site, "G03", "POLRES-SKCKBARU")
    assert clip.value.url.endswith(f"/announcements/id/{number}/G03.wav")
    assert (clip.value.status, clip.value.headers["content-type"]) == (200, "audio/wav")
    finish(site, "G03")


def test_the_screens_keep_their_data_through_a_restart_of_the_server_and_need_no_reload(site: Site, window):
    if site.system is None:
        pytest.skip("needs a system of our own, to kill its processes")
    before = call(site, *FIRST_FLOOR)
    finish(site, "G02")
    hall = window(*TELEVISION, f"{PAGES}/hall", expecting="502")
    console = window(1280, 720, f"{PAGES}/counters/G02{token(site, 'operator', counter='G02')}", expecting="502")
    supervisor = window(1440, 900, f"{PAGES}/supervisor{token(site, 'supervisor')}", expecting="502")
    seen(console, "#desk", "Gerai ini")
    seen(supervisor, "#counters tr:has-text('G02')", "Buka")
    for screen in (hall, console, supervisor):
        screen.evaluate("window.stays = true")
    for process in ("ticketing-live", "ticketing-web"):
        site.system.kill(process)
    try:
        for screen in (hall, console, supervisor):
            seen(screen, "#lost", re.compile(r"\d\d\.\d\d\.\d\d"))
        seen(hall, "#hero", before)
        seen(console, "#desk", "Gerai ini")
        seen(supervisor, "#counters tr:has-text('G02')", "Buka")
        assert [violations(screen) for screen in (hall, console, supervisor)] == [[], [], []]
        picture(hall, "hall-lost")
        picture(console, "counter-lost")
        picture(supervisor, "supervisor-lost")
    finally:
        for process in ("ticketing-live", "ticketing-web"):
            site.system.start(process)
    for screen in (hall, console, supervisor):
        playwright.expect(screen.locator("#lost")).to_be_hidden(timeout=30_000)
    after = call(site, *FIRST_FLOOR)
    seen(hall, "#hero", after)
    seen(console, "#current", after)
    seen(supervisor, "#counters tr:has-text('G02')", after)
    for screen in (hall, console, supervisor):
        assert screen.evaluate("window.stays")
    finish(site, "G02")


class Paper:
    """A kiosk's printer that can be broken, behind a real agent."""

    def __init__(self, origin: str) -> None:
        self.slips: list[Dummy] = []
        self.is_broken = False
        self._server = make_server("127.0.0.1", 0, create_app(origin, Printer(self._connect, 58)), threaded=True)
        self.port = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _connect(self) -> Dummy:
        if self.is_broken:
            raise DeviceNotFoundError("out of paper")
        self.slips.append(Dummy())
        return self.slips[-1]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def paper(site: Site):
    paper = Paper(site.url)
    yield paper
    paper.close()


def test_a_printer_that_fails_leaves_one_ticket_says_what_to_do_and_prints_later(site: Site, window, paper):
    paper.is_broken = True
    before = issued(site)
    kiosk = window(*KIOSK, f"{PAGES}/kiosk?print=agent:{paper.port}&paper=58", "503", agent=paper.address)
    kiosk.fill("#search", "taspen")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^V-\d{3}$"))
    playwright.expect(kiosk.locator("#unprinted")).to_be_visible()
    number = kiosk.locator("#slip .number").inner_text()
    seen(kiosk, "#unprinted", f"Nomor {number} tetap milik Anda")
    picture(kiosk, "kiosk-unprinted")
    paper.is_broken = False
    kiosk.click("#print")
    seen(kiosk, "#printing", "Tiket tercetak")
    playwright.expect(kiosk.locator("#unprinted")).to_be_hidden()
    assert [number.encode() in slip.output for slip in paper.slips] == [True]
    ticket = kiosk.locator("#qr").get_attribute("src").removesuffix("/qr.svg")
    assert f"{site.url}{ticket}".encode() in paper.slips[0].output
    assert issued(site) == before + 1


def test_a_ticket_takes_three_taps_and_goes_to_a_phone_by_the_keypad(site: Site, window):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    began = time.monotonic()
    kiosk.click("#tiles [data-agency='BPJSTK']")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^F-\d{3}$"))
    assert time.monotonic() - began < 20
    kiosk.click("#text")
    for digit in "0812000077775":
        kiosk.click(f".keypad [data-digit='{digit}']")
    kiosk.click(".keypad [data-erase]")
    assert kiosk.input_value("#phone") == "081200007777"
    picture(kiosk, "kiosk-keypad")
    kiosk.click("#sms-form .button.main")
    seen(kiosk, "#texted", "+62****77")
    assert "081200007777" not in kiosk.content()
    kiosk.click("#restart")
    kiosk.click("#tiles [data-agency='BPJSTK']")
    assert kiosk.input_value("#phone") == ""


def test_a_ticket_is_taken_by_keyboard_alone(window):
    kiosk = window(*TABLET, f"{PAGES}/kiosk")
    kiosk.locator("#search").focus()
    kiosk.keyboard.type("paspor")
    offer = kiosk.locator("[data-service]:visible").first
    playwright.expect(offer).to_be_visible()
    for _ in range(20):
        kiosk.keyboard.press("Tab")
        if kiosk.evaluate("document.activeElement.matches('[data-service]')"):
            break
    kiosk.keyboard.press("Enter")
    playwright.expect(kiosk.locator("[data-step='who'] h1")).to_be_focused()
    kiosk.keyboard.press("Tab")
    kiosk.keyboard.press("Enter")
    seen(kiosk, "#slip .number", re.compile(r"^[A-Z]-\d{3}$"))
    playwright.expect(kiosk.locator("#slip h1")).to_be_focused()


def test_a_kiosk_that_was_left_returns_by_itself_after_a_warning(window):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    kiosk.clock.install()
    kiosk.reload()
    kiosk.click("#tiles [data-agency='BPJSTK']")
    kiosk.clock.fast_forward(41_000)
    seen(kiosk, "#return", re.compile(r"Kembali ke awal dalam \d+ detik"))
    assert violations(kiosk) == []
    kiosk.click("#more")
    playwright.expect(kiosk.locator("#return")).to_be_hidden()
    kiosk.clock.fast_forward(90_000)
    playwright.expect(kiosk.locator("#tiles")).to_be_visible()
    playwright.expect(kiosk.locator("#return")).to_be_hidden()


@pytest.mark.parametrize("size", [KIOSK, TABLET], ids=["portrait", "landscape"])
def test_everything_can_be_reached_from_a_wheelchair_until_the_visitor_leaves(window, size):
    kiosk = window(*size, f"{PAGES}/kiosk?paper=58")
    kiosk.click("#reach")
    tops = "all => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().top)"
    controls = "button, input, a.language, [data-service]"
    assert min(kiosk.locator(controls).evaluate_all(tops)) >= size[1] / 2
    picture(kiosk, f"kiosk-reach-{size[0]}")
    kiosk.fill("#search", "skck")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.locator("[data-class='']").scroll_into_view_if_needed()
    playwright.expect(kiosk.locator("html")).to_have_class(re.compile("low"))
    kiosk.click("#restart")
    playwright.expect(kiosk.locator("html")).not_to_have_class(re.compile("low"))
    kiosk.click("header .language")
    kiosk.wait_for_url("**/kiosk?*paper=58*")  # the kiosk's own settings stay


@pytest.mark.parametrize(("paper", "width"), [("58", 58), ("80", 80)])
def test_a_slip_is_as_wide_as_its_paper_and_one_page_long(window, paper, width):
    kiosk = window(*TABLET, f"{PAGES}/kiosk?paper={paper}")
    kiosk.fill("#search", "ktp")
    kiosk.locator("[data-service]:visible").first.click()
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^B-\d{3}$"))
    seen(kiosk, "#slip .bring", "Syarat:")
    pages = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ", kiosk.pdf(prefer_css_page_size=True))
    assert [round(float(points) * 25.4 / 72) for points in pages] == [width]


def test_a_phone_on_a_slow_network_shows_the_place_and_marks_what_is_old(site: Site, window):
    ticket = take(site, "PLN-BAYAR")
    phone = window(*PHONE, ticket["status_url"], expecting="offline")
    network = phone.context.new_cdp_session(phone)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    slow = {"latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    network.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    phone.reload(wait_until="commit")
    seen(phone, ".stub .number", ticket["number"])
    seen(phone, "#waiting", "Gerai")
    seen(phone, ".bring", "Yang perlu dibawa")
    phone.wait_for_selector("html[data-awake]")
    phone.locator(".bring input").first.check()
    picture(phone, "ticket-bring")
    network.send("Network.emulateNetworkConditions", {"offline": True, **slow})
    seen(phone, "#lost", re.compile(r"\d\d\.\d\d\.\d\d"))
    seen(phone, ".stub .number", ticket["number"])
    seen(phone, "#waiting", "Gerai")
    playwright.expect(phone.locator(".bring input").first).to_be_checked()
    assert violations(phone) == []
    picture(phone, "ticket-offline")
    with site.desk("G23") as clerk:
        this_one = {"ticket": ticket["id"], "reason": "Visitors of other tests may wait here too"}
        clerk.post(f"{API}/counters/G23/calls", json=this_one, headers=key()).raise_for_status()
    network.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    playwright.expect(phone.locator("#lost")).to_be_hidden(timeout=15_000)
    seen(phone, "#called", "G23")
    finish(site, "G23")
    manifest = phone.evaluate("fetch(document.querySelector('[rel=manifest]').href).then((answer) => answer.json())")
    assert manifest["start_url"] == ticket["status_url"]
    with site.client() as visitor:
        assert {visitor.get(icon["src"]).headers["content-type"] for icon in manifest["icons"]} == {"image/png"}


def test_a_page_whose_scripts_never_came_says_that_it_does_not_change_by_itself(site: Site, window):
    ticket = take(site, "PLN-BAYAR")
    phone = window(*PHONE, ticket["status_url"], expecting="offline")
    playwright.expect(phone.locator(".asleep")).to_be_hidden()
    phone.route("**/sentences.js", lambda route: route.abort())
    phone.reload()
    playwright.expect(phone.locator(".asleep")).to_be_hidden()
    phone.evaluate("document.querySelector('.asleep').getAnimations().forEach((waiting) => waiting.finish())")
    seen(phone, ".asleep", "belum termuat lengkap")
    assert violations(phone) == []
    picture(phone, "ticket-asleep")
    phone.unroute("**/sentences.js")
    phone.click(".asleep a")
    phone.wait_for_selector("html[data-awake]")


def test_a_number_that_is_sent_before_the_scripts_came_is_not_put_into_an_address(site: Site, chromium):
    ticket = take(site, "PLN-BAYAR")
    bare = {"java_script_enabled": False, "base_url": site.url, "ignore_https_errors": site.system is None}
    with chromium.new_context(**bare) as context:
        phone = context.new_page()
        phone.goto(ticket["status_url"])
        phone.fill("#phone", "0812-0000-4321")
        phone.keyboard.press("Enter")
        phone.wait_for_timeout(500)  # it would be under way by then
        assert phone.url == site.url + ticket["status_url"]
        assert phone.input_value("#phone") == "0812-0000-4321"


def test_axe_finds_nothing_against_wcag_2_2_on_the_steps_of_a_kiosk_and_on_a_ticket(site: Site, window, paper):
    paper.is_broken = True
    kiosk = window(*KIOSK, f"{PAGES}/kiosk?print=agent:{paper.port}", "503", agent=paper.address)
    kiosk.click("#reach")
    kiosk.fill("#search", "paspor")
    assert violations(kiosk) == []
    kiosk.locator("[data-service]:visible").first.click()
    assert violations(kiosk) == []
    kiosk.click("[data-class='elderly']")
    playwright.expect(kiosk.locator("#unprinted")).to_be_visible()
    assert violations(kiosk) == []
    kiosk.click("#text")
    assert violations(kiosk) == []
    phone = window(*PHONE, kiosk.locator("#qr").get_attribute("src").removesuffix("/qr.svg"))
    assert violations(phone) == []
    phone.click("#cancel")
    assert violations(phone) == []
