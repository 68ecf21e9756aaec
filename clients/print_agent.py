"""The kiosk's own printer: `python -m clients.print_agent` prints slips that the kiosk page hands over (ESC/POS).

It runs on the kiosk's machine, listens on loopback alone and obeys one page: that of ORIGIN, the mall's address as the
kiosk's browser shows it. Open the kiosk with `?print=agent`. Settings, from the environment:

ORIGIN       http://192.168.1.10:8000
PRINTER      network:192.168.1.50 (port 9100), file:/dev/usb/lp0, or usb:04b8:0e15
PAPER        58 or 80 (mm)
AGENT_PORT   9130
"""

import logging
import textwrap
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import structlog
from escpos.escpos import Escpos
from escpos.exceptions import Error as PrinterError
from escpos.printer import File, Network, Usb
from flask import Flask, Response, jsonify, request
from marshmallow.validate import Length, OneOf, Regexp
from werkzeug.serving import make_server

from services.chassis.config import Env, configure_logging

log = structlog.get_logger()

COLUMNS = {58: 32, 80: 48}  # of the printer's usual letters
DOTS_OF_QR = {58: 6, 80: 8}  # for each of its squares
KNOWN_KEYS = 200
PLACES = r"(network:[\w.:-]+|file:/.+|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4})"
REFUSALS = {
    "wrong-origin": (403, "Halaman ini tidak boleh mencetak di sini.", "This page may not print here."),
    "invalid": (422, "Isi tiket tidak dapat dibaca.", "The slip cannot be read."),
    "printer-failed": (503, "Printer tidak mencetak. Periksa kertas dan kabelnya.", "The printer does not print."),
}


class Line(ma.fields.String):
    """Text as it may reach the printer: in one line, without characters that only steer.

    Names come from the catalogue. A control character in one is a command to the printer (ESC/POS begins with ESC, FS,
    GS and DLE, and C1 holds their eight-bit forms); format characters take a column on paper and show nothing.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return printable(super()._deserialize(value, attr, data, **more))


def printable(text: str) -> str:
    """The text with white space as single spaces and without control, format, private and unassigned characters."""
    kept = "".join(sign for sign in text if sign.isspace() or not unicodedata.category(sign).startswith("C"))
    return " ".join(kept.split())


class Slip(ma.Schema):
    """What is printed, in the visitor's language; `key` is another one for each time somebody asks for paper."""

    key = ma.fields.String(required=True, validate=Length(8, 64))
    heading = Line(required=True, validate=Length(max=120))
    title = Line(required=True, validate=Length(max=80))
    number = Line(required=True, validate=Length(1, 12))
    lines = ma.fields.List(Line(validate=Length(max=400)), load_default=list, validate=Length(max=12))
    address = ma.fields.Url(
        required=True, require_tld=False, schemes={"http", "https"}, validate=[Length(max=400), Regexp(r"[!-~]+\Z")]
    )
    about_address = Line(required=True, validate=Length(max=120))


def draw(slip: dict[str, Any], printer: Escpos, paper: int) -> None:
    """Print a slip: the mall, the number as large as fits, what to know, the QR code of the visitor's page; cut."""
    columns = COLUMNS[paper]

    def write(text: str, **style: Any) -> None:
        if not text:
            return
        printer.set_with_default(align="center", **style)
        printer.textln(textwrap.fill(text, columns // style.get("width", 1), break_long_words=True))

    write(slip["heading"], bold=True)
    printer.ln()
    write(slip["title"])
    size = min(8, columns // len(slip["number"]))
    write(slip["number"], bold=True, custom_size=True, width=size, height=size)
    printer.ln()
    for line in slip["lines"]:
        write(line)
    printer.ln()
    printer.set_with_default(align="center")
    printer.qr(slip["address"], native=True, size=DOTS_OF_QR[paper])
    write(slip["about_address"])
    printer.cut()


class Printer:
    """The printer, opened anew for each slip, so that it may be switched off or unplugged between two."""

    def __init__(self, connect: Callable[[], Escpos], paper: int) -> None:
        self._connect, self._paper = connect, paper
        self._mutex = threading.Lock()
        self._done: OrderedDict[str, None] = OrderedDict()

    def print(self, slip: dict[str, Any]) -> bool:
        """Print a slip, unless its key was printed already. Raises `PrinterError` and `OSError`."""
        with self._mutex:
            if slip["key"] in self._done:
                return False
            printer = self._connect()
            try:
                draw(slip, printer, self._paper)
            finally:
                printer.close()
            self._done[slip["key"]] = None
            while len(self._done) > KNOWN_KEYS:
                self._done.popitem(last=False)
            return True


@dataclass(frozen=True)
class Settings:
    """Where the page comes from, where the printer is, how wide its paper is."""

    origin: str
    place: str
    paper: int
    port: int

    @classmethod
    def from_env(cls, env: Env) -> "Settings":
        """Read them; `env.check()` tells what is wrong."""
        return cls(
            origin=env.str("ORIGIN", validate=Regexp(r"https?://[^/]+$")),
            place=env.str("PRINTER", validate=Regexp(f"{PLACES}$")),
            paper=env.int("PAPER", 80, validate=OneOf(list(COLUMNS))),
            port=env.int("AGENT_PORT", 9130),
        )

    def connect(self) -> Escpos:
        """The printer, ready to print. Raises `PrinterError` and `OSError`."""
        kind, _, where = self.place.partition(":")
        if kind == "network":
            host, _, port = where.partition(":")
            printer = Network(host, port=int(port or 9100), timeout=5)
        elif kind == "file":
            printer = File(where)
        else:
            vendor, product = where.split(":")
            printer = Usb(int(vendor, 16), int(product, 16))
        printer.open()
        return printer


def create_app(origin: str, printer: Printer) -> Flask:
    """The agent for one page's origin and one printer."""
    app = Flask("print_agent", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 16 * 1024

    @app.before_request
    def only_our_page() -> Response | None:
        """Any page a browser on this machine shows could ask; the host's name tells those that were tricked here."""
        here = request.host.partition(":")[0] in ("127.0.0.1", "localhost")
        return None if here and request.headers.get("Origin") == origin else refusal("wrong-origin")

    @app.after_request
    def let_it_read(answer: Response) -> Response:
        answer.headers["Vary"] = "Origin"
        if request.headers.get("Origin") == origin:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
            answer.headers["Access-Control-Allow-Private-Network"] = "true"
        return answer

    @app.post("/slips")
    def print_slip() -> Response:
        try:
            slip = Slip().load(request.get_json(silent=True) or {})
        except ma.ValidationError as error:
            return refusal("invalid", errors=error.messages)
        try:
            printed = printer.print(slip)
        except (PrinterError, OSError) as error:
            log.error("the printer failed", number=slip["number"], cause=repr(error))
            return refusal("printer-failed")
        log.info("printed" if printed else "ignored", number=slip["number"])
        return jsonify(printed=printed)

    return app


def refusal(reason: str, **more: Any) -> Response:
    """A problem document (RFC 9457), in the reader's language."""
    status, indonesian, english = REFUSALS[reason]
    detail = english if request.headers.get("Accept-Language", "").startswith("en") else indonesian
    problem = {"type": f"urn:mpp:problem:{reason}", "title": reason, "status": status, "detail": detail}
    answer = jsonify(problem | {"reason": reason} | more)
    answer.status_code, answer.mimetype = status, "application/problem+json"
    return answer


def main() -> None:
    """Serve until it is stopped; exit 2 with a line for each wrong setting."""
    env = Env()
    settings = Settings.from_env(env)
    env.check()
    configure_logging("print-agent")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = create_app(settings.origin, Printer(settings.connect, settings.paper))
    log.info("ready", port=settings.port, origin=settings.origin, printer=settings.place, paper=settings.paper)
    make_server("127.0.0.1", settings.port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
