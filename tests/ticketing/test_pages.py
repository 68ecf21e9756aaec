"""The pages of bookings and of the office, as the server sends them: in both languages, and only what is for whom."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from examples import KTP, TUESDAY_NINE
from ticketing.conftest import PEKALONGAN

from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import Bookings

SITE = "/ticketing/malls/pekalongan"
MONDAY_NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
HTML = {"Accept": "text/html"}


@pytest.fixture
def client(start, known, clock):
    known(bookings=Bookings(6, "10:00"), exceptions=(Exceptional("2026-11-25", (), "Hari jadi kota"),))
    clock.at = MONDAY_NOON
    return start()


def booked(client, **more) -> dict:
    return client.post(f"{PEKALONGAN}/bookings", json={"service": KTP, "day": "2026-11-24"} | more).json


def words(page) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<(script|template).*?</\1>|<[^>]+>", " ", page.text, flags=re.DOTALL))


def test_the_booking_page_offers_the_days_that_can_be_booked_and_says_why_not_the_others(client):
    page = client.get(f"{SITE}/book?service={KTP}")
    days = re.findall(r'name="day" value="([\d-]+)" required( disabled)?', page.text)
    assert [(day[-2:], not disabled) for day, disabled in days] == [
        ("23", False),
        ("24", True),
        ("25", False),
        ("26", True),
        ("27", True),
        ("28", False),
        ("29", False),
    ]
    said = words(page)
    assert "Senin 23 November Sudah lewat pukul 10.00" in said
    assert "Selasa 24 November Tersedia" in said
    assert "Rabu 25 November Libur: Hari jadi kota" in said
    assert "Sabtu 28 November Tidak ada pelayanan" in said


def test_the_booking_page_speaks_english_and_keeps_its_service(client):
    page = client.get(f"{SITE}/book?service={KTP}&lang=en")
    assert "Wednesday 25 November Closed: Hari jadi kota" in words(page)
    assert "Elderly (60 and over)" in page.text
    assert f'href="?lang=id&amp;service={KTP}"' in page.text


def test_without_a_service_the_booking_page_shows_those_that_have_a_counter(client):
    page = client.get(f"{SITE}/book").text
    assert f'href="?service={KTP}"' in page
    assert "POLRES-SKCK" not in page


def test_a_mall_that_takes_no_bookings_says_so_on_its_booking_page(start, known):
    known()
    assert "belum menerima pemesanan" in start().get(f"{SITE}/book?service={KTP}").text


@pytest.mark.parametrize(
    ("path", "status"),
    [("bookings/20261124-bx", 404), ("bookings/20261124-bx/qr.svg", 404)],
)
def test_what_is_not_there_is_a_page_that_says_so(client, path, status):
    page = client.get(f"{SITE}/{path}", headers=HTML)
    assert (page.status_code, page.mimetype) == (status, "text/html")


def test_a_booking_has_a_page_with_its_address_as_a_picture(client):
    booking = booked(client, priority="elderly")
    page = client.get(booking["status_url"])
    assert "Selasa 24 November 2026 Perekaman KTP-el" in words(page)
    assert "Datang sebelum pukul 10.00" in words(page)
    assert f'src="{booking["status_url"]}/qr.svg"' in page.text
    assert client.get(f"{booking['status_url']}/qr.svg").mimetype == "image/svg+xml"
    assert "noindex" in page.text
    assert "elderly" not in page.text


@pytest.mark.parametrize(
    ("act", "at", "shown"),
    [
        (None, MONDAY_NOON, "booked"),
        ("cancellation", MONDAY_NOON, "cancelled"),
        ("check-in", TUESDAY_NINE, "claimed"),
    ],
)
def test_a_bookings_page_shows_what_became_of_it(client, clock, act, at, shown):
    booking = booked(client)
    clock.at = at
    if act:
        client.post(f"{PEKALONGAN}/bookings/{booking['code']}/{act}")
    page = client.get(booking["status_url"]).text
    states = dict(re.findall(r'<section class="state card" data-when="(\w+)"( hidden)?', page))
    assert [state for state, hidden in states.items() if not hidden] == [shown]
    assert json.loads(re.search(r'id="booking">(.*?)</script>', page)[1])["status"] == shown


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("path", ["supervisor", "statistics", "days/2026-11-24/audit"])
def test_pages_of_the_office_are_shells_without_a_word_of_the_day(client, clock, lang, path):
    clock.at = TUESDAY_NINE
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    page = client.get(f"{SITE}/{path}?lang={lang}")
    assert page.status_code == 200
    assert 'id="token-form"' in page.text
    assert '<div id="page" hidden>' in page.text
    assert "B-001" not in page.text
    assert re.findall(r"\b(?:booking|supervisor|statistics|audit)\.[a-z][\w.-]+\b(?=<)", page.text) == [], (
        "unwritten texts"
    )


def test_there_is_no_record_page_of_a_date_there_never_was(client):
    assert client.get(f"{SITE}/days/2026-13-01/audit", headers=HTML).status_code == 404


@pytest.mark.parametrize("path", ["book", f"book?service={KTP}", "supervisor", "statistics", "days/2026-11-24/audit"])
def test_pages_hold_no_scripts_or_styles_of_their_own_and_ask_nothing_of_another_origin(client, path):
    page = client.get(f"{SITE}/{path}").text
    assert [
        tag for tag in re.findall(r"<script[^>]*>", page) if "src=" not in tag and "application/json" not in tag
    ] == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
    assert [
        address for address in re.findall(r'(?:src|href)="([^"]+)"', page) if address.startswith(("http", "//"))
    ] == []


def test_the_overview_tells_who_waits_longest_and_which_counter_is_closed_for_a_while(client, clock, bearer):
    supervisor = bearer("supervisor")
    clock.at = TUESDAY_NINE
    for _ in range(2):
        client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
        clock.at += timedelta(minutes=4)
    alerts = client.get(f"{PEKALONGAN}/overview", headers=supervisor).json["alerts"]
    assert [(alert["kind"], alert["counter"]) for alert in alerts] == [("counter-idle", "G02")]
    closure = {"scope": "counter", "code": "G02", "reason": "Printer rusak"}
    client.post(f"{PEKALONGAN}/closures", json=closure, headers=supervisor)
    found = client.get(f"{PEKALONGAN}/overview", headers=supervisor).json
    (line,) = found["lines"]
    assert (line["longest_number"], line["longest_minutes"], line["waiting"]) == ("B-001", 8, 2)
    assert {desk["counter"]: desk["closure"] for desk in found["counters"]}["G02"] == "Printer rusak"
    alerts = [(alert["kind"], alert["number"], alert["cause"]) for alert in found["alerts"]]
    assert alerts == [("ticket-without-counter", number, "Printer rusak") for number in ("B-001", "B-002")]


def test_a_supervisor_hears_of_an_open_counter_that_calls_nobody_while_people_wait(client, clock, bearer):
    supervisor, clerk = bearer("supervisor"), bearer("operator", counter="G02")
    clock.at = TUESDAY_NINE
    client.post(f"{PEKALONGAN}/counters/G02/opening", headers=clerk)
    clock.at += timedelta(minutes=10)
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})

    def alerts() -> list[tuple[str, int]]:
        found = client.get(f"{PEKALONGAN}/overview", headers=supervisor).json["alerts"]
        return [(alert["kind"], alert["minutes"]) for alert in found]

    clock.at += timedelta(minutes=4)
    assert alerts() == []
    clock.at += timedelta(minutes=1)
    assert alerts() == [("counter-not-calling", 5)]
    client.post(f"{PEKALONGAN}/counters/G02/calls", headers=clerk, json={})
    assert alerts() == []


def test_a_kiosk_offers_what_most_people_need_once_enough_came_and_keeps_its_settings(client, clock):
    clock.at = TUESDAY_NINE
    kiosk = client.get(f"{SITE}/kiosk?print=agent&paper=58")
    assert 'data-paper="58"' in kiosk.text
    assert "connect-src 'self' http://127.0.0.1:9130" in kiosk.headers["Content-Security-Policy"]
    assert "connect-src" not in client.get(f"{SITE}/kiosk").headers["Content-Security-Policy"]
    assert 'href="?lang=en&amp;print=agent&amp;paper=58"' in kiosk.text
    assert re.search(r'<section id="often"[^>]* hidden>', kiosk.text)


def test_a_kiosk_shows_the_time_in_the_mall_before_its_script_does(client):
    assert '<time id="time">12.00</time>' in client.get(f"{SITE}/kiosk").text
    assert '<time id="time">12:00</time>' in client.get(f"{SITE}/kiosk?lang=en").text


@pytest.mark.parametrize("asked", ["paper=57", "print=fax", "print=agent:99999999", "print=agent:1;script-src"])
def test_a_kiosk_whose_address_makes_no_sense_says_so(client, asked):
    refused = client.get(f"{SITE}/kiosk?{asked}", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["reason"]) == (404, "unknown-printing")


def test_a_tickets_page_can_be_kept_on_the_home_screen(client, clock):
    clock.at = TUESDAY_NINE
    ticket = client.post(f"{PEKALONGAN}/tickets", json={"service": KTP}).json
    page = client.get(ticket["status_url"]).text
    (address,) = re.findall(r'rel="manifest" href="([^"]+)"', page)
    manifest = client.get(address)
    assert manifest.mimetype == "application/manifest+json"
    app = json.loads(manifest.data)
    assert (app["short_name"], app["start_url"]) == (ticket["number"], ticket["status_url"])
    assert [client.get(icon["src"]).mimetype for icon in app["icons"]] == ["image/png", "image/png"]
    assert client.get(address.replace(ticket["code"], f"{ticket['code']}x")).status_code == 404
