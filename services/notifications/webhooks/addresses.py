"""Which addresses a webhook may have: none inside, whatever name leads there.

When a webhook is registered, the web process judges an address that is written in the URL. It looks up no name, as it
has no way out: the worker does that soon after, and again before each delivery. The connection then goes to one of the
very addresses that were judged, so that a name cannot lead elsewhere in between. Source of the networks: the IANA
registries of special-purpose addresses (RFC 6890), and where clouds tell secrets to their machines.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from marshmallow import ValidationError

from services.chassis.config import Env
from services.chassis.errors import Invalid
from services.notifications.exchange import Target

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

OUTSIDE = "outside"  # what a look-up finds where something may be sent
LONGEST = 500  # characters of a URL
WEB_PORTS = (80, 443)  # others below 1024 are of mail, shells and the like
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
INSIDE: list[Network] = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # a cloud's own door to its machines, at a public address
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
OUTSIDE_V6 = IPv6Network("2000::/3")  # all that is given out
LOCALHOST = re.compile(r"(.+\.)?localhost\.?", re.ASCII)  # the machine itself, whatever a DNS says (RFC 6761)
TRANSLATED = IPv6Network("64:ff9b::/96")  # an IPv4 address at its end (RFC 6052)


class InvalidUrl(Invalid):
    """This is no address that a webhook can have."""


class InternalAddress(Invalid):
    """The address leads inside."""


class UnknownHost(Invalid):
    """Nobody knows this name."""


@dataclass(frozen=True)
class Gate:
    """Judges addresses. `allowed` networks are allowed although they are inside; `http` where no TLS is needed."""

    allowed: Sequence[Network] = ()
    http: bool = False

    @classmethod
    def from_env(cls, env: Env) -> "Gate":
        """Read `WEBHOOK_…` settings."""
        networks: list[str] = env.list("WEBHOOK_ALLOWED_NETWORKS", [], validate=_must_be_networks) or []
        return cls(tuple(ip_network(text) for text in networks if _is_network(text)), env.bool("WEBHOOK_HTTP", False))

    def target(self, url: str) -> Target:
        """What a URL means. Raises `InvalidUrl`."""
        try:
            target = Target.of(url)
        except ValueError:
            raise InvalidUrl() from None
        sound = (
            (target.secure or self.http)
            and len(url) <= LONGEST
            and "\\" not in url
            and (NAME.fullmatch(target.host) or _is_v6(target.host))
            and (target.port in WEB_PORTS or 1024 <= target.port <= 65535)
        )
        if not sound:
            raise InvalidUrl()
        return target

    def must_not_be_inside(self, target: Target) -> None:
        """Refuse a target that names an address inside, in whatever notation; asks no DNS. Raises `InternalAddress`."""
        host = "127.0.0.1" if LOCALHOST.fullmatch(target.host) else target.host
        try:
            self._judged(target, socket.getaddrinfo(host, target.port, flags=socket.AI_NUMERICHOST))
        except (OSError, UnicodeError):
            return  # a name

    def addresses(self, target: Target) -> list[Address]:
        """Return the addresses behind a target's name, the preferred one first.

        Raises `UnknownHost`; `InternalAddress` if any of several is inside.
        """
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise UnknownHost(host=target.host) from None
        return self._judged(target, found)

    def look_up(self, url: str) -> str:
        """Return what a look-up of a URL's name finds: `outside`, or the reason to send nothing there."""
        try:
            self.addresses(self.target(url))
        except Invalid as problem:
            return problem.reason
        return OUTSIDE

    def _judged(self, target: Target, found: Sequence[tuple[Any, ...]]) -> list[Address]:
        addresses = list(dict.fromkeys(ip_address(str(address[0])) for *_, address in found))
        if not addresses or not all(map(self.lets_through, addresses)):
            raise InternalAddress(host=target.host)
        return addresses

    def lets_through(self, address: Address) -> bool:
        """Whether something may be sent there."""
        if isinstance(address, IPv6Address):
            if inner := address.ipv4_mapped or _translated(address):
                return self.lets_through(inner)
            outside = address in OUTSIDE_V6
        else:
            outside = True
        allowed = any(address in network for network in self.allowed)
        return allowed or (outside and not any(address in network for network in INSIDE))


def _translated(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else None


def _is_v6(host: str) -> bool:
    try:
        return isinstance(ip_address(host), IPv6Address) and "%" not in host
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _must_be_networks(texts: Sequence[str]) -> None:
    if wrong := [text for text in texts if not _is_network(text)]:
        raise ValidationError(f"no networks such as 192.168.1.0/24: {', '.join(wrong)}")
