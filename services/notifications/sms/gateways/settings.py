"""Which gateways there are to send by, from the environment; `env.check()` tells all that is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range, Regexp

from services.chassis.config import Env
from services.notifications.exchange import Target
from services.notifications.sms.gateways.by_apprise import AppriseGateway, is_installed
from services.notifications.sms.gateways.gateway import Gateway
from services.notifications.sms.gateways.http import Description, HttpGateway, Misdescribed, described
from services.notifications.sms.gateways.log import LogGateway
from services.notifications.sms.gateways.providers import PROVIDERS, USUAL

UNHURRIED = 10_000  # texts a second: a file needs no protection
NAMES = ("log", "http", "apprise", *PROVIDERS)


@dataclass(frozen=True)
class Chosen:
    """A gateway by its name, made once the environment is known to be right; and how many texts a second it gets."""

    name: str
    make: Callable[[], Gateway]
    rate: int


def gateways(env: Env) -> list[Chosen]:
    """The gateway to send by, and the one to turn to when it cannot."""
    first = env.str("SMS_GATEWAY", "log", validate=[OneOf(NAMES), _must_be_installed])
    second = env.str("SMS_GATEWAY_SECOND", "", validate=[OneOf(["", *NAMES]), _must_be_installed])
    rate = env.int("SMS_RATE", 20, validate=Range(1, 1000))
    connect = env.int("SMS_CONNECT_SECONDS", 3, validate=Range(1, 30))
    read = env.int("SMS_READ_SECONDS", 10, validate=Range(1, 60))
    names = dict.fromkeys(name for name in (first, second) if name)
    return [Chosen(name, _chosen(env, name, connect, read), UNHURRIED if name == "log" else rate) for name in names]


def _chosen(env: Env, name: str, connect: int, read: int) -> Callable[[], Gateway]:
    match name:
        case "log":
            return partial(LogGateway, Path(env.str("SMS_LOG_FILE") or ""))
        case "apprise":
            return partial(AppriseGateway, env.str("SMS_APPRISE_URL", validate=Regexp(r".+://")) or "")
        case "http":
            description = own_description(env, needed=True)
        case _:
            description = PROVIDERS.get(name)
    if description is None:
        return lambda: LogGateway(Path())  # never made: what is wrong is told first
    values = _settings(env, name, description.settings)
    return lambda: HttpGateway(description, values, connect, read)


def own_description(env: Env, needed: bool = False) -> Description | None:
    """The operator's own description of a gateway, from the file that `SMS_HTTP_FILE` names."""
    file = env.str("SMS_HTTP_FILE", *([] if needed else [""]), validate=_must_describe)
    try:
        return described(Path(file).read_text()) if file else None
    except (OSError, Misdescribed):
        return None  # told by the validation above


def _settings(env: Env, gateway: str, names: Sequence[str]) -> Mapping[str, str]:
    """The settings of a gateway, `SMS_KANNEL_PASSWORD` and the like; each also as a file."""
    found = {}
    for name in names:
        usual = USUAL.get(gateway, {})
        given = [usual[name]] if name in usual else []
        checks = {"validate": _must_be_address} if name == "url" else {}
        found[name] = (env.str(f"SMS_{gateway.upper()}_{name.upper()}", *given, **checks) or "").rstrip("/")
    return found


def _must_be_address(url: str) -> None:
    try:
        Target.of(url)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _must_be_installed(name: str) -> None:
    if name == "apprise" and not is_installed():
        raise ValidationError("the package is not there: pip install apprise")


def _must_describe(file: str) -> None:
    if not file:
        return
    try:
        described(Path(file).read_text())
    except (OSError, UnicodeDecodeError, Misdescribed) as error:
        raise ValidationError(f"{file} {error}") from error
