"""The rights of the services' database users: enough for what they do, and no change of what is recorded."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure
from rights import RIGHTS, SERVICES, WATCH, is_allowed, privileges

from services.notifications import erase

COLLECTION = re.compile(r"""(?:database|_db)\["(\w+)"\]|get_collection\(\s*"(\w+)\"""")
OF_EARLIER_RELEASES = {"sign_in_attempts"}  # written by processes that an upgrade has not replaced yet
USERS = ("catalog", "ticketing", "notifications")
# A stand-in for mongosh's globals: collects the roles and users that initiate.js makes.
MONGOSH = """
const fs = require("fs"), read = fs.readFileSync, roles = {}, users = {};
fs.readFileSync = (path, ...more) => path === "/rights.json" ? read("deploy/mongo/rights.json", ...more) : "password";
const admin = {
  runCommand: () => ({ isWritablePrimary: true, setName: "rs0" }),
  getRole: (name) => roles[name] ?? null,
  createRole: ({ role, privileges }) => { roles[role] = privileges; },
  updateRole: () => { throw new Error("not expected"); },
  updateUser: () => { throw new Error("not there yet"); },
  createUser: ({ user, roles }) => { users[user] = roles; },
};
globalThis.Mongo = function () { return { getDB: () => admin }; };
globalThis.print = () => {};
globalThis.sleep = () => {};
globalThis.quit = () => { console.log(JSON.stringify({ roles, users })); };
"""


def in_a_service(code: str, file: str):
    """A function of service code, so far as the stack shows."""
    made: dict = {}
    exec(compile(code, f"{SERVICES}{file}", "exec"), made)
    return made["act"]


def collections(folder: str) -> set[str]:
    files = Path(SERVICES, folder).rglob("*.py")
    return {name for file in files for found in COLLECTION.findall(file.read_text()) for name in found if name}


@pytest.mark.parametrize("user", USERS)
def test_each_collection_of_a_service_is_in_its_rights(user):
    rights = RIGHTS["users"][user]
    known = {*rights["add"], *rights["change"]}
    assert collections("chassis") | collections("kernel") | collections(user) == known - OF_EARLIER_RELEASES


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("collection", ["commits", "seals"])
def test_services_can_only_add_to_what_is_recorded(user, collection):
    assert is_allowed(user, collection, "insert")
    assert [act for act in ("update", "remove", "dropCollection") if is_allowed(user, collection, act)] == []


def test_eraser_deletes_commits_of_notifications_only():
    assert RIGHTS["users"]["eraser"] == {"database": "notifications", "remove": ["commits"]}


@pytest.mark.parametrize(
    "act",
    [
        "delete_many({})",
        "update_one({}, {'$set': {'at': 0}})",
        "replace_one({}, {'at': 0})",
        "find_one_and_update({}, {'$set': {'at': 0}})",
        "drop()",
    ],
)
@pytest.mark.parametrize("place", ["ticketing/queue.py", "chassis/outbox.py"])
def test_service_code_that_changes_commits_fails_its_test(database, act, place):
    in_a_service(f"def act(database): database['commits'].{act}", place)(database)
    assert len(WATCH.take()) == 1


def test_service_code_that_uses_another_services_collection_fails_its_test(database):
    in_a_service("def act(database): database['contacts'].insert_one({})", "ticketing/queue.py")(database)
    assert WATCH.take() == ["ticketing may not insert on contacts"]


def test_roles_that_the_container_makes_are_those_of_the_file():
    script = Path("deploy/mongo/initiate.js").read_text().replace('const fs = require("fs");', "")
    made = json.loads(subprocess.run(["node", "-e", MONGOSH + script], capture_output=True, check=True).stdout)
    assert made["roles"] == {user: privileges(user) for user in RIGHTS["users"]}
    expected = {user: [{"role": user, "db": "admin"}] for user in RIGHTS["users"]}
    assert made["users"] == expected | {"admin": [{"role": "root", "db": "admin"}]}


def test_erasing_as_the_service_says_who_may(monkeypatch, store):
    def unauthorized(*_):
        raise OperationFailure("not authorized", 13)

    monkeypatch.setattr(store, "forget", unauthorized)
    with pytest.raises(SystemExit, match="erase-texts before"):
        erase._before(store, erase._day("2026-01-01"))
