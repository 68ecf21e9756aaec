"""The survey in a real Chromium: a visitor with a phone judges the visit, a supervisor reads and prints the report."""

import re

import pytest
from e2e.accessible import violations
from e2e.browser import SCREENS, picture, playwright, seen
from e2e.conftest import Site, never_closes

from services.ticketing.survey.domain import ELEMENTS

pytestmark = SCREENS

TEGAL = "tegal"
API = f"/ticketing/api/malls/{TEGAL}"
PHONE = (390, 844)
SMALL = (320, 640)
DESK = (1280, 720)


@pytest.fixture(scope="module")
def counter(site: Site, tmp_path_factory) -> tuple[str, str]:
    """A counter of a mall of our own, and a service that it gives."""
    if site.system is None:
        pytest.skip("needs a system of our own, to import a mall")
    never_closes(site, tmp_path_factory.mktemp("seeds"), TEGAL, "MPP Kota Tegal")
    with site.client() as visitor:
        counters = visitor.get(f"/catalog/api/malls/{TEGAL}").json()["counters"]
    return "G02", next(one["services"][0] for one in counters if one["code"] == "G02")


@pytest.fixture
def visit(site: Site, counter):
    """Makes a visit that is over; answers its ticket's code."""

    def visited() -> str:
        code, service = counter
        with site.client("operator", mall=TEGAL, counter=code) as desk:
            taken = desk.post(f"{API}/tickets", json={"service": service}).raise_for_status().json()
            assert desk.post(f"{API}/counters/{code}/calls").raise_for_status().json()["id"] == taken["id"]
            desk.post(f"{API}/tickets/{taken['id']}/completion", json={}).raise_for_status()
        return str(taken["code"])

    return visited


def faces(page, *values: int) -> None:
    """Tap a face for each question."""
    for question, value in zip(page.locator(".question").all(), values, strict=False):
        question.locator(".face").nth(value - 1).click()


def test_a_visitor_judges_the_visit_on_a_phone(window, visit):
    phone = window(*PHONE, f"/ticketing/malls/{TEGAL}/tickets/{visit()}")
    assert violations(phone) == []
    phone.click("#served #survey")
    phone.wait_for_url("**/survey")
    picture(phone, "survey")
    assert violations(phone) == []
    phone.click(".ends .button")
    seen(phone, ".question:first-of-type .missing", "Pilih salah satu")
    assert violations(phone) == []
    faces(phone, 4, 4, 2, 4, 3, 4, 4, 3, 4)
    seen(phone, "#progress", "9 dari 9")
    playwright.expect(phone.locator(".missing:visible")).to_have_count(0)
    phone.click(".who summary")
    phone.select_option("#sex", "female")
    assert violations(phone) == []
    phone.click(".ends .button")
    seen(phone, "#answered h1", "Terima kasih")
    playwright.expect(phone.locator("#answered")).to_be_focused()
    picture(phone, "survey-thanks")
    assert violations(phone) == []
    phone.click("#answered .button")
    phone.wait_for_url(re.compile(r"/tickets/[^/]+$"))
    playwright.expect(phone.locator("#served #survey")).to_have_count(0)


def test_the_survey_is_filled_in_by_keyboard_alone_on_a_small_phone(window, visit):
    phone = window(*SMALL, f"/ticketing/malls/{TEGAL}/tickets/{visit()}/survey?lang=en")
    assert phone.evaluate("document.documentElement.scrollWidth") <= SMALL[0]
    for face in phone.locator(".face").all():
        box = face.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    phone.locator(".face input").first.focus()
    for _ in ELEMENTS:
        phone.keyboard.press("Space")
        phone.keyboard.press("ArrowRight")  # from not good to less good
        phone.keyboard.press("Tab")
    seen(phone, "#progress", "9 of 9")
    phone.locator(".ends .button").focus()
    phone.keyboard.press("Enter")
    seen(phone, "#answered h1", "Thank you")


def test_answers_stay_on_the_page_while_the_network_is_gone(window, visit):
    phone = window(*PHONE, f"/ticketing/malls/{TEGAL}/tickets/{visit()}/survey", expecting="503")
    faces(phone, *[3] * 9)
    phone.route(
        "**/survey", lambda route: route.fulfill(status=503, json={"reason": "x", "title": "Sebentar", "detail": "…"})
    )
    phone.click(".ends .button")
    seen(phone, "#problem", "Sebentar")
    phone.unroute("**/survey")
    phone.click(".ends .button")
    seen(phone, "#answered h1", "Terima kasih")


def test_a_supervisor_reads_the_report_and_takes_it_along(site: Site, window, visit):
    with site.client() as visitor:
        for ticket in [visit() for _ in range(5)]:
            answers = dict.fromkeys(ELEMENTS, 4) | {"time": 1}
            visitor.post(f"{API}/tickets/{ticket}/survey", json={"answers": answers}).raise_for_status()
    with site.client("supervisor", mall=TEGAL) as supervisor:
        token = supervisor.headers["Authorization"].removeprefix("Bearer ")
        told = supervisor.get(f"{API}/survey").json()["all"]
    page = window(*DESK, f"/ticketing/malls/{TEGAL}/statistics#token={token}")
    page.locator(".staff-nav").get_by_text("Survei kepuasan").click()
    exact = f"{told['indices']['exact']['value']:.2f}".replace(".", ",")
    seen(page, "#result [data-slot='exact']", exact)
    assert page.locator("#elements th").all_inner_texts()[:3] == [
        "Persyaratan",
        "Sistem, mekanisme, dan prosedur",
        "Waktu penyelesaian",
    ]
    seen(page, "#lowest", "Waktu penyelesaian")
    assert violations(page) == []
    picture(page, "survey-report")
    with page.expect_download() as file:
        page.click("#csv")
    assert file.value.suggested_filename.startswith(f"survey-{TEGAL}-")
    page.emulate_media(media="print")
    playwright.expect(page.locator("#wanted")).to_be_hidden()
    page.emulate_media(media="screen")
    page.check("[name='period'][value='other']", force=True)
    for field in ("#to", "#from"):  # a report of more than five years is refused
        page.fill(field, "2020-01")
        page.locator(field).blur()
    seen(page, "#few", "5 responden")
    assert violations(page) == []
