"""The page of webhooks offers every type of event, also one that no words are written for yet."""

import pytest

from services.kernel import tokens
from services.notifications import pages
from services.notifications.app import create_app


@pytest.fixture
def client(mongo_server, database, monkeypatch, tmp_path):
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    return create_app().test_client()


def test_type_without_words_is_offered_by_its_own_name(client, monkeypatch):
    monkeypatch.setattr(pages, "SUBJECTS", {"days": ("day-opened",), "visits": ("visit-begun",)})
    page = client.get("/notifications/malls/pekalongan/webhooks?lang=en").text
    offered = [("Business day", "day-opened", "Day opened"), ("visits", "visit-begun", "visit-begun")]
    for subject, kind, label in offered:
        assert f"<legend>{subject}</legend>" in page
        assert f'value="{kind}"><span>{label}<small>{kind}</small>' in page
