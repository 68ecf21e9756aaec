"""Signing in at a provider: OpenID Connect, the authorization code flow with PKCE (RFC 6749, RFC 7636, OIDC Core 1.0).

The provider says who somebody is; what they may do is decided here, by the account an administrator linked to them.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, request, session
from flask.sessions import SecureCookieSessionInterface
from joserfc.errors import JoseError

from services.catalog.access.provider import (
    Provider,
    ProviderAway,
    ProviderRefused,
    SignInCancelled,
    SignInInterrupted,
    Unnamed,
)
from services.chassis.origin import HOST_PREFIX

log = structlog.get_logger()

COOKIE = "mpp-provider"  # state, nonce and PKCE's verifier, on the way to the provider and back
PATH = "/catalog/sign-in/provider"
PATIENCE = 5.0  # seconds that the provider may take to answer
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
CANCELLED = ("access_denied", "login_required", "consent_required", "interaction_required")


class SignInProvider:
    """The provider as this process speaks to it. Thread-safe."""

    def __init__(self, app: Flask, provider: Provider, private_pem: str) -> None:
        self.provider = provider
        app.secret_key = hmac.digest(private_pem.encode(), b"sign-in by a provider", "sha256")
        app.session_interface = _Session()
        # Lax: the way back begins at the provider, and a strict cookie would not come along.
        app.config.update(SESSION_COOKIE_SAMESITE="Lax")
        self._client = OAuth(app).register(
            "provider",
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            client_cls=_Client,
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": provider.scopes, "code_challenge_method": "S256", "default_timeout": PATIENCE},
        )

    def begin(self, back: str, here: str) -> Response:
        """Send the browser to the provider, which sends it back to `here`; `back` is where it goes after that.

        Raises `ProviderAway`.
        """
        session.clear()
        session["back"] = back
        try:
            self._discover()
            answer: Response = self._client.authorize_redirect(here)
        except (requests.RequestException, RuntimeError, ValueError) as error:
            raise self._away(error) from error
        return answer

    def way_back(self) -> str:
        """Where the browser goes after it was at the provider; before `end`."""
        return str(session.get("back", "/"))

    def must_have_begun(self) -> None:
        """Refuse a return that this browser did not begin here: nothing is asked of the provider.

        Raises `SignInInterrupted`.
        """
        if not self._client.framework.get_state_data(session, request.args.get("state", "")):
            raise SignInInterrupted()

    def end(self) -> str:
        """Who came back, by the claim that says whose account it is.

        Raises `ProviderAway`, `ProviderRefused`, `SignInCancelled`, `SignInInterrupted`, `Unnamed`.
        """
        try:
            self._discover()
            found = self._claims()
        except MismatchingStateError as error:
            raise SignInInterrupted() from error
        except OAuthError as error:
            if error.error in CANCELLED:
                raise SignInCancelled() from error
            log.error("the provider refused", error=error.error)
            raise ProviderRefused() from error
        except JoseError as error:
            log.error("not what the provider would say", error=type(error).__name__, detail=str(error))
            raise SignInInterrupted() from error
        except (requests.RequestException, RuntimeError, ValueError) as error:
            raise self._away(error) from error
        finally:
            session.clear()
        return self._name(found)

    def _name(self, claims: Mapping[str, Any]) -> str:
        known_as = claims.get(self.provider.claim)
        unverified = self.provider.claim == "email" and claims.get("email_verified") is not True
        if not isinstance(known_as, str) or not known_as.strip() or unverified:
            raise Unnamed(claim=self.provider.claim)
        return self.provider.spelled(known_as)

    def _claims(self) -> dict[str, Any]:
        expected = {"iss": self.provider.issuer, "aud": self.provider.client_id}
        options = {name: {"essential": True, "value": value} for name, value in expected.items()}
        token = self._client.authorize_access_token(claims_options=options)
        if "userinfo" not in token:
            raise OAuthError("no_id_token")
        claims = dict(token["userinfo"])
        if self.provider.claim not in claims and "userinfo_endpoint" in self._client.server_metadata:
            more = self._client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:  # OIDC Core 5.3.2: it may be about somebody else
                raise OAuthError("another_subject")
            claims = {**more, **claims}
        return claims

    def _discover(self) -> None:
        """Learn the provider's addresses, once; and believe only signatures that nobody but itself can make."""
        metadata = self._client.load_server_metadata()
        if metadata.get("issuer") != self.provider.issuer:
            raise RuntimeError(f"the provider calls itself {metadata.get('issuer')!r}")
        metadata["id_token_signing_alg_values_supported"] = list(ALGORITHMS)

    def _away(self, error: Exception) -> ProviderAway:
        log.error("the provider is away", error=type(error).__name__, detail=str(error))
        return ProviderAway()


class _WithoutRedirects(OAuth2Session):  # type: ignore[misc]
    """Requests to the addresses that the provider names, and to no other: the client secret goes along."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        answer: requests.Response = super().request(method, url, **{**options, "allow_redirects": False})
        if answer.is_redirect:
            raise requests.TooManyRedirects(f"{urlsplit(url).path} redirects", response=answer)
        return answer


class _Client(FlaskOAuth2App):  # type: ignore[misc]
    client_cls = _WithoutRedirects


class _Session(SecureCookieSessionInterface):
    """Flask's session, for the way to the provider and back only; secure where the request is.

    Over https with the prefix `__Host-`, for which browsers require the path `/`.
    """

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        return f"{HOST_PREFIX}{COOKIE}" if request.is_secure else COOKIE

    def get_cookie_path(self, app: Flask) -> str:
        return "/" if request.is_secure else PATH
