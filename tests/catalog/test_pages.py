"""Catalog's pages: the way in, and a mall's directory."""

import pytest

from services.catalog.app import create_app
from services.catalog.directory import Malls
from services.catalog.domain.directory import ImportCatalog
from services.catalog.seed import read
from services.chassis import tokens

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


def test_the_office_of_administrators_is_an_empty_shell_with_its_words(site):
    page = site("/catalog/malls/pekalongan/admin")
    assert 'id="token-form"' in page
    assert "Instansi baru" in page
    assert page.count("data-component=") == 14
    assert "DPMPTSP" not in page
