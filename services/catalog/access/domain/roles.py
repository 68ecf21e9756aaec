"""Which scopes each role is bound to."""

from collections.abc import Mapping

from services.catalog.access.domain.refusals import InvalidPlaces, InvalidRole

# The scopes each role has to be bound to, and those it may be.
ROLE_SCOPES: Mapping[str, tuple[set[str], set[str]]] = {
    "administrator": (set(), {"mall"}),
    "supervisor": (set(), {"mall"}),
    "auditor": (set(), {"mall"}),
    "operator": ({"mall"}, {"mall", "counter"}),
    "agency": ({"mall", "agency"}, {"mall", "agency"}),
    "device": ({"mall"}, {"mall"}),
}


def must_fit(role: str, scope: Mapping[str, str], not_for: str) -> None:
    """Refuse a role that does not exist or is `not_for`, and scopes it cannot be bound to.

    Raises `InvalidRole`, `InvalidPlaces`.
    """
    if role not in ROLE_SCOPES or role == not_for:
        raise InvalidRole(role=role)
    needed, possible = ROLE_SCOPES[role]
    if not needed <= scope.keys() <= possible:
        raise InvalidPlaces(role=role)
