"""Settings from the environment (each also as `NAME_FILE`), checked all at once; and the logs."""

import logging
import sys
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import structlog
from environs import EnvValidationError, FileAwareEnv
from marshmallow.validate import Length, OneOf, Regexp

from services.chassis import tracing

URN = "urn:mpp:event:{type}"  # the name of an event's schema, the same everywhere; its `$id`


class Env(FileAwareEnv):
    """Reads variables and collects every error, so that a wrong deployment hears of all of them at the first start."""

    def __init__(self) -> None:
        super().__init__(eager=False, strip_whitespace=True)  # a file ends with a newline
        self._unreadable: dict[str, list[str]] = {}

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            return super()._get_value(env_key, default)
        except ValueError as error:
            self._unreadable[env_key] = [str(error)]
            return default

    def check(self) -> None:
        """Exit with one line per wrong or missing variable."""
        wrong: dict[str, list[str]] = {}
        try:
            self.seal()
        except EnvValidationError as error:
            wrong = cast(dict[str, list[str]], error.error_messages)
        if tracing.is_wanted() and not tracing.is_possible():
            self._unreadable[tracing.ENDPOINTS[0]] = ["needs the extra 'traces', which is not installed"]
        for name, messages in (wrong | self._unreadable).items():
            print(f"setting {name}: {'; '.join(map(str, messages))}", file=sys.stderr)
        if wrong or self._unreadable:
            raise SystemExit(2)


@dataclass(frozen=True)
class Settings:
    """What every process of a service needs to know.

    `schemas` is where an event's schema is, with `{type}` in it; `public_url` is empty where it is not set.
    """

    mongo_url: str = field(repr=False)  # there may be a password in it
    database: str
    log_level: str
    schemas: str = URN
    metrics: str = ""  # where a worker tells its figures: host:port
    public_url: str = ""

    @classmethod
    def from_env(cls, env: Env, service: str) -> "Settings":
        """Read the settings of a service; `env.check()` tells what is wrong."""
        public = env.str("PUBLIC_URL", "", validate=Regexp("^(https?://[^/?# {}]+/?)?$"))
        levels = OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
        url = env.str("MONGO_URL", validate=Regexp("^mongodb(\\+srv)?://"))
        username = env.str("MONGO_USERNAME", "")
        password = env.str("MONGO_PASSWORD", validate=Length(min=1)) if username else ""
        return cls(
            mongo_url=with_login(url or "", username, password or ""),
            database=env.str("MONGO_DATABASE", service),
            log_level=env.str("LOG_LEVEL", "INFO", validate=levels),
            metrics=env.str("METRICS_BIND", "", validate=Regexp("^(.+:[0-9]{1,5})?$")),
            schemas=f"{public.rstrip('/')}/{service}/api/schemas/{{type}}.json" if public else URN,
            public_url=(public or "").rstrip("/"),
        )


def with_login(url: str, username: str, password: str) -> str:
    """The url of a MongoDB with a user's name and password; as it is, if there is no name or the url has one."""
    scheme, _, rest = url.partition("://")
    if not username or "@" in rest:
        return url
    return f"{scheme}://{quote(username, safe='')}:{quote(password, safe='')}@{rest}"


def configure_logging(process: str, level: str = "INFO") -> None:
    """Write one JSON object per line to standard error, library messages included."""
    common: list[Any] = [
        structlog.stdlib.add_log_level,
        tracing.told,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _name, event: {"process": process} | event,
        structlog.processors.format_exc_info,
    ]
    to_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    # Our own lines go straight to the stream: by way of the standard library each costs several times as much.
    structlog.configure(
        processors=[*common, to_json],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
    )
    handler = logging.StreamHandler()
    only_message = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=common, processors=[only_message, to_json])
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    tracing.record(process)
    for noisy in ("kafka", "pymongo"):  # they repeat what our own loops say once
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
