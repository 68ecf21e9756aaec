#!/usr/bin/env python3
"""Follow a mall's events in a terminal, and decide on dead letters, over HTTP and from anywhere.

    mpp tail pekalongan --type ticket-called --since 08:00
    mpp dead-letters ticketing list

One file that needs nothing but Python. MPP_URL is the system's address, MPP_TOKEN (or MPP_TOKEN_FILE) the access token.
"""

import argparse
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

SERVICES = ("catalog", "ticketing", "notifications")
SILENCE = 45.0  # seconds without a sign of life, which comes every 15, after which a connection counts as lost
LONGEST_PAUSE = 30.0
COLOURS = {"called": "1;32", "recalled": "1;32", "issued": "36", "missed": "33", "cancelled": "33", "served": "34"}
ALARMING = ("suspended", "stopped")
SHOWN_APART = ("mall", "business_day", "number", "agency", "counter", "ticket_id")


class Refused(Exception):
    """The system says no; trying again would not help."""


class Lost(Exception):
    """There is no connection, or none any more; it may come back."""


def ask(arguments: argparse.Namespace, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
    """The answer to a GET, or to a POST if there is a body. Raises `Refused` and `Lost`."""
    token = arguments.token or (arguments.token_file and arguments.token_file.read_text().strip()) or ""
    try:
        request = urllib.request.Request(
            arguments.url.rstrip("/") + path,
            None if body is None else json.dumps(body).encode(),
            {
                "Accept-Language": "en",
                "Content-Type": "application/json",
                "Authorization": f"Bearer {token}",
                **headers,
            },
        )
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=SILENCE)
        return answer
    except urllib.error.HTTPError as error:
        said = words(error)
        raise (Lost if error.code in (429, 502, 503, 504) else Refused)(said) from None
    except (OSError, http.client.HTTPException) as error:
        raise Lost(f"{arguments.url} cannot be reached: {getattr(error, 'reason', error)}") from None
    except ValueError as error:
        raise Refused(f"{arguments.url} is no address: {error}. Set MPP_URL or --url.") from None


def words(error: urllib.error.HTTPError) -> str:
    """What a problem document says."""
    try:
        problem = json.load(error)
        return f"{problem['title']} ({error.code} {problem['reason']}). {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.url} answers {error.code} {error.reason}. Is the address right?"


def tail(arguments: argparse.Namespace) -> None:
    """Print events as they happen, coming back by itself whenever the connection is lost."""
    query = [("type", kind) for kind in arguments.type]
    query += [(name, value) for name in ("agency", "after", "since") if (value := getattr(arguments, name)) is not None]
    path = f"/ticketing/live/malls/{urllib.parse.quote(arguments.mall)}/events?{urllib.parse.urlencode(query)}"
    came_to, pause, printed, heard = "", 1.0, 0, False
    while True:
        try:
            for id, data in messages(ask(arguments, path, **({"Last-Event-ID": came_to} if came_to else {}))):
                came_to, pause, heard = id, 1.0, True
                event = json.loads(data) if data else {}
                if event and arguments.number in ("", event["data"].get("number")):
                    print(line(event, arguments), flush=True)
                    printed += 1
                    if printed == arguments.count:
                        return
            raise Lost("the connection has ended")
        except Lost as cause:
            if not heard:
                raise  # a wrong address, more likely than a pause
            tell(f"{cause}; trying again in {pause:.0f} s")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def messages(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    """Id and data of each server-sent event; the data is empty where only the position moved on. Raises `Lost`."""
    if answer.headers.get_content_type() != "text/event-stream":
        raise Refused("What answers there sends no events. Is the address right?")
    id = data = ""
    try:
        for row in answer:
            name, _, value = row.decode().rstrip("\n").partition(": ")
            if name == "id":
                id = value
            elif name == "data":
                data += value
            elif not name and id:
                yield id, data
                data = ""
    except (OSError, http.client.HTTPException) as error:
        raise Lost(f"the connection was lost ({error})") from None


def line(event: Mapping[str, Any], arguments: argparse.Namespace) -> str:
    """An event in one line: as JSON, or for people."""
    if arguments.json:
        return json.dumps(event, ensure_ascii=False)
    data, kind = event["data"], event["type"].rpartition(".")[0].rpartition(".")[2]
    at = datetime.fromisoformat(event["time"]).astimezone()
    apart = "  ".join(str(data[name]) for name in ("number", "agency", "counter") if data.get(name))
    rest = " ".join(f"{name}={short(value)}" for name, value in data.items() if name not in SHOWN_APART)
    return (
        f"{at:%H:%M:%S}  {int(event['sequence']):>6}  {coloured(f'{kind:<20}', kind)}  {apart}  {dimmed(rest)}".rstrip()
    )


def short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def coloured(text: str, kind: str) -> str:
    what = kind.rpartition("-")[2]
    return paint(text, "1;31" if what in ALARMING else COLOURS.get(what, "0"))


def dimmed(text: str) -> str:
    return paint(text, "2")


def paint(text: str, code: str) -> str:
    """The text in a colour on a terminal, and as it is elsewhere (https://no-color.org)."""
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


def dead_letters(arguments: argparse.Namespace) -> None:
    """List, show, try again or discard records that a service could not handle."""
    base = f"/{arguments.service}/api/dead-letters"
    match arguments.act:
        case "list":
            found = json.load(ask(arguments, f"{base}?state={arguments.state}"))["letters"]
            for letter in found:
                what = f"{letter['type'] or 'unreadable'} {letter['event']}".rstrip()
                print(f"{letter['id']}  {letter['at'][:19]}Z  {letter['state']}  {what}\n    {letter['cause']}")
            tell(f"{len(found)} {arguments.state} dead letters of {arguments.service}")
        case "show":
            print(json.dumps(json.load(ask(arguments, f"{base}/{arguments.id}")), ensure_ascii=False, indent=2))
        case "replay":
            ask(arguments, f"{base}/{arguments.id}/replay", {})
            tell(
                "It is handed once more to what could not handle it. In a second or two, `show` tells what came of it."
            )
        case "discard":
            ask(arguments, f"{base}/{arguments.id}/discard", {"why": arguments.why})
            tell("Discarded. It is kept, with your name and why.")


def moment(text: str) -> str:
    """A time of today (08:00) or an ISO 8601 moment, with its zone."""
    whole = f"{datetime.now():%Y-%m-%d}T{text}" if len(text) <= 8 else text
    return datetime.fromisoformat(whole).astimezone().isoformat()


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def give_up(text: object) -> NoReturn:
    tell(f"mpp: {text}")
    raise SystemExit(1)


def parser() -> argparse.ArgumentParser:
    """What can be asked on the command line."""
    whole = argparse.ArgumentParser("mpp", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--url", default=os.environ.get("MPP_URL", "http://127.0.0.1:8000"))
    where.add_argument("--token", default=os.environ.get("MPP_TOKEN", ""), help="safer in MPP_TOKEN or a file")
    where.add_argument("--token-file", type=Path, default=os.environ.get("MPP_TOKEN_FILE") or None)
    commands = whole.add_subparsers(required=True, metavar="tail | dead-letters")
    follow = commands.add_parser("tail", parents=[where], help="follow a mall's events")
    follow.set_defaults(do=tail)
    follow.add_argument("mall")
    follow.add_argument("--type", action="append", default=[], help="such as ticket-called; may come several times")
    follow.add_argument("--agency", help="only of this agency, and what concerns everybody")
    follow.add_argument("--number", default="", help="only of this ticket, such as B-012")
    start = follow.add_mutually_exclusive_group()
    start.add_argument("--after", type=int, help="begin after this number; 0: with the first event there is")
    start.add_argument("--since", type=moment, metavar="TIME", help="begin at 08:00 today, or at an ISO 8601 moment")
    follow.add_argument("--count", type=int, default=0, help="end after so many events")
    follow.add_argument("--json", action="store_true", help="one CloudEvent in each line")
    parked = commands.add_parser("dead-letters", help="records that a service could not handle")
    parked.set_defaults(do=dead_letters)
    parked.add_argument("service", choices=SERVICES)
    acts = parked.add_subparsers(dest="act", required=True, metavar="list | show | replay | discard")
    listing = acts.add_parser("list", parents=[where], help="the newest 100")
    listing.add_argument("--state", default="parked", choices=("parked", "replaying", "handled", "discarded"))
    for act, help in (("show", "one, as it came"), ("replay", "have it tried again"), ("discard", "leave it at that")):
        one = acts.add_parser(act, parents=[where], help=help)
        one.add_argument("id")
        if act == "discard":
            one.add_argument("--why", required=True)
    return whole


def main() -> None:
    """Do what is asked; exit 1 with the reason where that is refused."""
    arguments = parser().parse_args()
    try:
        arguments.do(arguments)
    except (Refused, Lost, OSError) as cause:
        if isinstance(cause, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on, which is no error
            return
        give_up(cause)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
