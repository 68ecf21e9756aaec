"""Tokens for machines over HTTP: issue, list, revoke."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
from flask import current_app
from marshmallow.validate import Length, OneOf, Range

from services.catalog.access.api.accounts import blueprint
from services.catalog.access.api.common import ScopeFields, context, registry, scope_of
from services.catalog.access.domain.commands import IssueToken, RevokeToken
from services.catalog.access.domain.events import TokenIssued
from services.catalog.access.domain.refusals import UnknownToken
from services.chassis.clock import now
from services.chassis.routes import allow
from services.kernel.tokens import ROLES, BadToken, Revoked, Verifier


class NewToken(ScopeFields):
    """A token for a machine; of an `account`, whose role and scope it then has, for that one's programs."""

    name = ma.fields.String(required=True, validate=Length(1, 60), metadata={"example": "Kios pintu utama"})
    role = ma.fields.String(load_default="device", validate=OneOf(ROLES))
    account = ma.fields.String(load_default="", validate=Length(max=60))
    days = ma.fields.Integer(load_default=365, validate=Range(1, 1100))


class TokenOut(ma.Schema):
    """What is kept of a token: its id, not itself."""

    id = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    scope = ma.fields.Dict()
    account = ma.fields.String()
    issued_at = ma.fields.String()
    expires_at = ma.fields.String()
    revoked = ma.fields.Boolean()


class TokenMade(TokenOut):
    """A new token: `token` is shown this once."""

    token = ma.fields.String()


class TokenList(ma.Schema):
    """All tokens that were made here and have not ended, by name."""

    tokens = ma.fields.List(ma.fields.Nested(TokenOut))


class Presented(ma.Schema):
    """A token, as it was found."""

    token = ma.fields.String(required=True, validate=Length(1, 2000))


@blueprint.get("/tokens")
@allow("administrator")
@blueprint.response(200, TokenList)
def list_tokens() -> dict[str, Any]:
    """All tokens that were made here and have not ended."""
    people, at = registry().accounts.people(), now()
    ahead = sorted((t for t in people.tokens.values() if t.expires_at > at), key=lambda token: token.name)
    return {"tokens": [_token(token) | {"revoked": token.id in people.revoked} for token in ahead]}


@blueprint.post("/tokens")
@allow("administrator")
@blueprint.arguments(NewToken())
@blueprint.response(201, TokenMade)
@blueprint.alt_response(409, description="`name-taken`, `disabled`")
@blueprint.alt_response(422, description="`invalid-role`, `invalid-places`")
def issue_token(given: dict[str, Any]) -> dict[str, Any]:
    """A token for a machine. It is in this answer and nowhere else."""
    at = now()
    ends, id = at + timedelta(days=given["days"]), secrets.token_urlsafe(12)
    command = IssueToken(id, given["name"], given["role"], scope_of(given), given["account"], ends, at)
    issued, token = registry().accounts.issue(command, **context())
    return _token(issued) | {"revoked": False, "token": token}


@blueprint.delete("/tokens/<token>")
@allow("administrator")
@blueprint.response(204)
@blueprint.alt_response(404, description="`unknown-token`")
def revoke_token(token: str) -> None:
    """Revoke a token: no service accepts it any longer."""
    registry().accounts.act(RevokeToken(token, now()), **context())


@blueprint.post("/revocations")
@allow("administrator")
@blueprint.arguments(Presented())
@blueprint.response(204)
@blueprint.alt_response(404, description="`unknown-token`: it has no id, has ended, or is not ours")
def revoke_presented(given: dict[str, str]) -> None:
    """Revoke a token that you have, also one that was made on the command line."""
    verifier: Verifier = current_app.extensions["verifier"]
    try:
        found = verifier.actor(f"Bearer {given['token']}")
    except Revoked:
        return
    except BadToken:
        raise UnknownToken() from None
    if not found.token or found.session:
        raise UnknownToken()
    ends = datetime.fromtimestamp(int(found.expires), now().tzinfo)
    registry().accounts.act(RevokeToken(found.token, now(), ends), **context())


def _token(token: TokenIssued) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "scope": dict(token.scope),
        "account": token.account,
        "issued_at": token.issued_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
    }
