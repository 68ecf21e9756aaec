"""Finding a service the way visitors ask for it."""

from pathlib import Path

import pytest

import services
from services.catalog.domain.directory import Directory
from services.catalog.search import search
from services.catalog.seed import read


@pytest.fixture(scope="module")
def pekalongan() -> Directory:
    return read(Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan")


def found(directory: Directory, words: str) -> list[str]:
    return [service.code for service in search(directory, words)]


def test_without_words_everything_is_found_in_the_catalogs_order(pekalongan):
    assert found(pekalongan, "") == found(pekalongan, "   ") == list(pekalongan.services)
    assert len(pekalongan.services) == 130


@pytest.mark.parametrize("words", ["perekaman ktp", "KTP Perekaman", "DUKCAPIL-KTPREKAM", "rekam  KTP-el dukcapil-ktp"])
def test_a_service_is_found_by_words_of_its_name_or_code_in_any_order_and_case(pekalongan, words):
    assert "DUKCAPIL-KTPREKAM" in found(pekalongan, words)


def test_a_service_is_found_by_what_to_bring(pekalongan):
    assert "DUKCAPIL-KKBARU" in found(pekalongan, "buku nikah")


def test_a_service_is_found_by_its_agency(pekalongan):
    police = [code for code, service in pekalongan.services.items() if service.agency == "POLRES"]
    assert found(pekalongan, "kepolisian resor") == police


def test_every_word_must_occur(pekalongan):
    assert "POLRES-SIMA" in found(pekalongan, "perpanjangan sim")
    assert "POLRES-SIMA" not in found(pekalongan, "perpanjangan paspor")
    assert set(found(pekalongan, "sim perpanjangan")) < set(found(pekalongan, "sim"))


def test_what_nobody_offers_is_not_found(pekalongan):
    assert found(pekalongan, "visa ke bulan") == []
