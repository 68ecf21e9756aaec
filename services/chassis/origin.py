"""Where a request comes from: network address, cookies of this host, same origin."""

import ipaddress
from urllib.parse import urlsplit

from flask import current_app, request

from services.chassis.errors import Forbidden

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
HOST_PREFIX = "__Host-"


class CrossSite(Forbidden):
    """A page of another site made the browser ask, or what it sends is no JSON."""


class NeedsHttps(Forbidden):
    """Sessions are kept over https alone, and over plain http on the machine itself (loopback)."""


def address() -> str:
    """Return the client's address, as the gateway passes it on; of IPv6 its /64 network, which one household has."""
    peer = request.remote_addr or ""
    gateways = current_app.config["GATEWAYS"]
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(forwarded if forwarded and ("*" in gateways or peer in gateways) else peer)
    except ValueError:
        return peer
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def cookie_name(plain: str) -> str:
    """Return the name of a cookie for the scheme of this request: over https with the prefix `__Host-`.

    Browsers take such a cookie only with Secure, from this host itself and for all its paths, so neither another host
    of the domain nor a page over http can set it. Over https no cookie of the plain name is accepted.
    Raises `NeedsHttps` for plain http to another machine, where the cookie could be read on the way.
    """
    if request.is_secure:
        return HOST_PREFIX + plain
    if not _is_loopback(request.host):
        raise NeedsHttps()
    return plain


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cookie(plain: str) -> str:
    """Return the value of a cookie under its name for this request; empty where there is none."""
    try:
        return request.cookies.get(cookie_name(plain), "")
    except NeedsHttps:
        return ""


def must_be_same_origin() -> None:
    """Refuse what a page of another site could make a browser send. Raises `CrossSite`.

    Sec-Fetch-Site says who asks; where browsers leave it out (plain http in a LAN), Origin does.
    """
    own = f"{request.scheme}://{request.host}"
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    same = site == "same-origin" if site else origin == own
    if not same or (request.content_length and not request.is_json):
        raise CrossSite()
