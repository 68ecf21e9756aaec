"""The real Kannel, with its own fake of an operator's message centre: Debian's packages kannel and kannel-extras."""

import logging
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from servers import free_port
from waiting import eventually
from werkzeug.serving import make_server

from services.kernel import tokens
from services.notifications.app import create_app
from services.notifications.contacts import Contacts
from services.notifications.correspondence import SMS, Correspondences
from services.notifications.domain.commands import HearIssued
from services.notifications.domain.events import IssueHeard
from services.notifications.malls import Malls
from services.notifications.sms.dispatcher import Dispatcher
from services.notifications.sms.gateways.http import HttpGateway
from services.notifications.sms.gateways.providers import PROVIDERS
from services.notifications.sms.line import Line
from services.notifications.sms.reports import Reports

BEARERBOX, SMSBOX = shutil.which("bearerbox", path="/usr/sbin:/usr/bin"), shutil.which("smsbox", path="/usr/sbin")
FAKE_SMSC = next(iter(Path("/usr/lib").glob("**/kannel/test/fakesmsc")), None)
pytestmark = pytest.mark.skipif(
    not (BEARERBOX and SMSBOX and FAKE_SMSC), reason="Kannel is not installed: apt-get install kannel kannel-extras"
)

TODAY = f"{datetime.now(UTC) + timedelta(hours=7):%Y%m%d}"
SITI = f"{TODAY}-pV0nX3mQx2Jc5sV7b1TtGA"
PHONE, PASSWORD, SECRET = "+6281277114455", "s3cret", "a secret of ours"
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = a
smsbox-port = {box}
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}

group = sendsms-user
username = mpp
password = {password}

group = sms-service
keyword = default
text = "-"
"""


class Kannel:
    """Kannel's two boxes, and an operator's centre that can be away."""

    def __init__(self, folder: Path) -> None:
        self._ports = {name: free_port() for name in ("admin", "box", "smsc", "sendsms")}
        self.url = f"http://127.0.0.1:{self._ports['sendsms']}"
        self._folder, self._running = folder, {}
        (folder / "kannel.conf").write_text(CONFIGURATION.format(password=PASSWORD, **self._ports))

    def start(self) -> None:
        self._start("bearerbox", BEARERBOX, "kannel.conf")
        eventually(lambda: answers(self._ports["box"]))
        self._start("smsbox", SMSBOX, "kannel.conf")
        assert eventually(lambda: answers(self._ports["sendsms"])), (self._folder / "smsbox.log").read_text()

    def stop(self) -> None:
        for name in ("centre", "smsbox", "bearerbox"):
            self.end(name)

    def centre_comes(self) -> None:
        port = str(self._ports["smsc"])
        self._start("centre", FAKE_SMSC, "-H", "127.0.0.1", "-r", port, "-i", "1000000", "100 200 text nop")

    def end(self, name: str) -> None:
        if process := self._running.pop(name, None):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def send(self, name: str, number: int) -> None:
        self._running[name].send_signal(number)

    def texts(self) -> list[str]:
        """What the centre was given for the visitor."""
        log = (self._folder / "centre.log").read_text(errors="replace")
        return re.findall(rf"Got message \d+: <\S+ {PHONE[1:]} text (.*)>", log)

    def _start(self, name: str, program: object, *arguments: str) -> None:
        with (self._folder / f"{name}.log").open("w") as log:
            command = [str(program), *arguments]
            self._running[name] = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
    except httpx.ConnectError:
        return False
    except httpx.HTTPError:
        pass  # it is there, and speaks something else
    return True


@pytest.fixture(scope="module")
def kannel(tmp_path_factory) -> Iterator[Kannel]:
    found = Kannel(tmp_path_factory.mktemp("kannel"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture
def reached(mongo_server, database, monkeypatch, tmp_path) -> Iterator[str]:
    """The address of our web process, served on a real socket."""
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    monkeypatch.setenv("SMS_REPORTS_SECRET", SECRET)
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    logging.getLogger().handlers.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def texted(store, reached):
    """Sends Siti her text by a Kannel; tells what became of it."""
    here, closing = Correspondences(store, Contacts(store.database)), []

    def send(url: str, password: str = PASSWORD, read_seconds: float = 10):
        now = datetime.now(UTC)
        here.leave_phone(SITI, PHONE)
        here.act(SITI, HearIssued(IssueHeard(SITI, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, now), now))
        settings = {"url": url, "username": "mpp", "password": password, "sender": "MPPPKL"}
        line = Line("kannel", HttpGateway(PROVIDERS["kannel"], settings, read_seconds=read_seconds), 100)
        dispatcher = Dispatcher(store, here, Malls(store), [line], Reports(SECRET, reached))
        closing.append(dispatcher)
        for commit in store.with_outbox(SMS):
            dispatcher.deliver(commit)
        dispatcher.confirm()

    def message():
        return here.find(SITI).messages[f"{SITI}.issued"]

    yield send, message
    for dispatcher in closing:
        dispatcher.close()


def test_a_text_is_sent_and_reported_to_be_on_the_phone(kannel, texted):
    send, message = texted
    kannel.centre_comes()
    send(kannel.url)
    assert eventually(lambda: message().status == "delivered"), message()
    assert [text for text in kannel.texts() if text.startswith("MPP Kota Pekalongan: nomor antrean B-012.")]
    assert message().attempts == 1
    kannel.end("centre")


def test_with_a_wrong_password_nothing_is_sent_and_it_is_tried_again(kannel, texted):
    send, message = texted
    send(kannel.url, password="wrong")
    assert eventually(lambda: message().attempts >= 1 and message().status == "requested"), message()
    assert message().reason == "status 403"


def test_a_kannel_that_is_down_has_sent_nothing_and_the_text_waits(texted):
    send, message = texted
    send(f"http://127.0.0.1:{free_port()}")
    assert eventually(lambda: message().reason == "unreachable"), message()
    assert message().status == "requested"


def test_a_centre_that_is_slow_takes_the_text_later_and_that_is_reported(kannel, texted):
    send, message = texted
    send(kannel.url)
    assert eventually(lambda: message().status == "accepted"), message()
    time.sleep(0.5)
    assert message().status == "accepted"
    kannel.centre_comes()
    assert eventually(lambda: message().status == "delivered"), message()
    kannel.end("centre")


def test_a_kannel_that_does_not_answer_leaves_it_unknown_and_is_not_asked_again(kannel, texted):
    send, message = texted
    kannel.send("bearerbox", signal.SIGSTOP)
    try:
        send(kannel.url, read_seconds=1)
        assert eventually(lambda: message().status == "unknown"), message()
    finally:
        kannel.send("bearerbox", signal.SIGCONT)
    assert message().attempts == 1
