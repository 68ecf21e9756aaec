"""Which provider people may sign in at, and what can go wrong there. How it is spoken to: `oidc`."""

from dataclasses import dataclass
from typing import Self

from marshmallow.validate import Length, Regexp

from services.chassis.config import Env
from services.chassis.errors import NotFound, Unauthorized, Unavailable


class NoProvider(NotFound):
    """No provider is configured."""


class ProviderAway(Unavailable):
    """The provider does not answer, or not as one."""


class ProviderRefused(Unauthorized):
    """The provider did not tell who it is; for operators, the log says why."""


class Unnamed(Unauthorized):
    """The provider did not tell the claim that accounts are linked by, or only an e-mail address nobody verified."""


class SignInCancelled(Unauthorized):
    """Who wanted to sign in, or their provider, broke it off."""


class SignInInterrupted(Unauthorized):
    """What came back does not belong to what this browser began, or is not signed by the provider, or came too late."""


@dataclass(frozen=True)
class Provider:
    """Where and as what to ask; `claim` says whose account it is, `name` is what people call the provider."""

    issuer: str
    client_id: str
    client_secret: str
    claim: str
    scopes: str
    name: str

    @classmethod
    def from_env(cls, env: Env) -> Self | None:
        """Read the settings; None where OIDC_ISSUER is not set. `env.check()` tells what is wrong."""
        where = Regexp(
            r"^(https://\S+|http://(127\.0\.0\.1|localhost)(:\d+)?(/\S*)?)$",
            error="must be an https address (http only for 127.0.0.1 and localhost)",
        )
        if not env.str("OIDC_ISSUER", ""):
            return None
        env.str("TOKEN_PRIVATE_KEY", validate=Length(1, error="is needed to sign in by a provider"))
        unnamed = "must hold the word openid"
        filled = Length(1, error="must not be empty")
        return cls(
            issuer=env.str("OIDC_ISSUER", validate=where),
            client_id=env.str("OIDC_CLIENT_ID", validate=filled),
            client_secret=env.str("OIDC_CLIENT_SECRET", validate=filled),
            claim=env.str("OIDC_CLAIM", "email", validate=filled),
            scopes=env.str("OIDC_SCOPES", "openid email profile", validate=Regexp(r"(.* )?openid( |$)", error=unnamed)),
            name=env.str("OIDC_NAME", "SSO", validate=Length(1, 40)),
        )

    @property
    def namespace(self) -> str:
        """Within which names are unique: of another provider, or by another claim, the same name is somebody else."""
        return f"{self.issuer} {self.claim}"

    def spelled(self, known_as: str) -> str:
        """The name as it is compared: of e-mail addresses capitals mean nothing."""
        return known_as.strip().casefold() if self.claim == "email" else known_as.strip()
