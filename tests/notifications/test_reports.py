"""Reports of gateways: only at addresses that were made for them, whatever their form, in whatever order."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from services.kernel import tokens
from services.notifications.app import create_app
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
from services.notifications.domain.commands import ClaimMessage, HearIssued, RecordOutcome
from services.notifications.domain.events import IssueHeard
from services.notifications.sms.gateways.http import described
from services.notifications.sms.reports import BadReport, Reports

SITI = f"{datetime.now(UTC) + timedelta(hours=7):%Y%m%d}-pV0nX3mQx2Jc5sV7b1TtGA"
ISSUED = f"{SITI}.issued"
SECRET = "a secret of ours"


@pytest.fixture
def here(store) -> Correspondences:
    """A text is in the hands of the gateway."""
    now, found = datetime.now(UTC), Correspondences(store, Contacts(store.database))
    found.leave_phone(SITI, "+6281277114455")
    found.act(SITI, HearIssued(IssueHeard(SITI, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, now), now))
    found.act(SITI, ClaimMessage(ISSUED, now, "kannel", "MPP"))
    return found


@pytest.fixture
def client(mongo_server, database, monkeypatch, tmp_path):
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    monkeypatch.setenv("SMS_REPORTS_SECRET", SECRET)
    return create_app().test_client()


def address(gateway: str, secret: str = SECRET, message: str = ISSUED) -> str:
    """Where this gateway reports about the text."""
    return urlsplit(Reports(secret, "https://mpp.test").url(gateway, SITI, message)).path


def status(here: Correspondences) -> str:
    return here.find(SITI).messages[ISSUED].status


SAID = {
    "kannel": ({"query_string": "status=1"}, {"query_string": "status=2"}, {"query_string": "status=8"}),
    "twilio": (
        {"data": {"MessageStatus": "delivered", "MessageSid": "SM1", "To": "+6281277114455"}},
        {"data": {"MessageStatus": "undelivered"}},
        {"data": {"MessageStatus": "sent"}},
    ),
    "infobip": tuple(
        {"json": {"results": [{"messageId": "m1", "status": {"groupName": name}}]}}
        for name in ("DELIVERED", "UNDELIVERABLE", "PENDING")
    ),
    "8x8": tuple(
        {"json": {"eventType": "outbound_message_status_changed", "payload": {"status": {"state": name}}}}
        for name in ("delivered", "undelivered", "sent")
    ),
}


@pytest.mark.parametrize("gateway", SAID)
@pytest.mark.parametrize(("place", "leads_to"), [(0, "delivered"), (1, "failed"), (2, "sending")])
def test_each_provider_reports_in_its_own_words(client, here, gateway, place, leads_to):
    ask = client.get if gateway == "kannel" else client.post
    for _ in range(2):
        assert ask(address(gateway), **SAID[gateway][place]).json == {"received": True}
        assert status(here) == leads_to


def test_reports_out_of_order_end_with_what_is_true(client, here):
    for said in ("status=2", "status=1", "status=16", "status=2"):
        client.get(address("kannel"), query_string=said)
    assert status(here) == "delivered"
    here.act(SITI, RecordOutcome(ISSUED, 1, "accepted", "", datetime.now(UTC)))
    assert status(here) == "delivered", "the gateway's answer came last"


@pytest.mark.parametrize(
    "path",
    [
        address("kannel", secret="another"),
        address("kannel").replace("/kannel/", "/twilio/"),
        address("kannel")[:-4] + "AAAA",
        "/notifications/api/gateways/kannel/reports/x",
        "/notifications/api/gateways/log/reports/x",
    ],
    ids=["another secret", "another gateway", "changed", "no address", "no reports"],
)
def test_an_address_that_we_did_not_make_is_refused(client, here, path):
    answer = client.get(path, query_string="status=1")
    assert (answer.status_code, answer.json["reason"]) == (403, "bad-report")
    assert status(here) == "sending"


def test_an_address_tells_nothing_of_the_ticket():
    assert SITI not in address("kannel")
    assert "pV0nX3m" not in address("kannel")


def test_a_report_about_a_text_that_is_not_known_changes_nothing(client, here):
    assert client.get(address("kannel", message=f"{SITI}.none"), query_string="status=1").status_code == 200
    assert status(here) == "sending"


def test_without_a_secret_no_report_is_asked_for_and_none_taken():
    reports = Reports("", "https://mpp.test")
    assert reports.url("kannel", SITI, ISSUED) == Reports(SECRET, "").url("kannel", SITI, ISSUED) == ""
    with pytest.raises(BadReport):
        reports.opened("kannel", "x")


def test_a_gateway_of_ones_own_reports_as_its_description_says():
    own = described('{"url": "https://x", "report": {"path": "s", "delivered": ["OK"], "failed": ["KO"]}}')
    reader = Reports(SECRET, "https://mpp.test", own).readers["http"]
    assert [reader.read({"s": word}) for word in ("OK", "KO", "?")] == [True, False, None]
