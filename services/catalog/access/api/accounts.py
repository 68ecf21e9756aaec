"""Accounts over HTTP, for administrators."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.catalog.access.api.common import PEOPLE, ScopeFields, context, registry, scope_of, sign_in_provider
from services.catalog.access.domain.commands import ChangeAccess, EnableAccount
from services.catalog.access.domain.state import Account
from services.chassis.clock import now
from services.chassis.routes import allow
from services.kernel.guard import must_have_no_scope
from services.kernel.tokens import ROLES

blueprint = Blueprint("access", __name__, url_prefix="/catalog/api/access", description="Who may do what")


class Access(ScopeFields):
    """A role and its scope."""

    role = ma.fields.String(required=True, validate=OneOf(ROLES))


class NewPassword(ma.Schema):
    """A password of at least 12 characters that is not among the first that an attacker tries."""

    password = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class NewAccount(Access):
    """A new account: user name, first password, role and scope."""

    name = ma.fields.String(required=True, validate=Length(1, 60), metadata={"example": "siti"})
    password = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class KnownAs(ma.Schema):
    """A person's name at the sign-in provider: the value of the claim that OIDC_CLAIM names."""

    known_as = ma.fields.String(
        required=True, validate=Length(1, 200), metadata={"example": "siti@pekalongankota.go.id"}
    )


class AccountOut(ma.Schema):
    """An account; `scope` has its mall, counter or agency, `known_as` is who signs in as it by the provider."""

    id = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    scope = ma.fields.Dict(metadata={"example": {"mall": "pekalongan", "counter": "G02"}})
    enabled = ma.fields.Boolean()
    second_factor = ma.fields.Boolean(metadata={"description": "Signing in takes a code or a passkey as well."})
    created_at = ma.fields.String()
    known_as = ma.fields.String(metadata={"description": "Empty: not linked to the provider."})


class AccountList(ma.Schema):
    """All accounts, by name."""

    accounts = ma.fields.List(ma.fields.Nested(AccountOut))


class RolesOfPeople(ma.Schema):
    """Roles that need a second factor to sign in."""

    roles = ma.fields.List(ma.fields.String(validate=OneOf(PEOPLE)), required=True, validate=Length(max=len(ROLES)))


blueprint.before_request(must_have_no_scope)  # others could make accounts without a scope


@blueprint.get("/accounts")
@allow("administrator")
@blueprint.response(200, AccountList)
def list_accounts() -> dict[str, Any]:
    """All accounts."""
    accounts = sorted(registry().accounts.people().accounts.values(), key=lambda account: account.name)
    known_as = registry().accounts.identities.all()
    return {"accounts": [_account(account, known_as) for account in accounts]}


@blueprint.post("/accounts")
@allow("administrator")
@blueprint.arguments(NewAccount())
@blueprint.response(201, AccountOut)
@blueprint.alt_response(409, description="`name-taken`")
@blueprint.alt_response(422, description="`invalid-name`, `invalid-role`, `invalid-places`, `weak-password`")
def create_account(given: dict[str, str]) -> dict[str, Any]:
    """Create an account with its first password."""
    name = given["name"].strip().casefold()
    return _account(registry().accounts.create(name, given["password"], given["role"], scope_of(given), **context()))


@blueprint.put("/accounts/<account>/access")
@allow("administrator")
@blueprint.arguments(Access())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(409, description="`last-administrator`")
def change_access(given: dict[str, str], account: str) -> dict[str, Any]:
    """Change role and scope of an account: its sessions and tokens for the old ones end."""
    command = ChangeAccess(account, given["role"], scope_of(given), now())
    return _account(registry().accounts.act(command, **context()).account(account))


@blueprint.put("/accounts/<account>/password")
@allow("administrator")
@blueprint.arguments(NewPassword())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(422, description="`weak-password`")
def set_password(given: dict[str, str], account: str) -> dict[str, Any]:
    """Set another password: all sessions and tokens of the account end."""
    return _account(registry().accounts.set_password(account, given["password"], **context()))


@blueprint.put("/accounts/<account>/disabled")
@allow("administrator")
@blueprint.response(200, AccountOut)
@blueprint.alt_response(409, description="`last-administrator`")
def disable_account(account: str) -> dict[str, Any]:
    """Disable an account: it cannot sign in, and its sessions and tokens end."""
    return _account(registry().accounts.disable(account, **context()))


@blueprint.delete("/accounts/<account>/disabled")
@allow("administrator")
@blueprint.response(200, AccountOut)
def enable_account(account: str) -> dict[str, Any]:
    """Let an account sign in again; what was revoked stays revoked."""
    return _account(registry().accounts.act(EnableAccount(account, now()), **context()).account(account))


@blueprint.delete("/accounts/<account>/sessions")
@allow("administrator")
@blueprint.response(204)
def end_sessions(account: str) -> None:
    """Sign an account out everywhere."""
    registry().accounts.sign_out_everywhere(account, **context())


@blueprint.delete("/accounts/<account>/second-factor")
@allow("administrator")
@blueprint.response(200, AccountOut)
def reset_second_factor(account: str) -> dict[str, Any]:
    """Take all second factors away, for who lost them: the account's sessions end."""
    return _account(registry().accounts.reset_second_factor(account, **context()))


@blueprint.get("/second-factor")
@allow("administrator")
@blueprint.response(200, RolesOfPeople)
def second_factor_roles() -> dict[str, Any]:
    """Return the roles that need a second factor."""
    return {"roles": sorted(registry().accounts.people().second_factor_roles)}


@blueprint.put("/second-factor")
@allow("administrator")
@blueprint.arguments(RolesOfPeople())
@blueprint.response(200, RolesOfPeople)
@blueprint.alt_response(404, description="`no-second-factor`: there is no key to seal secrets with")
def require_second_factor(given: dict[str, list[str]]) -> dict[str, Any]:
    """Require a second factor of these roles and of no others; accounts without one are signed out."""
    people = registry().accounts.require_second_factor(given["roles"], **context())
    return {"roles": sorted(people.second_factor_roles)}


@blueprint.put("/accounts/<account>/known-as")
@allow("administrator")
@blueprint.arguments(KnownAs())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(404, description="`unknown-account`, `no-provider`")
@blueprint.alt_response(409, description="`already-linked`")
def link_sign_in(given: dict[str, str], account: str) -> dict[str, Any]:
    """Link a person at the sign-in provider to this account; its sessions end."""
    known_as = sign_in_provider().provider.spelled(given["known_as"])
    return _account(registry().accounts.link(account, known_as, **context()))


@blueprint.delete("/accounts/<account>/known-as")
@allow("administrator")
@blueprint.response(200, AccountOut)
def unlink_sign_in(account: str) -> dict[str, Any]:
    """Remove the link to the sign-in provider from this account; its sessions end."""
    return _account(registry().accounts.unlink(account, **context()))


def _account(account: Account, known_as: Mapping[str, str] | None = None) -> dict[str, Any]:
    names = registry().accounts.identities.all() if known_as is None else known_as
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "scope": dict(account.scope),
        "enabled": account.enabled,
        "second_factor": account.second_factor,
        "created_at": account.created_at.isoformat(),
        "known_as": names.get(account.id, "") if account.linked else "",
    }
