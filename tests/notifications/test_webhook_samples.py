"""What docs/webhooks.md says can be copied and run: every sample verifies a real message and refuses a forged one."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from servers import free_port
from waiting import eventually

import services
from services.notifications.webhooks.signing import new_secret, signatures

TEXT = (Path(services.__file__).parent.parent / "docs" / "webhooks.md").read_text()
SAMPLES = dict(re.findall(r"```\w+\n(?:#|//) (\w+\.\w+)\n(.*?)```", TEXT, re.DOTALL))
ID = "ticketing:pekalongan/2026-11-24@57-0"
BODY = '{"type":"id.go.mpp.ticket-called.v1","data":{"number":"B-001","name":"Wāngsa"}}'.encode()


def headers(*secrets: str, timestamp: int | None = None) -> dict[str, str]:
    at = timestamp or int(time.time())
    return {"webhook-id": ID, "webhook-timestamp": str(at), "webhook-signature": signatures(secrets, ID, at, BODY)}


def as_settings(found: dict[str, str]) -> dict[str, str]:
    return {name.upper().replace("-", "_"): value for name, value in found.items()}


def program(name: str, folder: Path) -> Path:
    (folder / name).write_text(SAMPLES[name])
    return folder / name


def status_of(url: str, body: bytes, sent: dict[str, str]) -> int:
    def asked() -> int:
        """The status; 0 while the server does not listen yet."""
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, sent), timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    return eventually(asked)


@pytest.mark.parametrize(("command", "name"), [(sys.executable, "receive.py"), ("node", "receive.mjs")])
def test_a_server_of_the_samples_takes_what_is_genuine_and_nothing_else(command, name, tmp_path):
    if not shutil.which(command):
        pytest.skip(f"no {command} on this machine")
    secret, port = new_secret(), free_port()
    settings = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)}
    process = subprocess.Popen([command, program(name, tmp_path)], env=settings, stdout=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}/"
    try:
        assert status_of(url, BODY, headers(secret)) == 204
        assert status_of(url, BODY, headers(new_secret(), secret)) == 204, "one of two signatures is enough"
        assert status_of(url, BODY.replace(b"B-001", b"B-002"), headers(secret)) == 401
        assert status_of(url, BODY, headers(new_secret())) == 401
        assert status_of(url, BODY, headers(secret, timestamp=int(time.time()) - 400)) == 401
        assert status_of(url, BODY, headers(secret) | {"webhook-timestamp": "now"}) == 401
        assert status_of(url, BODY, {}) == 401
    finally:
        process.kill()
        said, _ = process.communicate()
    assert said.splitlines() == ["id.go.mpp.ticket-called.v1 B-001"] * 2


def test_the_sample_with_the_library_verifies(tmp_path):
    secret = new_secret()
    command = [sys.executable, program("library.py", tmp_path)]
    for sent, expected in ((BODY, 0), (BODY + b" ", 1)):
        settings = {**os.environ, "WEBHOOK_SECRET": secret, **as_settings(headers(secret))}
        done = subprocess.run(command, input=sent, env=settings, capture_output=True, check=False)
        assert done.returncode == expected
    assert b"WebhookVerificationError" in done.stderr


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl on this machine")
def test_the_sample_for_the_command_line_prints_the_signature(tmp_path):
    secret = new_secret()
    (tmp_path / "body.json").write_bytes(BODY)
    sent = headers(secret)
    settings = {**os.environ, "WEBHOOK_SECRET": secret, **as_settings(sent)}
    command = ["sh", program("verify.sh", tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sent["webhook-signature"]


def test_every_sample_is_run():
    assert set(SAMPLES) == {"library.py", "receive.py", "receive.mjs", "verify.sh"}
    body = re.search(r"-d '(\{.*?\})'", TEXT)
    assert body
    assert set(json.loads(body[1])) == {"name", "url", "kinds"}
