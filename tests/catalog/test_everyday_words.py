"""Visitors find what they need in their own words, half typed, or with a slip of the finger."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

import services
from services.catalog.domain.directory import Directory
from services.catalog.search import EVERYDAY, Index, read_synonyms, search
from services.catalog.seed import read

WANTED = {
    "ktp hilang": "DUKCAPIL-KTPCETAK",
    "e-ktp rusak": "DUKCAPIL-KTPCETAK",
    "KTP-el hilang": "DUKCAPIL-KTPCETAK",
    "bikin ktp": "DUKCAPIL-KTPREKAM",
    "bikin sim": "POLRES-SIMINFO",
    "perpanjang sim c": "POLRES-SIMC",
    "prpanjang sim": "POLRES-SIMA",
    "perpanjang stnk": "SAMSAT-STNK1",
    "perpanjang stkn": "SAMSAT-STNK1",
    "ganti plat": "SAMSAT-STNK5",
    "bayar pajak motor": "SAMSAT-STNK1",
    "jual motor": "SAMSAT-BLOKIR",
    "akte lahir": "DUKCAPIL-AKTALAHIR",
    "bikin akte": "DUKCAPIL-AKTALAHIR",
    "orang meninggal": "DUKCAPIL-AKTAMATI",
    "akta kematian": "DUKCAPIL-AKTAMATI",
    "surat kelakuan baik": "POLRES-SKCKBARU",
    "kelakuan baik": "POLRES-SKCKBARU",
    "skcl": "POLRES-SKCKBARU",
    "dompet hilang": "POLRES-HILANG",
    "ditilang": "KEJARI-TILANG",
    "bpjs nunggak": "BPJSKES-AKTIF",
    "bpjs menunggak": "BPJSKES-AKTIF",
    "bayi baru lahir": "BPJSKES-BAYI",
    "pindah faskes": "BPJSKES-UBAH",
    "cairkan jht": "BPJSTK-JHT",
    "nikah": "KEMENAG-NIKAH",
    "menikah": "KEMENAG-NIKAH",
    "umroh": "KEMENAG-PASPOR",
    "naik haji": "KEMENAG-HAJI",
    "paspor anak": "IMIGRASI-PASPORBARU",
    "mau bikin pasport": "IMIGRASI-PASPORBARU",
    "pbb": "BPKAD-PBB",
    "pajak bumi dan bangunan": "BPKAD-PBB",
    "air mati": "TIRTAYASA-ADUAN",
    "listrik mati": "PLN-ADUAN",
    "mati lampu": "PLN-ADUAN",
    "beli token": "PLN-BAYAR",
    "tambah daya": "PLN-DAYA",
    "kartu kuning": "DINPERINAKER-AK1",
    "lamar kerja": "DINPERINAKER-AK1",
    "tki": "DINPERINAKER-PMI",
    "sertifikat tanah": "BPN-CEK",
    "imb": "DPUPR-PBG",
    "izin usaha": "DPMPTSP-SSTD",
    "bansos": "DINSOS-DTSEN",
    "kursi roda": "DINSOS-SKDISABILITAS",
    "pensiunan": "TASPEN-OTENTIK",
    "gugat cerai": "PA-DAFTAR",
    "ganti kk": "DUKCAPIL-KKUBAH",
    "pindah rumah": "DUKCAPIL-PINDAH",
    "atm hilang": "BANKJATENG-KARTU",
    "pohon tumbang": "DLH-POHON",
    "apotik": "DINKES-APOTEK",
    "lapor spt": "KPP-SPT",
    "driving licence": "POLRES-SIMINFO",
    "lost id card": "DUKCAPIL-KTPCETAK",
}


@pytest.fixture(scope="module")
def pekalongan() -> Directory:
    return read(Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan")


def found(directory: Directory, words: str) -> list[str]:
    return [service.code for service in search(directory, words)]


@pytest.mark.parametrize(("words", "service"), WANTED.items())
def test_what_a_visitor_says_leads_to_the_service(pekalongan, words, service):
    assert service in found(pekalongan, words)[:3]


def test_a_search_takes_a_moment(pekalongan):
    """Says how long; a busy machine is no fault of the search."""
    found(pekalongan, "ktp")  # the index is made once
    took = []
    for words in [*WANTED, "perpnjangan sertipkat kependdukan kesehtan", "a b c d e f g h i j k l m n"]:
        began = time.perf_counter()
        found(pekalongan, words)
        took.append((time.perf_counter() - began) * 1000)
    print(f"a search: {sum(took) / len(took):.2f} ms on average, {max(took):.2f} ms at most")


@pytest.mark.parametrize("typed", ["p", "pa", "pas", "pasp", "paspo", "paspor"])
def test_each_letter_on_the_way_to_a_word_finds_it(pekalongan, typed):
    assert "IMIGRASI-PASPORBARU" in found(pekalongan, typed)


@pytest.mark.parametrize("typed", ["bik", "biki", "bikin"])
def test_an_everyday_word_that_is_half_typed_is_understood(pekalongan, typed):
    assert "POLRES-SIMINFO" in found(pekalongan, f"sim {typed}")


def test_what_is_in_the_name_comes_before_what_is_only_to_be_brought(pekalongan):
    assert found(pekalongan, "ktp")[:2] == ["DUKCAPIL-KTPREKAM", "DUKCAPIL-KTPCETAK"]
    assert len(found(pekalongan, "ktp")) > 50


def test_a_word_that_is_written_right_is_not_taken_for_another(pekalongan):
    assert all("SIM" in code for code in found(pekalongan, "sim")[:3])
    assert "POLRES-SIMA" not in found(pekalongan, "spt")


def test_words_that_say_nothing_about_a_service_are_passed_over(pekalongan):
    assert found(pekalongan, "saya mau urus paspor") == found(pekalongan, "paspor")


def test_signs_alone_find_nothing(pekalongan):
    assert found(pekalongan, "?!") == []


def test_capitals_accents_and_dashes_make_no_difference(pekalongan):
    assert found(pekalongan, "PÁSPOR–BARU") == found(pekalongan, "paspor baru") != []


def test_another_mall_or_a_changed_one_is_searched_as_it_is_now(pekalongan):
    fewer = {code: service for code, service in pekalongan.services.items() if service.agency != "IMIGRASI"}
    assert "IMIGRASI-PASPORBARU" in found(pekalongan, "paspor baru")
    assert "IMIGRASI-PASPORBARU" not in found(replace(pekalongan, services=fewer), "paspor baru")
    assert "IMIGRASI-PASPORBARU" in found(pekalongan, "paspor baru")


def test_the_everyday_words_are_data_that_a_mall_can_change(pekalongan):
    words = read_synonyms("# a note\nsurat jalan\tpaspor baru\nanu\t\n")
    assert Index(pekalongan, words).find("surat jalan anu")[0].code == "IMIGRASI-PASPORBARU"


def test_each_everyday_word_is_named_once_and_leads_somewhere(pekalongan):
    text = EVERYDAY.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(read_synonyms(text)) == len(lines)
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9 ]+\t([a-z0-9 ]+(; [a-z0-9 ]+)*)?", line)] == []
    index = Index(pekalongan, {})
    terms = {term for meanings in read_synonyms(text).values() for term in meanings}
    assert {" ".join(term) for term in terms if not index.find(" ".join(term))} == set()
