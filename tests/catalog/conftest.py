"""A small catalog of its own, as files that a test can change."""

import json
import secrets
import shutil
from pathlib import Path

import pytest
from argon2 import PasswordHasher

import services
from services.catalog.access import passwords
from services.catalog.app import create_app
from services.kernel import tokens

PEKALONGAN = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"


class Folder:
    """A catalog folder under test: lines are replaced, added or taken away before it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new, 1))

    def add(self, file: str, *fields: str) -> int:
        """Add a line; its number."""
        with (self.path / file).open("a") as lines:
            lines.write("\t".join(fields) + "\n")
        return len((self.path / file).read_text().splitlines())

    def take_away(self, file: str, beginning: str) -> None:
        lines = (self.path / file).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(beginning)]
        assert len(kept) < len(lines)
        (self.path / file).write_text("".join(kept))

    def column(self, file: str, name: str, **values: str) -> dict[str, int]:
        """Give the file one more column, filled for these codes; the line of each."""
        header, *rows = (self.path / file).read_text().splitlines()
        codes = [row.split("\t")[0] for row in rows]
        assert set(values) <= set(codes)
        filled = [f"{row}\t{values.get(code, '')}" for code, row in zip(codes, rows, strict=True)]
        (self.path / file).write_text("\n".join([f"{header}\t{name}", *filled]) + "\n")
        return {code: codes.index(code) + 2 for code in values}

    def mall(self, **changed) -> None:
        self._rewrite_mall(lambda mall: mall | changed)

    def mall_without(self, *fields: str) -> None:
        self._rewrite_mall(lambda mall: {name: value for name, value in mall.items() if name not in fields})

    def _rewrite_mall(self, change) -> None:
        file = self.path / "mall.json"
        file.write_text(json.dumps(change(json.loads(file.read_text()))))


@pytest.fixture
def bearer(tmp_path: Path):
    """Headers of somebody with a role in the mall."""
    tokens.make_keys(tmp_path / "keys")
    private = (tmp_path / "keys" / "token_private.pem").read_bytes()

    def headers(role: str = "administrator", mall: str | None = "pekalongan", agency: str = "") -> dict[str, str]:
        token = tokens.mint(private, name="Bu Ratna", role=role, mall=mall, agency=agency)
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def cheap_hashes(monkeypatch) -> None:
    """Hash and verify passwords at next to no cost, also those of names that no account has."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", hasher)
    monkeypatch.setattr(passwords, "NOBODY", hasher.hash(secrets.token_urlsafe()))


@pytest.fixture
def web(mongo_server, database, bearer, monkeypatch, tmp_path: Path):
    """A web process of catalog on the test's own database."""
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    return create_app().test_client()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(Path(shutil.copytree(PEKALONGAN, tmp_path / "pekalongan")))


@pytest.fixture
def house(mongo_server, database, monkeypatch, tmp_path):
    """Catalog with a key to sign with, and its settings."""
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    monkeypatch.setenv("TOKEN_PRIVATE_KEY_FILE", str(tmp_path / "token_private.pem"))
    monkeypatch.setenv("ACCESS_KEYS", "kunci-segel-untuk-uji-coba-akses-1")
    return create_app()


@pytest.fixture
def root(house, tmp_path):
    """An administrator's program."""
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="root", role="administrator")
    client = house.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
