"""Webhooks' secrets in the database: sealed with keys that are not in it, and sealed anew when there is a newer key."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.chassis.seal import Seal
from services.notifications.webhooks.signing import Secrets

OLD, NEW = Seal(["an old key of this test, long enough"]), Seal(["a new key of this test, long enough too"])
BOTH = Seal(["a new key of this test, long enough too", "an old key of this test, long enough"])
NONE = Seal()


def found(database, seal: Seal, *keys: str) -> list[str]:
    """What a process that has just started reads."""
    return Secrets(database, seal).find(keys)


def test_with_a_key_a_secret_is_not_to_be_read_in_the_database(database):
    secret = Secrets(database, OLD).make("hook", "first")
    assert secret.removeprefix("whsec_") not in str(list(database["webhook_secrets"].find()))
    assert found(database, OLD, "first") == [secret]
    assert found(database, NEW, "first") == found(database, NONE, "first") == []


@pytest.mark.parametrize("before", [NONE, OLD])
def test_a_secret_of_before_is_sealed_anew_and_needs_the_newest_key_alone(database, before):
    secrets = [Secrets(database, before).make("hook", key) for key in ("first", "second")]
    Secrets(database, before).let_end("hook", "second", timedelta(days=1))
    was = {kept["_id"]: kept for kept in database["webhook_secrets"].find()}
    assert found(database, BOTH, "first", "second") == secrets, "also before it is sealed anew"
    Secrets(database, BOTH).seal_anew()
    assert found(database, NEW, "first", "second") == secrets
    assert found(database, before, "first", "second") == []
    for kept in database["webhook_secrets"].find():
        assert "secret" not in kept
        rest = kept | {"sealed": ""}
        assert rest == {**{name: was[kept["_id"]][name] for name in kept if name != "sealed"}, "sealed": ""}


@pytest.mark.parametrize("seal", [NEW, NONE])
def test_what_is_sealed_with_the_newest_key_or_cannot_be_sealed_is_not_written_again(database, seal):
    Secrets(database, seal).make("hook", "first")
    was = list(database["webhook_secrets"].find())
    with capture_logs() as logs:
        Secrets(database, seal).seal_anew()
    assert list(database["webhook_secrets"].find()) == was
    assert logs == []


@pytest.mark.parametrize("seal", [NEW, NONE])
def test_a_secret_whose_key_is_lost_is_told_and_kept_until_the_key_is_back(database, seal):
    secret = Secrets(database, OLD).make("hook", "first")
    with capture_logs() as logs:
        Secrets(database, seal).seal_anew()
    assert [(line["log_level"], line["lost"]) for line in logs] == [("error", ["hook"])]
    assert found(database, OLD, "first") == [secret]
