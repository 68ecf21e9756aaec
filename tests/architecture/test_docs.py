"""docs/event-model.md names everything that is stored, published or refused."""

import re
from pathlib import Path

import pytest

import services
from services.catalog.access import (
    accounts,
    attempts,
    devices,
    identities,
    passkeys,
    passwords,
    provider,
    second_factor,
    sign_in,
)
from services.catalog.access.domain import ACCESS
from services.catalog.access.domain import commands as access_commands
from services.catalog.access.domain import refusals as access_refusals
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.waiting import WAITING
from services.chassis.errors import Problem
from services.kernel.access import REVOCATIONS
from services.notifications import correspondence
from services.notifications.domain import commands as of_texts
from services.notifications.domain import wording
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.mall import MALL as MALL_OF_TEXTS
from services.notifications.webhooks import addresses as webhook_addresses
from services.notifications.webhooks import api as webhook_api
from services.notifications.webhooks import domain as webhooks
from services.notifications.webhooks.domain import WEBHOOKS
from services.notifications.webhooks.domain import refusals as of_webhooks
from services.ticketing.api import reports, seals
from services.ticketing.domain import mall
from services.ticketing.domain.day import DAY, commands, refusals
from services.ticketing.domain.history import HISTORY
from services.ticketing.domain.mall import MALL
from services.ticketing.survey import api as survey_api
from services.ticketing.survey import domain as survey
from services.ticketing.survey.domain import SURVEY

FOLDER = Path(services.__file__).parent
NAMED = set(re.findall(r"`([\w-]+)`", (FOLDER.parent / "docs" / "event-model.md").read_text()))
RULES = (
    *(DIRECTORY, WAITING, ACCESS, REVOCATIONS, DAY, MALL, HISTORY, SURVEY),
    *(CORRESPONDENCE, MALL_OF_TEXTS, WEBHOOKS),
)


def lacking(names: set[str]) -> list[str]:
    return sorted(names - NAMED)


def test_every_stored_event_is_named():
    assert lacking({event.__name__ for rules in RULES for event in rules.events}) == []


def test_every_command_of_a_day_is_named():
    assert lacking({kind.__name__ for kind in commands.Command.__args__}) == []


def test_every_command_of_access_is_named():
    assert lacking({kind.__name__ for kind in access_commands.Command.__args__}) == []


def test_every_command_about_texts_is_named():
    assert lacking({kind.__name__ for kind in of_texts.Command.__args__}) == []


def test_every_command_of_webhooks_is_named():
    assert lacking({kind.__name__ for kind in webhooks.Command.__args__}) == []


def test_every_published_event_is_named():
    assert lacking({file.name.partition(".")[0] for file in FOLDER.rglob("schemas/*.json")}) == []


@pytest.mark.parametrize(
    "module",
    [
        access_refusals,
        accounts,
        *(refusals, mall, reports, sign_in, passwords, attempts, identities, provider, wording, correspondence),
        *(devices, passkeys, seals, second_factor, survey, survey_api, of_webhooks, webhook_addresses, webhook_api),
    ],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_every_refusal_is_named(module):
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Problem)]
    assert lacking({kind().reason for kind in kinds if kind.__module__ == module.__name__}) == []
