"""The kiosk's print agent: what comes out on paper, who may print, and a printer that fails."""

import re
import socket
import threading

import pytest
from escpos.exceptions import DeviceNotFoundError
from escpos.printer import Dummy

from clients.print_agent import Printer, Settings, create_app, main
from services.chassis.config import Env

ORIGIN = "http://192.168.1.10:8000"
ADDRESS = f"{ORIGIN}/ticketing/malls/pekalongan/tickets/20261124-JIQIB5zD7YKJMCqDar8ksQ"
SLIP = {
    "key": "a-key-of-its-own",
    "heading": "MPP Kota Pekalongan",
    "title": "Nomor antrean Anda",
    "number": "B-012",
    "lines": ["Gerai G02 · Lantai 1", "Menunggu 5–12 menit", "Syarat: KTP lama, fotokopi KK dan surat kehilangan"],
    "address": ADDRESS,
    "about_address": "Pindai dengan ponsel untuk memantau antrean",
}


class Paper:
    """A printer whose paper can be read; broken, it is not found."""

    def __init__(self) -> None:
        self.printers, self.broken = [], False

    def connect(self) -> Dummy:
        if self.broken:
            raise DeviceNotFoundError("out of paper")
        self.printers.append(Dummy())
        return self.printers[-1]

    @property
    def bytes(self) -> list[bytes]:
        return [printer.output for printer in self.printers]


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture(params=[58, 80])
def width(request) -> int:
    return request.param


@pytest.fixture
def agent(paper):
    return create_app(ORIGIN, Printer(paper.connect, 58)).test_client()


def hand_over(agent, origin: str = ORIGIN, host: str = "127.0.0.1:9130", **more):
    return agent.post("/slips", json=SLIP | more, headers={"Origin": origin, "Host": host})


def test_a_slip_holds_the_number_the_lines_and_the_address_as_qr_and_is_cut(paper, width):
    agent = create_app(ORIGIN, Printer(paper.connect, width)).test_client()
    assert hand_over(agent).json == {"printed": True}
    (printed,) = paper.bytes
    assert ADDRESS.encode() in printed
    size = {58: 6, 80: 8}[width]  # as wide as five letters can be
    enlarged = b"\x1d!" + bytes([(size - 1) << 4 | (size - 1)])
    assert enlarged in printed
    assert printed.index(enlarged) < printed.index(b"B-012")
    assert b"Lantai 1" in printed
    assert b"Gerai G02" in printed
    assert printed.rstrip(b"\x00").endswith(b"\x1dV")


def test_no_line_is_wider_than_the_paper(paper, agent):
    hand_over(agent, lines=["Syarat: " + "fotokopi kartu keluarga, " * 12])
    runs = re.findall(r"(?:[a-z]+,? ?)+", paper.bytes[0].decode("ascii", "ignore"))
    assert 20 < max(map(len, runs)) <= 32


@pytest.mark.parametrize("letters", [36, 100])
def test_word_longer_than_the_paper_is_broken_and_loses_no_letter(paper, width, letters):
    agent = create_app(ORIGIN, Printer(paper.connect, width)).test_client()
    assert hand_over(agent, lines=[f"Surat {'W' * letters}"]).json == {"printed": True}
    parts = [len(part) for part in re.findall(rb"W+", paper.bytes[0])]
    assert sum(parts) == letters
    assert max(parts) <= {58: 32, 80: 48}[width]


# What comes in a name, and what is left of it on paper.
STEERING = {
    "escape": ("\x1b@\x1bp\x00\x19\x19", "@p"),
    "group-separator": ("\x1dV\x00", " V"),
    "file-separator-and-data-link-escape": ("\x1c.\x10\x14\x01\x00\x01", " ."),
    "line-feeds": ("\r\n\t\v\f\u2028", " "),
    "eight-bit": ("\x9b\x84\x8d", ""),
    "format": ("\u200b\u202e\u2066\ufeff\u00ad", ""),
    "private": ("\ue000\U000f0000", ""),
}


@pytest.mark.parametrize(("steering", "left"), STEERING.values(), ids=STEERING)
def test_characters_that_steer_never_reach_the_printer(paper, agent, steering, left):
    def slip(inside: str) -> dict:
        fields = dict.fromkeys(("heading", "title", "about_address"), f"Kota{inside}Pekalongan")
        return fields | {"number": f"B{inside}1", "lines": [f"Gerai{inside}G02"]}

    assert hand_over(agent, **slip(steering)).json == {"printed": True}
    assert hand_over(agent, key="another-key", **slip(left)).json == {"printed": True}
    assert paper.bytes[0] == paper.bytes[1]


def test_line_of_nothing_but_characters_that_steer_is_left_out(paper, agent):
    assert hand_over(agent, lines=["Gerai G02", "\u200b\x1b", "Lantai 1"]).json == {"printed": True}
    assert hand_over(agent, key="another-key", lines=["Gerai G02", "Lantai 1"]).json == {"printed": True}
    assert paper.bytes[0] == paper.bytes[1]
    assert hand_over(agent, number="\u200b").status_code == 422


def test_address_with_characters_that_steer_is_refused(paper, agent):
    refused = hand_over(agent, address=f"{ORIGIN}/x\x1b@")
    assert (refused.status_code, sorted(refused.json["errors"])) == (422, ["address"])
    assert paper.bytes == []


def test_the_same_key_is_printed_once_and_another_prints_again(paper, agent):
    assert [hand_over(agent).json["printed"] for _ in range(2)] == [True, False]
    assert hand_over(agent, key="asked-once-more").json == {"printed": True}
    assert len(paper.bytes) == 2


def test_a_printer_that_fails_is_told_and_the_same_slip_can_be_tried_again(paper, agent):
    paper.broken = True
    failed = hand_over(agent)
    assert (failed.status_code, failed.json["reason"]) == (503, "printer-failed")
    assert failed.headers["Access-Control-Allow-Origin"] == ORIGIN
    paper.broken = False
    assert hand_over(agent).json == {"printed": True}


@pytest.mark.parametrize("stranger", [{"origin": "http://evil.example"}, {"host": "evil.example:9130"}])
def test_no_other_page_prints(paper, agent, stranger):
    refused = hand_over(agent, **stranger)
    assert (refused.status_code, refused.json["reason"]) == (403, "wrong-origin")
    assert paper.bytes == []


def test_the_browser_may_ask_first_and_only_for_our_page(agent):
    def allowed(origin: str) -> str | None:
        return agent.options("/slips", headers={"Origin": origin, "Host": "127.0.0.1:9130"}).headers.get(
            "Access-Control-Allow-Origin"
        )

    assert allowed(ORIGIN) == ORIGIN
    assert allowed("http://evil.example") is None


def test_what_is_no_slip_is_refused_with_the_fields(paper, agent):
    refused = hand_over(agent, address="javascript:alert(1)", number="")
    assert refused.status_code == 422
    assert sorted(refused.json["errors"]) == ["address", "number"]
    assert paper.bytes == []


def test_a_network_printer_gets_the_bytes_and_one_that_is_away_fails(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        received = []

        def take() -> None:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(4096):
                    received.append(data)

        reader = threading.Thread(target=take)
        reader.start()
        printer = Printer(Settings(ORIGIN, f"network:127.0.0.1:{port}", 80, 9130).connect, 80)
        assert printer.print(SLIP)
        reader.join(5)
        assert b"B-012" in b"".join(received)
    agent = create_app(ORIGIN, printer).test_client()
    assert hand_over(agent, key="the-printer-is-gone").status_code == 503


def test_all_wrong_settings_are_told_at_once(monkeypatch, capsys):
    wrong = {"ORIGIN": "mall", "PRINTER": "inkjet", "PAPER": "57"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    assert [name for name in wrong if f"setting {name}" in told] == list(wrong)
    monkeypatch.setenv("ORIGIN", ORIGIN)
    monkeypatch.setenv("PRINTER", "usb:04b8:0e15")
    monkeypatch.setenv("PAPER", "58")
    assert Settings.from_env(Env()).place == "usb:04b8:0e15"
