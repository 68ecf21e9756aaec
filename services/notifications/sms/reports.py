"""Reports of what became of a text: at an address made for it alone, which nobody else can make or read."""

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import quote

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from services.chassis.config import Env
from services.chassis.errors import Forbidden
from services.notifications.sms.gateways.http import Description, Report
from services.notifications.sms.gateways.providers import PROVIDERS

HEADER = {"alg": "dir", "enc": "A256GCM"}
KANNEL_ASKS_FOR = "?status=%d"  # Kannel puts its report in here


class BadReport(Forbidden):
    """This address was not made by us, or not for this gateway."""


class Reports:
    """Makes the addresses that gateways report to, and reads them.

    The ticket's id is a secret between the visitor and us: it is encrypted in the address, and the same encryption
    proves that we made it. Without a secret and an address of ours no reports are asked for.
    """

    def __init__(self, secret: str, base: str, own: Description | None = None) -> None:
        self._key = OctKey.import_key(hashlib.sha256(secret.encode()).digest()) if secret else None
        self._base = base.rstrip("/")
        described = {**PROVIDERS, **({"http": own} if own else {})}
        self.readers: Mapping[str, Report] = {n: found.report for n, found in described.items() if found.report}

    @classmethod
    def from_env(cls, env: Env, own: Description | None) -> "Reports":
        """Read `SMS_REPORTS_SECRET` and `SMS_REPORTS_URL`."""
        return cls(env.str("SMS_REPORTS_SECRET", "") or "", env.str("SMS_REPORTS_URL", "") or "", own)

    def url(self, gateway: str, subject: str, message_id: str) -> str:
        """Where a gateway reports about a text; empty where none are asked for."""
        if self._key is None or not self._base or gateway not in self.readers:
            return ""
        sealed = json.dumps([gateway, subject, message_id]).encode()
        token = quote(jwe.encrypt_compact(HEADER, sealed, self._key))
        asked = KANNEL_ASKS_FOR if gateway == "kannel" else ""
        return f"{self._base}/notifications/api/gateways/{gateway}/reports/{token}{asked}"

    def opened(self, gateway: str, token: str) -> tuple[str, str]:
        """The subject and the message that an address was made for. Raises `BadReport`."""
        if self._key is None:
            raise BadReport()
        try:
            named, subject, message_id = json.loads(jwe.decrypt_compact(token, self._key).plaintext or b"")
        except (JoseError, ValueError, TypeError):
            raise BadReport() from None
        if named != gateway or gateway not in self.readers:
            raise BadReport()
        return str(subject), str(message_id)
