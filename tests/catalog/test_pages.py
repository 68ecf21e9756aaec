"""Catalog's pages: the way in, a mall's directory, and a page for each service."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import services
from services.catalog import views
from services.catalog.app import create_app
from services.catalog.directory import Malls, closures_stream, day_stream
from services.catalog.domain.directory import ImportCatalog
from services.catalog.domain.waiting import ClosureHeard, CounterStands, DayEnded, TicketWaits
from services.catalog.seed import read
from services.chassis.clock import CLOCK
from services.kernel import tokens

TUESDAY_NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09:00 in Pekalongan
TODAY = day_stream("pekalongan", TUESDAY_NINE.date())
LIST = "/catalog/malls/pekalongan"
KTP = f"{LIST}/services/DUKCAPIL-KTPREKAM"
PEKALONGAN = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"
BOOKING = "/ticketing/malls/pekalongan/book"


@pytest.fixture
def site(mongo_server, database, store, monkeypatch, tmp_path, folder):
    """Import the folder, and look at it."""
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))

    def visit(path: str) -> str:
        Malls(store).act("pekalongan", ImportCatalog(read(folder.path)))
        return create_app().test_client().get(path).text

    return visit


def test_each_service_leads_to_its_booking(site):
    page = site("/catalog/malls/pekalongan")
    assert page.count(f'href="{BOOKING}?service=') == 130
    assert f'href="{BOOKING}?service=DUKCAPIL-KTPREKAM"' in page
    assert f'href="{BOOKING}"' in site("/")


def test_a_mall_that_takes_no_bookings_leads_nobody_there(site, folder):
    folder.mall_without("bookings")
    assert BOOKING not in site("/catalog/malls/pekalongan")
    assert BOOKING not in site("/")


def test_the_way_in_leads_staff_to_the_supervisors_pages(site):
    page = site("/")
    assert 'href="/ticketing/malls/pekalongan/supervisor"' in page
    assert 'href="/ticketing/malls/pekalongan/statistics"' in page
    assert 'href="/catalog/malls/pekalongan/admin"' in page


def shown(page: str) -> list[str]:
    """The codes of the services on a page, in order."""
    return re.findall(r'data-service="([^"]+)"', page)


def told(page: str) -> str:
    """What a page says, without its words for scripts and without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<script")[0]).split())


@pytest.fixture
def at(monkeypatch):
    """Let it be this time in the mall."""

    def be(moment: datetime) -> None:
        monkeypatch.setattr(CLOCK, "read", lambda: moment)

    be(TUESDAY_NINE)
    return be


def test_without_a_script_the_address_searches_and_filters(site):
    assert len(shown(site(LIST))) == 130
    assert shown(site(f"{LIST}?q=ktp+hilang"))[0] == "DUKCAPIL-KTPCETAK"
    assert set(shown(site(f"{LIST}?agency=POLRES"))) == {code for code in shown(site(LIST)) if code[:6] == "POLRES"}
    upstairs = shown(site(f"{LIST}?floor=2"))
    assert "KEMENAG-NIKAH" in upstairs
    assert "POLRES-SIMA" not in upstairs
    assert shown(site(f"{LIST}?q=paspor&agency=KEMENAG&floor=2")) == ["KEMENAG-PASPOR"]


@pytest.mark.parametrize("query", ["?q=xyzxyz", "?floor=9", "?agency=NONE", "?q=paspor&agency=POLRES"])
def test_who_finds_nothing_is_told_what_to_do(site, query):
    page = site(f"{LIST}{query}")
    assert shown(page) == []
    assert "Coba kata lain, atau tanyakan kepada petugas." in told(page)


def test_a_floor_that_is_no_number_is_passed_over(site):
    assert len(shown(site(f"{LIST}?floor=up"))) == 130


def test_the_page_tells_who_waits_and_how_old_the_news_is(site, store, at):
    site("/")
    page = site(LIST)
    assert re.search(r'data-waiting="DUKCAPIL-KTPREKAM"[^>]* hidden', page), "nothing was heard: nothing is claimed"
    news = [TicketWaits(who, "DUKCAPIL-KTPREKAM", TUESDAY_NINE, (n, 0)) for n, who in enumerate(("siti", "budi"), 1)]
    for one in (*news, CounterStands("G02", "open", TUESDAY_NINE + timedelta(minutes=7), (3, 0))):
        Malls(store).waiting.execute(TODAY, one)
    page = site(LIST)
    assert "2 orang menunggu · 1 gerai buka · kabar terakhir 09.07" in told(page)
    assert re.search(r'data-waiting="DUKCAPIL-KTPREKAM"[^>]*>2 menunggu<', page)
    assert re.search(r'data-waiting="POLRES-SIMA"[^>]*>Tidak ada antrean<', page)
    assert "siti" not in page
    Malls(store).waiting.execute(TODAY, DayEnded(TUESDAY_NINE, (4, 0)))
    assert re.search(r'data-waiting="DUKCAPIL-KTPREKAM"[^>]* hidden', site(LIST))


def test_a_closure_is_told_with_its_reason_where_it_matters(site, store, at):
    site("/")
    until = TUESDAY_NINE + timedelta(days=1)
    closure = ClosureHeard("service", "POLRES-HILANG", "Jaringan terganggu", TUESDAY_NINE, until, (1, 0))
    Malls(store).waiting.execute(closures_stream("pekalongan"), closure)
    sentence = "Surat tanda lapor kehilangan ditutup sementara. Jaringan terganggu. Buka lagi Rabu, 25 November, 09.00."
    for path in (LIST, f"{LIST}/services/POLRES-HILANG"):
        assert sentence in told(site(path))
    assert "ditutup sementara" not in told(site(KTP))
    assert "closed for a while" in told(site(f"{LIST}?lang=en"))


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        (datetime(2026, 11, 24, 2, 0, tzinfo=UTC), "Buka sampai 15.00"),
        (datetime(2026, 11, 24, 0, 30, tzinfo=UTC), "Sedang tutup Buka lagi hari ini pukul 08.00."),
        (datetime(2026, 11, 27, 5, 0, tzinfo=UTC), "Sedang tutup Buka lagi hari ini pukul 13.00."),
        (datetime(2026, 11, 27, 8, 0, tzinfo=UTC), "Sedang tutup Buka lagi Senin, 30 November, 08.00."),
        (
            datetime(2026, 12, 25, 3, 0, tzinfo=UTC),
            "tutup Hari Raya Natal. Buka lagi Senin, 28 Desember, 08.00.",
        ),
    ],
)
def test_the_page_tells_whether_it_is_open_and_when_again(site, at, moment, sentence):
    at(moment)
    assert sentence in told(site(LIST))


def test_a_service_of_an_agency_that_comes_some_days_tells_its_own_next_opening(site, folder, at):
    folder.column("counters.tsv", "week", G14="thursday 09:00-12:00")
    page = told(site(f"{LIST}/services/IMIGRASI-PASPORBARU"))
    assert "Buka lagi Kamis, 26 November, 09.00." in page
    assert "Kamis 09.00–12.00" in page
    assert "Buka sampai 15.00" in told(site(KTP))


def test_a_mall_that_was_opened_by_hand_is_not_called_closed(site, store, at):
    at(TUESDAY_NINE - timedelta(hours=2))
    site("/")
    Malls(store).waiting.execute(TODAY, CounterStands("G02", "open", TUESDAY_NINE, (1, 0)))
    assert "Buka di luar jam layanan" in told(site(KTP))
    assert "Sedang tutup" in told(site(f"{LIST}/services/POLRES-SIMA"))


def test_each_service_has_an_address_that_says_what_it_is_about(site):
    page = site(KTP)
    assert "<title>Perekaman KTP-el · Dinas Kependudukan dan Pencatatan Sipil Kota Pekalongan" in page
    description = re.search(r'<meta name="description" content="([^"]+)"', page)[1]
    assert description.startswith("Perekaman KTP-el, Dinas Kependudukan")
    assert "Fotokopi KK" in told(page)
    assert f'href="{BOOKING}?service=DUKCAPIL-KTPREKAM"' in page
    assert f'href="{LIST}/services/DUKCAPIL-KTPREKAM"' in site(LIST)


def test_a_service_nobody_offers_has_no_page(site):
    page = site(f"{LIST}/services/NONE")
    assert "Layanan tidak dikenal" in page
    assert "Unknown service" in site(f"{LIST}/services/NONE?lang=en")


def test_the_public_part_of_a_service_standard_is_told_and_no_more():
    """Until the catalogue has these fields, a service that has them stands for it."""

    found = read(PEKALONGAN)
    service = replace(
        found.services["POLRES-SIMA"],
        fee="Rp80.000",
        eligibility="Pemegang SIM A",
        components={"procedure": "Daftar, foto, bayar", "legal_basis": "PP 76/2020", "fee": "PNBP", "complaints": ""},
    )
    card = views.service(found, service)
    assert (card["fee"], card["eligibility"]) == ("Rp80.000", "Pemegang SIM A")
    assert card["standard"] == {"procedure": "Daftar, foto, bayar"}
    plain = views.service(found, found.services["POLRES-SIMA"])
    assert (plain["fee"], plain["eligibility"], plain["standard"]) == ("", "", {})


def test_the_office_of_administrators_is_an_empty_shell_with_its_words(site):
    page = site("/catalog/malls/pekalongan/admin")
    assert 'id="token-form"' in page
    assert "Instansi baru" in page
    assert page.count("data-component=") == 14
    assert "DPMPTSP" not in page
