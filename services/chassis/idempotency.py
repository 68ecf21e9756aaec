"""Idempotency: what a request and its retry share, so that the store executes a command once."""

import hashlib
import json

from flask import current_app, g, request

from services.chassis.errors import Invalid

LONGEST_KEY = 200


class KeyTooLong(Invalid):
    """An idempotency key of more than 200 characters."""


def command_context() -> dict[str, str]:
    """What the store keeps of the request: the command's id and digest from `Idempotency-Key`, actor and trace.

    The id is a hash of key and caller: the same key of another caller is another command, and no reader of the store
    can send the key again.
    """
    context = {"actor": g.actor.name if "actor" in g else "", "trace": g.request_id}
    if sent := keyed_request():
        body = json.dumps(request.get_json(silent=True), sort_keys=True)
        digest = hashlib.sha256(f"{request.path}\n{body}".encode()).hexdigest()
        command = hashlib.sha256("\n".join(sent[1:]).encode("utf-8", "replace")).hexdigest()
        context |= {"id": f"key:{command}", "digest": digest}
    return context


def keyed_request() -> tuple[str, ...]:
    """Return what a retry shares with the first request: path, caller and `Idempotency-Key`; empty without a key.

    Raises `KeyTooLong`.
    """
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if len(key) > LONGEST_KEY:
        raise KeyTooLong()
    return (request.path, current_app.extensions["authorization"].caller(), key) if key else ()
