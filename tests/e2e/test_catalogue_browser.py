"""Open screens in a real Chromium while an administrator edits the catalogue and a supervisor closes what is in it."""

import re

import pytest
from e2e.accessible import violations
from e2e.browser import IN_CHROMIUM, picture, playwright, seen
from e2e.conftest import Site, eventually, key, never_closes

pytestmark = IN_CHROMIUM

MALL = "berubah"
PAGES, API, CATALOG = f"/ticketing/malls/{MALL}", f"/ticketing/api/malls/{MALL}", f"/catalog/api/malls/{MALL}"
KIOSK, TABLET, TELEVISION, DESK, PHONE = (1080, 1920), (1280, 800), (1920, 1080), (1366, 768), (390, 844)
KTP = "DUKCAPIL-KTPREKAM"
LONG = "Pertanggungjawabanketenagakerjaannya"  # 36 letters
SOON = 5_000  # milliseconds within which a screen follows


@pytest.fixture(scope="module")
def mall(site: Site, tmp_path_factory) -> str:
    if site.system is None:
        pytest.skip("needs a system of its own")
    never_closes(site, tmp_path_factory.mktemp("seeds"), MALL, "MPP Berubah")
    return MALL


class Office:
    """The administrator of the mall's catalogue."""

    def __init__(self, site: Site) -> None:
        self._client = site.client("administrator", mall=None)

    def close(self) -> None:
        self._client.close()

    def listed(self, kind: str, code: str) -> dict:
        return next(one for one in self.all(kind) if one["code"] == code)

    def all(self, kind: str) -> list[dict]:
        return self._client.get(f"{CATALOG}/export").raise_for_status().json()[kind]

    def put(self, path: str, **fields) -> None:
        self._client.put(f"{CATALOG}/{path}", json=fields).raise_for_status()

    def delete(self, path: str) -> None:
        self._client.delete(f"{CATALOG}/{path}").raise_for_status()

    def list_service(self, code: str, name: str, counters: list[str], agency: str = "DUKCAPIL") -> None:
        """List or change a service, and wait until ticketing has one of this code, so that its pages can be opened."""
        self.put(f"services/{code}", name=name, agency=agency, minutes=10, counters=counters)
        days = f"{API}/bookings/days?service={code}"
        assert eventually(lambda: self._client.get(days).status_code != 404), f"ticketing has no {code}"

    def change_counter(self, code: str, **changes) -> None:
        known = self.listed("counters", code)
        fields = {name: known[name] for name in ("name", "floor", "agency", "services", "week") if name in known}
        self.put(f"counters/{code}", **(fields | changes))

    def suspend(self, agency: str, reason: str) -> None:
        self.put(f"agencies/{agency}/suspension", reason=reason)

    def end_suspension(self, agency: str) -> None:
        self.delete(f"agencies/{agency}/suspension")


@pytest.fixture
def office(site: Site, mall):
    office = Office(site)
    yield office
    office.close()


@pytest.fixture
def supervisor(site: Site, mall):
    with site.client("supervisor", mall=MALL) as client:
        yield client


def token(site: Site, role: str, **scope: str) -> str:
    """The end of an address that signs in for one tab."""
    with site.client(role, mall=MALL, **scope) as client:
        return "#token=" + client.headers["Authorization"].removeprefix("Bearer ")


def take(site: Site, service: str) -> dict:
    with site.client() as visitor:
        answer = visitor.post(f"{API}/tickets", json={"service": service, "priority": None}, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def soon(page, selector: str, text: str | re.Pattern) -> None:
    """A screen says something within a few seconds, without being loaded again."""
    playwright.expect(page.locator(selector)).to_contain_text(text, timeout=SOON)


def stay(*pages) -> None:
    for page in pages:
        page.evaluate("window.stays = true")


def have_stayed(*pages) -> bool:
    return all(page.evaluate("window.stays === true") for page in pages)


def choose(kiosk, agency: str, service: str) -> None:
    kiosk.click(f"#tiles [data-agency='{agency}']")
    kiosk.click(f"[data-service='{service}']")
    playwright.expect(kiosk.locator("[data-step='who'] h1")).to_be_focused()


def test_open_kiosk_shows_new_renamed_and_withdrawn_services(window, office):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    stay(kiosk)
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    office.list_service("DUKCAPIL-BARU", "Layanan baru", ["G02"])
    soon(kiosk, "[data-service='DUKCAPIL-BARU']", "Layanan baru")
    office.list_service("DUKCAPIL-BARU", "Layanan yang diganti namanya", ["G02"])
    soon(kiosk, "[data-service='DUKCAPIL-BARU']", "diganti namanya")
    office.delete("services/DUKCAPIL-BARU")
    playwright.expect(kiosk.locator("[data-service='DUKCAPIL-BARU']")).to_have_count(0, timeout=SOON)
    office.put("agencies/DUKCAPIL", name="Dinas Dukcapil Baru", line="B")
    soon(kiosk, "#heading", "Dinas Dukcapil Baru")
    office.put("agencies/DUKCAPIL", name="Dinas Kependudukan dan Pencatatan Sipil", line="B")
    soon(kiosk, "#heading", "Dinas Kependudukan")
    assert have_stayed(kiosk)


def test_change_elsewhere_keeps_focus_scroll_and_search(window, office):
    kiosk = window(*TABLET, f"{PAGES}/kiosk")
    kiosk.fill("#search", "dinas")
    tile = kiosk.locator("[data-service]:visible").last
    tile.focus()
    code = tile.get_attribute("data-service")
    top = kiosk.evaluate("scrollY")
    assert top > 0
    office.list_service("DUKCAPIL-BARU", "Layanan baru tanpa kata itu", ["G02"])
    playwright.expect(kiosk.locator("[data-service='DUKCAPIL-BARU']")).to_have_count(1, timeout=SOON)
    assert kiosk.evaluate("document.activeElement.dataset.service") == code
    assert (kiosk.evaluate("scrollY"), kiosk.input_value("#search")) == (top, "dinas")
    office.delete("services/DUKCAPIL-BARU")


def test_half_finished_visit_keeps_a_service_that_is_still_offered(site: Site, window, office):
    office.list_service("DUKCAPIL-UJI", "Layanan uji", ["G02"])
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    choose(kiosk, "DUKCAPIL", "DUKCAPIL-UJI")
    office.list_service("DUKCAPIL-UJI", "Layanan uji dengan nama baru", ["G02"])
    soon(kiosk, "#chosen", "nama baru")
    playwright.expect(kiosk.locator("[data-step='who'] h1")).to_be_focused()
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^B-\d{3}$"))
    seen(kiosk, "#slip", "Layanan uji dengan nama baru")
    office.delete("services/DUKCAPIL-UJI")


@pytest.mark.parametrize("size", [KIOSK, TABLET], ids=["portrait", "landscape"])
def test_half_finished_visit_learns_that_its_service_was_withdrawn(window, office, size):
    office.list_service("DUKCAPIL-UJI", "Layanan uji", ["G02"])
    kiosk = window(*size, f"{PAGES}/kiosk")
    choose(kiosk, "DUKCAPIL", "DUKCAPIL-UJI")
    office.delete("services/DUKCAPIL-UJI")
    soon(kiosk, "#changed", "“Layanan uji” baru saja tidak dapat dipilih lagi")
    seen(kiosk, "#changed", "tidak lagi tersedia di sini")
    playwright.expect(kiosk.locator("#heading")).to_be_focused()
    assert kiosk.locator("[role='status'] #changed").count() == 1
    assert violations(kiosk) == []
    picture(kiosk, f"kiosk-changed-{size[0]}")
    kiosk.locator("[data-service]:enabled:visible").first.click()
    playwright.expect(kiosk.locator("#changed")).to_be_hidden()


def test_half_finished_visit_learns_that_its_agency_was_suspended(window, office):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk?lang=en")
    choose(kiosk, "DUKCAPIL", KTP)
    office.suspend("DUKCAPIL", "Jaringan pusat terganggu")
    try:
        soon(kiosk, "#changed", "Jaringan pusat terganggu")
        playwright.expect(kiosk.locator(f"[data-service='{KTP}']")).to_be_disabled()
    finally:
        office.end_suspension("DUKCAPIL")
    playwright.expect(kiosk.locator(f"[data-service='{KTP}']")).to_be_enabled(timeout=SOON)


def test_suspended_agency_is_closed_on_its_tile_on_open_and_new_kiosks(window, office):
    open_one = window(*KIOSK, f"{PAGES}/kiosk")
    tile = "#tiles [data-agency='DUKCAPIL']"
    office.suspend("DUKCAPIL", "Jaringan pusat terganggu")
    try:
        soon(open_one, tile, "Jaringan pusat terganggu")
        new_one = window(*TABLET, f"{PAGES}/kiosk")
        for kiosk in (open_one, new_one):
            playwright.expect(kiosk.locator(tile)).to_be_disabled()
            seen(kiosk, tile, "Ditutup sementara: Jaringan pusat terganggu")
            assert violations(kiosk) == []
            box, why = (kiosk.locator(f"{tile}{part}").bounding_box() for part in ("", " .why"))
            assert why["y"] + why["height"] <= box["y"] + box["height"], "the reason is cut"
        picture(open_one, "kiosk-suspended")
        picture(new_one, "kiosk-suspended-landscape")
    finally:
        office.end_suspension("DUKCAPIL")
    playwright.expect(open_one.locator(tile)).to_be_enabled(timeout=SOON)


def test_counter_gone_home_or_withdrawn_closes_its_services_on_an_open_kiosk(window, office):
    office.list_service("DUKCAPIL-UJI", "Layanan uji", ["G02"])
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    service = "[data-service='DUKCAPIL-UJI']"
    playwright.expect(kiosk.locator(service)).to_be_enabled()
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    try:
        office.change_counter("G02", week={day: [["00:00", "00:01"]] for day in week})
        soon(kiosk, service, "Sudah tutup hari ini; buka lagi")
        playwright.expect(kiosk.locator(service)).to_be_disabled()
        picture(kiosk, "kiosk-gone-home")
    finally:
        office.change_counter("G02", week=None)
    playwright.expect(kiosk.locator(service)).to_be_enabled(timeout=SOON)
    known = office.listed("counters", "G02")
    office.change_counter("G02", services=[code for code in known["services"] if code != "DUKCAPIL-UJI"])
    soon(kiosk, service, "Belum ada gerai")
    playwright.expect(kiosk.locator(service)).to_be_disabled()
    office.delete("services/DUKCAPIL-UJI")


def test_closure_reaches_an_open_kiosk_and_its_end_too(window, supervisor, mall):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    service = f"[data-service='{KTP}']"
    closure = {"scope": "service", "code": KTP, "reason": "Alat rekam rusak"}
    supervisor.post(f"{API}/closures", json=closure).raise_for_status()
    soon(kiosk, service, "Alat rekam rusak")
    supervisor.delete(f"{API}/closures/service/{KTP}").raise_for_status()
    playwright.expect(kiosk.locator(service)).to_be_enabled(timeout=SOON)


def test_hall_of_a_floor_that_lost_its_counters_shows_the_mall(site: Site, window, office):
    with site.client() as visitor:
        counters = visitor.get(f"/catalog/api/malls/{MALL}").json()["counters"]
    upstairs = [counter["code"] for counter in counters if counter["floor"] == 2]
    hall = window(*TELEVISION, f"{PAGES}/hall?floor=2")
    stay(hall)
    playwright.expect(hall.locator("#no-floor")).to_be_hidden()
    seen(hall, ".brand", "Lantai 2")
    for code in upstairs:
        office.change_counter(code, floor=1)
    try:
        soon(hall, "#no-floor", "Tidak ada gerai di lantai 2. Layar ini menampilkan panggilan seluruh mal.")
        playwright.expect(hall.locator("#floor-name")).to_be_hidden()
        take(site, KTP)
        with site.client("operator", mall=MALL, counter="G02") as clerk:
            called = clerk.post(f"{API}/counters/G02/calls", json={}, headers=key()).raise_for_status().json()
            seen(hall, "#called", called["number"])
            clerk.post(f"{API}/tickets/{called['id']}/completion", json={}).raise_for_status()
        assert violations(hall) == []
        picture(hall, "hall-no-floor")
        other = window(*TELEVISION, f"{PAGES}/hall?floor=2&lang=en")
        seen(other, "#no-floor", "No counter is on floor 2")
        seen(other, "#called", called["number"])
    finally:
        for code in upstairs:
            office.change_counter(code, floor=2)
    playwright.expect(hall.locator("#no-floor")).to_be_hidden(timeout=SOON)
    assert have_stayed(hall)


def test_console_offers_transfers_as_the_catalogue_is_now(site: Site, window, office):
    console = window(*DESK, f"{PAGES}/counters/G02{token(site, 'operator', counter='G02')}")
    stay(console)
    take(site, KTP)
    console.click("#act-n")
    console.click("#act-p")
    console.fill("#transfer-search", "layanan uji")
    office.list_service("POLRES-UJI", "Layanan uji polisi", ["G03"], agency="POLRES")
    choice = "#ask-transfer .choice:has-text('Layanan uji polisi')"
    playwright.expect(console.locator(choice)).to_be_enabled(timeout=SOON)
    assert console.input_value("#transfer-search") == "layanan uji"
    office.suspend("POLRES", "Jaringan pusat terganggu")
    try:
        soon(console, choice, "Jaringan pusat terganggu")
        seen(console, "#ask-transfer [data-enter]", "sedang tidak melayani")
        playwright.expect(console.locator(choice)).to_be_disabled()
        assert violations(console) == []
        picture(console, "counter-transfer-closed")
    finally:
        office.end_suspension("POLRES")
    playwright.expect(console.locator(choice)).to_be_enabled(timeout=SOON)
    office.delete("services/POLRES-UJI")
    playwright.expect(console.locator(choice)).to_have_count(0, timeout=SOON)
    console.keyboard.press("Escape")
    console.click("#act-s")
    console.keyboard.press("Enter")
    assert have_stayed(console)


def test_supervisor_can_close_what_came_while_the_page_was_open(site: Site, window, office):
    page = window(*DESK, f"{PAGES}/supervisor{token(site, 'supervisor')}")
    seen(page, "#page h1", "MPP Berubah")
    page.click("[data-opens='closure']")
    page.select_option("#what", f"service {KTP}")
    office.list_service("DUKCAPIL-BARU", "Layanan baru", ["G02"])
    playwright.expect(page.locator("#what option[value='service DUKCAPIL-BARU']")).to_have_count(1, timeout=SOON)
    assert page.input_value("#what") == f"service {KTP}"
    office.delete("services/DUKCAPIL-BARU")
    playwright.expect(page.locator("#what option[value='service DUKCAPIL-BARU']")).to_have_count(0, timeout=SOON)


def test_booking_pages_follow_the_catalogue(window, office):
    office.list_service("DUKCAPIL-UJI", "Layanan uji", ["G02"])
    services = window(*PHONE, f"{PAGES}/book")
    days = window(*PHONE, f"{PAGES}/book?service=DUKCAPIL-UJI")
    services.click("[data-key='DUKCAPIL'] summary")
    office.list_service("DUKCAPIL-UJI", "Layanan uji baru", ["G02"])
    link = services.locator("[href='?service=DUKCAPIL-UJI']")
    playwright.expect(link).to_have_text("Layanan uji baru", timeout=15_000)
    playwright.expect(days.locator("h1")).to_have_text("Layanan uji baru", timeout=15_000)
    office.delete("services/DUKCAPIL-UJI")
    playwright.expect(link).to_have_count(0, timeout=15_000)
    playwright.expect(days.locator("#no-service")).to_be_visible(timeout=15_000)
    playwright.expect(days.locator("#book")).to_be_hidden()
    assert violations(days) == []
    picture(days, "book-withdrawn")


def test_kiosk_asks_before_a_second_number_for_the_same_service(site: Site, window, mall):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk")
    choose(kiosk, "DUKCAPIL", KTP)
    kiosk.click("[data-class='']")
    number = re.compile(r"^B-\d{3}$")
    seen(kiosk, "#slip .number", number)
    first = kiosk.locator("#slip .number").inner_text()
    kiosk.click("#another")
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    kiosk.click(f"[data-service='{KTP}']")
    seen(kiosk, "#again", f"Anda sudah punya nomor {first} untuk layanan ini.")
    assert violations(kiosk) == []
    picture(kiosk, "kiosk-again")
    kiosk.click("#again-no")
    playwright.expect(kiosk.locator("[data-step='choose']")).to_be_visible()
    kiosk.goto("/")
    kiosk.go_back()
    seen(kiosk, "#beside", first)
    kiosk.click("#tiles [data-agency='DUKCAPIL']")
    kiosk.click(f"[data-service='{KTP}']")
    seen(kiosk, "#again", first)
    kiosk.click("#again-yes")
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", number)
    assert kiosk.locator("#slip .number").inner_text() != first
    kiosk.click("#restart")
    choose(kiosk, "DUKCAPIL", KTP)  # the next visitor is not asked


def test_kiosk_page_left_before_the_answer_takes_one_ticket(site: Site, window, mall):
    kiosk = window(*KIOSK, f"{PAGES}/kiosk", expecting="offline")
    choose(kiosk, "DUKCAPIL", KTP)
    with site.client() as visitor:
        before = visitor.get(f"{API}/hall").json()["issued"]
        lost = []

        def lose_answer(route) -> None:
            lost.append(route.fetch().status)  # it is carried out, and the answer never comes
            route.abort()

        kiosk.route("**/tickets", lose_answer)
        kiosk.click("[data-class='']")
        playwright.expect(kiosk.locator("#failure")).to_be_visible()
        kiosk.unroute("**/tickets")
        kiosk.reload()
        choose(kiosk, "DUKCAPIL", KTP)
        kiosk.click("[data-class='']")
        seen(kiosk, "#slip .number", re.compile(r"^B-\d{3}$"))
        assert lost == [201]
        assert visitor.get(f"{API}/hall").json()["issued"] == before + 1


def test_booking_again_after_back_is_asked_about(window, mall):
    phone = window(*PHONE, f"{PAGES}/book?service={KTP}")
    day = phone.locator("[name='day']:enabled").last.get_attribute("value")
    phone.locator(f".day:has([value='{day}'])").click()
    phone.click(".confirm button")
    phone.wait_for_url("**/bookings/*")
    booking = phone.url
    phone.go_back()
    seen(phone, "#booked-already", "Anda sudah memesan layanan ini untuk")
    seen(phone, ".confirm button", "Pesan untuk")
    assert violations(phone) == []
    picture(phone, "book-again")
    phone.locator(f".day:has([value='{day}'])").click()
    phone.click(".confirm button")
    seen(phone, "#again", "Anda sudah punya tempat untuk")
    assert violations(phone) == []
    picture(phone, "book-again-asked")
    phone.click("#again [value='no']")
    assert phone.url != booking
    phone.click("#booked-already a")
    phone.wait_for_url("**/bookings/*")
    assert phone.url == booking
    phone.go_back()
    phone.locator(f".day:has([value='{day}'])").click()
    phone.click(".confirm button")
    phone.click("#again [value='yes']")
    phone.wait_for_url("**/bookings/*")
    assert phone.url != booking


def test_second_tab_of_a_booking_learns_of_a_cancellation_at_once(site: Site, window, mall):
    with site.client() as visitor:
        days = visitor.get(f"{API}/bookings/days?service={KTP}").json()["days"]
        wanted = {"service": KTP, "day": next(day["day"] for day in days if day["bookable"])}
        booking = visitor.post(f"{API}/bookings", json=wanted, headers=key()).raise_for_status().json()
    first = window(*PHONE, booking["status_url"])
    second = first.context.new_page()
    second.goto(booking["status_url"])
    first.click("#give-back")
    first.click("#sure [data-act='cancellation']")
    seen(first, "[data-when='cancelled']", "Pemesanan dibatalkan")
    playwright.expect(second.locator("[data-when='cancelled']")).to_be_visible(timeout=2_000)
    playwright.expect(second.locator("#give-back")).to_be_hidden()


@pytest.mark.parametrize(("paper", "millimetres"), [("58", 48), ("80", 72)])
def test_slip_breaks_a_word_longer_than_the_paper(window, office, paper, millimetres):
    office.list_service("DUKCAPIL-PANJANG", f"Surat {LONG}", ["G02"])
    kiosk = window(*TABLET, f"{PAGES}/kiosk?paper={paper}")
    kiosk.fill("#search", LONG.lower())
    kiosk.click("[data-service='DUKCAPIL-PANJANG']")
    kiosk.click("[data-class='']")
    seen(kiosk, "#slip .number", re.compile(r"^B-\d{3}$"))
    kiosk.emulate_media(media="print")
    widest = kiosk.evaluate(
        """() => {
            const range = document.createRange();
            range.selectNodeContents(document.getElementById('slip'));
            const boxes = [...range.getClientRects()];
            return Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left));
        }"""
    )
    assert widest <= millimetres * 96 / 25.4 + 0.5
    kiosk.set_viewport_size({"width": 58 * 4 if paper == "58" else 80 * 4, "height": 620})
    picture(kiosk, f"slip-{paper}")
    office.delete("services/DUKCAPIL-PANJANG")


@pytest.fixture
def pln(site: Site, office):
    """The one counter of PLN, which the test withdraws; it is listed again afterwards, also in ticketing."""
    listed = next(one for one in office.all("counters") if "PLN-BAYAR" in one["services"])
    yield listed["code"]
    office.put(f"counters/{listed['code']}", **{name: listed[name] for name in listed if name != "code"})
    with site.client("supervisor", mall=MALL) as supervisor:
        assert eventually(lambda: has_counter(supervisor, listed["code"]))


def has_counter(supervisor, code: str) -> bool:
    """Whether ticketing lists the counter, and not only because a ticket is still there."""
    counters = supervisor.get(f"{API}/overview").raise_for_status().json()["counters"]
    return any(one["counter"] == code and not one.get("withdrawn") for one in counters)


def test_withdrawn_counter_serves_those_who_were_sent_to_it(site: Site, window, office, pln):
    first, second = take(site, "PLN-BAYAR"), take(site, "PLN-BAYAR")
    console = window(*DESK, f"{PAGES}/counters/{pln}{token(site, 'operator', counter=pln)}")
    page = window(*DESK, f"{PAGES}/supervisor{token(site, 'supervisor')}")
    console.click("#act-n")
    soon(console, "#current", first["number"])
    office.delete(f"counters/{pln}")
    soon(console, "#withdrawn", "Gerai ini sudah dihapus dari katalog.")
    soon(page, "#alerts", f"Gerai {pln} sudah dihapus dari katalog, padahal {first['number']} masih di sana")
    assert violations(console) == []
    picture(console, "counter-withdrawn")
    console.click("#act-s")
    console.keyboard.press("Enter")
    console.click("#act-n")
    soon(console, "#current", second["number"])
    console.click("#act-s")
    console.keyboard.press("Enter")
    playwright.expect(console.locator("#act-n")).to_be_hidden()


def test_supervisor_moves_or_ends_tickets_that_no_counter_can_call(site: Site, window, office, pln):
    first, second = take(site, "PLN-BAYAR"), take(site, "PLN-BAYAR")
    page = window(*DESK, f"{PAGES}/supervisor{token(site, 'supervisor')}")
    phone = window(*PHONE, second["status_url"])
    with site.client("supervisor", mall=MALL) as supervisor:
        supervisor.post(f"{API}/counters/{pln}/closing").raise_for_status()
    office.delete(f"counters/{pln}")
    soon(page, f"#alerts li:has-text('{first['number']}')", "tidak ada gerai yang dapat memanggilnya")
    soon(phone, "#in-force", "Petugas sedang mencarikan gerai")
    page.click(f"#alerts li:has-text('{first['number']}') [data-act='move']")
    page.check("#move [value='one']")
    page.select_option("#target", KTP)
    page.click("#move .button.main")
    playwright.expect(page.locator(f"#alerts li:has-text('{first['number']}')")).to_have_count(0, timeout=SOON)
    page.click(f"#alerts li:has-text('{second['number']}') [data-act='ending']")
    page.fill("#ending-reason", "Loket PLN tutup hari ini")
    page.click("#ending .button.main")
    soon(phone, "#unserved", "Loket PLN tutup hari ini")
    assert violations(phone) == []
    picture(phone, "ticket-ended")
