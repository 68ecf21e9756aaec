"""Signing in by an OpenID provider: the whole way at one that is not ours, and what none may make us believe."""

import base64
import hmac
import json
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from flask import Flask, jsonify, redirect, request
from joserfc import jwk, jwt
from servers import openid_provider
from werkzeug.serving import make_server

from services.catalog import app as catalog
from services.catalog.access.contract import published
from services.catalog.access.domain.commands import AddSecondFactor, RequireSecondFactor
from services.catalog.app import create_app
from services.chassis.clock import now
from services.chassis.limits import Limit
from services.kernel import tokens

OURS = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "kenari-terbang-tinggi-42"
ACCESS = "/catalog/api/access"
RETURN = "http://localhost/catalog/sign-in/provider/return"
CLIENT, SECRET = "mpp", "rahasia-penyedia-untuk-uji-coba"
SITI = "siti@pekalongankota.go.id"


@pytest.fixture(scope="module")
def provider():
    server = openid_provider(Path("build/provider"), CLIENT, SECRET, RETURN)
    if isinstance(server, str):
        pytest.skip(server)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def settings(mongo_server, database, cheap_hashes, monkeypatch, tmp_path):
    """The settings of catalog, with those that are given."""
    tokens.make_keys(tmp_path)

    def settings(issuer: str, **more: str) -> None:
        monkeypatch.setenv("MONGO_URL", mongo_server.url)
        monkeypatch.setenv("MONGO_DATABASE", database.name)
        monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
        monkeypatch.setenv("TOKEN_PRIVATE_KEY_FILE", str(tmp_path / "token_private.pem"))
        (tmp_path / "client_secret").write_text(f"{SECRET}\n")
        monkeypatch.setenv("OIDC_CLIENT_SECRET_FILE", str(tmp_path / "client_secret"))
        for name, value in {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_NAME": "Akun ASN", **more}.items():
            monkeypatch.setenv(name, value)

    return settings


@pytest.fixture
def house(provider, settings):
    settings(provider.url)
    return create_app()


def administrator(house, tmp_path):
    """An administrator's program."""
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="root", role="administrator")
    client = house.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@pytest.fixture
def root(house, tmp_path):
    return administrator(house, tmp_path)


def create(root, name="siti", known_as="", role="supervisor") -> str:
    """An account, linked if a name at the provider is given; its id."""
    made = root.post(f"{ACCESS}/accounts", json={"name": name, "password": PASSWORD, "role": role}).json
    if known_as:
        linked = root.put(f"{ACCESS}/accounts/{made['id']}/known-as", json={"known_as": known_as})
        assert linked.status_code == 200, linked.json
    return made["id"]


class Form(HTMLParser):
    """The form of a page of the provider's, and where its other way out leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields, self.links = "", {}, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.action = given["action"]
        elif tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value") or ""
        elif tag == "a":
            self.links.append(given.get("href", ""))


def begin(browser, back: str = "/catalog/access") -> str:
    """Press the button on the page to sign in: where the provider is."""
    page = browser.get(f"/catalog/sign-in?return={back}")
    assert "Masuk dengan Akun ASN" in page.text
    answer = browser.get(f"/catalog/sign-in/provider?return={back}")
    assert answer.status_code == 302, answer.text
    return answer.location


def at_provider(address: str, person: str = "siti", *, cancel: bool = False) -> str:
    """Sign in at the provider and agree, page by page: the address it sends the browser back to."""
    with httpx.Client(timeout=10) as browser:
        answer = browser.get(address)
        for _ in range(12):
            if answer.is_redirect:
                address = urljoin(address, answer.headers["location"])
                if address.startswith(RETURN):
                    return address
                answer = browser.get(address)
                continue
            assert answer.status_code == 200, answer.text
            form = Form(answer.text)
            if cancel:
                address = urljoin(address, next(link for link in form.links if "abort" in link))
                answer = browser.get(address)
                continue
            given = {"login": person, "password": "apa saja"} if "login" in form.fields else {}
            address = urljoin(address, form.action)
            answer = browser.post(address, data=form.fields | given)
    raise AssertionError(address)


def arrive(browser, address: str):
    """Follow the provider's way back to us."""
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}", headers={"Accept": "text/html"})


def with_parameter(address: str, **changed: str) -> str:
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return f"{address.partition('?')[0]}?{urlencode(given | changed)}"


def me(browser) -> dict:
    return browser.get("/catalog/api/me").json


def test_who_is_linked_signs_in_at_the_provider_and_is_known_here_as_with_a_password(house, root):
    create(root, known_as="  Siti@PekalonganKota.go.id ")
    browser = house.test_client()
    answer = arrive(browser, at_provider(begin(browser)))
    assert (answer.status_code, answer.location) == (302, "/catalog/access")
    found = me(browser)
    assert found.pop("expires_in") > 0
    assert found == {
        "signed_in": True,
        "can_sign_in": True,
        "name": "siti",
        "role": "supervisor",
        "scope": {},
        "session": True,
    }
    assert browser.get_cookie("mpp-provider", path="/catalog/sign-in/provider") is None, "it is needed no more"
    assert browser.delete("/catalog/api/session", headers=OURS).status_code == 204
    assert not me(browser)["signed_in"]


def test_provider_does_not_replace_the_second_factor_of_an_account(provider, settings, tmp_path):
    settings(provider.url, ACCESS_KEYS="kunci-segel-untuk-uji-coba-akses-1")
    house = create_app()
    root = administrator(house, tmp_path)
    id = create(root, known_as=SITI)
    registry = house.extensions["registry"]
    browser = house.test_client()
    for step, command in (
        ("enrolment", RequireSecondFactor(("supervisor",), now())),
        ("code", AddSecondFactor(id, now())),
    ):
        registry.accounts.act(command)
        answer = arrive(browser, at_provider(begin(browser)))
        assert answer.status_code == 200
        assert f'data-next="{step}"' in answer.text
        assert not me(browser)["signed_in"]


def test_the_way_to_the_provider_carries_state_nonce_and_a_challenge_and_no_secret(house):
    browser = house.test_client()
    answer = browser.get("/catalog/sign-in/provider?return=/catalog/access")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    fixed = {"response_type": "code", "client_id": CLIENT, "redirect_uri": RETURN, "code_challenge_method": "S256"}
    assert {name: asked[name] for name in fixed} == fixed
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20
    assert SECRET not in answer.location
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/catalog/sign-in/provider"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = house.test_client().get("/catalog/sign-in/provider", base_url="https://mpp.test")
    assert secure.headers["Set-Cookie"].startswith("__Host-mpp-provider=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(secure.headers["Set-Cookie"].split("; "))


def test_an_address_elsewhere_is_no_way_back(house, root):
    create(root, known_as=SITI)
    browser = house.test_client()
    address = browser.get("/catalog/sign-in/provider?return=https://jahat.test/").location
    assert arrive(browser, at_provider(address)).location == "/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_link_of_another_site_leads_to_the_sign_in_page_first(house, site):
    browser = house.test_client()
    answer = browser.get("/catalog/sign-in/provider?return=/catalog/access", headers={"Sec-Fetch-Site": site})
    assert answer.location == "/catalog/sign-in?return=/catalog/access"
    assert not answer.headers.getlist("Set-Cookie")


def test_a_person_without_an_account_is_told_whom_to_ask_and_gets_no_account(house, root):
    create(root)
    browser = house.test_client()
    answer = arrive(browser, at_provider(begin(browser), "budi"))
    assert answer.status_code == 403
    assert "Akun Anda belum ditautkan" in answer.text
    assert "budi@pekalongankota.go.id" in answer.text
    assert "Minta pengelola sistem antrean" in answer.text
    assert not me(browser)["signed_in"]
    assert [account["name"] for account in root.get(f"{ACCESS}/accounts").json["accounts"]] == ["siti"]


def test_an_account_of_the_same_name_is_not_enough(house, root):
    create(root, "siti")
    browser = house.test_client()
    assert arrive(browser, at_provider(begin(browser), "siti")).status_code == 403


def test_an_address_that_the_provider_has_not_verified_names_nobody(house, root):
    create(root, "palsu", "palsu@pekalongankota.go.id")
    browser = house.test_client()
    answer = arrive(browser, at_provider(begin(browser), "palsu"))
    assert (answer.status_code, "Penyedia tidak menyebut nama Anda" in answer.text) == (401, True)
    assert not me(browser)["signed_in"]


def test_another_claim_can_say_whose_account_it_is(provider, settings, tmp_path):
    settings(provider.url, OIDC_CLAIM="preferred_username")
    house = create_app()
    create(administrator(house, tmp_path), "palsu", "palsu")
    browser = house.test_client()
    assert arrive(browser, at_provider(begin(browser), "palsu")).status_code == 302
    assert me(browser)["name"] == "palsu"


def test_a_link_made_for_one_claim_says_nothing_of_another(provider, settings, tmp_path):
    settings(provider.url)
    create(administrator(create_app(), tmp_path), "siti", SITI)
    settings(provider.url, OIDC_CLAIM="sub")
    house = create_app()
    assert administrator(house, tmp_path).get(f"{ACCESS}/accounts").json["accounts"][0]["known_as"] == ""
    browser = house.test_client()
    assert arrive(browser, at_provider(begin(browser), SITI)).status_code == 403, "a sub may look like an address"


def test_who_cancels_is_told_so(house):
    browser = house.test_client()
    answer = arrive(browser, at_provider(begin(browser), cancel=True))
    assert (answer.status_code, "Batal masuk" in answer.text) == (401, True)
    assert 'href="/catalog/sign-in/provider?return=/catalog/access"' in answer.text, "to try again"


def test_another_browser_cannot_use_what_came_back(house, root):
    create(root, known_as=SITI)
    browser, thief = house.test_client(), house.test_client()
    address = at_provider(begin(browser))
    begin(thief)
    for someone in (thief, house.test_client()):
        answer = arrive(someone, address)
        assert (answer.status_code, "Terputus di tengah jalan" in answer.text) == (401, True)
        assert not me(someone)["signed_in"]
    assert arrive(browser, address).status_code == 302


def test_what_came_back_is_good_once(house, root):
    create(root, known_as=SITI)
    browser = house.test_client()
    address = at_provider(begin(browser))
    assert arrive(browser, address).status_code == 302
    assert arrive(browser, address).status_code == 401


def test_a_wrong_state_is_refused(house, root):
    create(root, known_as=SITI)
    browser = house.test_client()
    answer = arrive(browser, with_parameter(at_provider(begin(browser)), state="lain"))
    assert (answer.status_code, "Terputus di tengah jalan" in answer.text) == (401, True)


def test_a_token_made_for_another_attempt_is_refused(house, root):
    create(root, known_as=SITI)
    browser = house.test_client()
    answer = arrive(browser, at_provider(with_parameter(begin(browser), nonce="nonce-orang-lain")))
    assert (answer.status_code, "Terputus di tengah jalan" in answer.text) == (401, True)
    assert not me(browser)["signed_in"]


def test_a_code_that_another_verifier_belongs_to_is_refused_by_the_provider(house, root):
    create(root, known_as=SITI)
    browser = house.test_client()
    answer = arrive(browser, at_provider(with_parameter(begin(browser), code_challenge="A" * 43)))
    assert (answer.status_code, "Penyedia menolak" in answer.text) == (401, True)


def test_a_provider_that_is_away_is_told_and_passwords_still_work(settings, provider, house, root, tmp_path):
    create(root, known_as=SITI)
    on_the_way = house.test_client()
    address = at_provider(begin(on_the_way))
    provider.kill()
    try:
        answer = arrive(on_the_way, address)
        assert (answer.status_code, "Penyedia tidak menjawab" in answer.text) == (503, True)
        anew = create_app().test_client()
        answer = anew.get("/catalog/sign-in/provider", headers={"Accept": "text/html"})
        assert (answer.status_code, "Penyedia tidak menjawab" in answer.text) == (503, True)
        signed_in = anew.post("/catalog/api/session", json={"name": "siti", "password": PASSWORD}, headers=OURS)
        assert signed_in.status_code == 200
    finally:
        provider.start()


def test_unlinking_and_disabling_end_the_session_and_the_way_in(house, root, store):
    account = create(root, known_as=SITI)
    for path in ("known-as", "disabled"):
        browser = house.test_client()
        assert arrive(browser, at_provider(begin(browser))).status_code == 302
        method = "DELETE" if path == "known-as" else "PUT"
        assert root.open(f"{ACCESS}/accounts/{account}/{path}", method=method).status_code == 200
        assert not me(browser)["signed_in"]
        assert arrive(browser, at_provider(begin(browser))).status_code == 403
        root.put(f"{ACCESS}/accounts/{account}/known-as", json={"known_as": SITI})
    told = [event for commit in store.read("access") for event in published(commit)]
    assert {event.data["id"] for event in told} == {account}
    assert len(told) == 5, "linked, unlinked, linked, disabled, linked: other services hear of each"


def test_a_person_is_linked_to_one_account_and_no_event_holds_their_address(root, store):
    create(root, "siti", SITI)
    other = create(root, "lain")
    again = root.put(f"{ACCESS}/accounts/{other}/known-as", json={"known_as": SITI.upper()})
    assert (again.status_code, again.json["reason"]) == (409, "already-linked")
    listed = {account["name"]: account["known_as"] for account in root.get(f"{ACCESS}/accounts").json["accounts"]}
    assert listed == {"siti": SITI, "lain": ""}
    assert SITI not in str(list(store.database["commits"].find()))


def test_without_a_provider_there_is_no_button_and_no_way(settings, tmp_path):
    settings("")
    house = create_app()
    root, browser = administrator(house, tmp_path), house.test_client()
    assert "/catalog/sign-in/provider" not in browser.get("/catalog/sign-in").text
    assert browser.get("/catalog/sign-in/provider").status_code == 404
    assert browser.get("/catalog/sign-in/provider/return?code=1&state=2").status_code == 404
    refused = root.put(f"{ACCESS}/accounts/{create(root)}/known-as", json={"known_as": SITI})
    assert (refused.status_code, refused.json["reason"]) == (404, "no-provider")


def test_all_that_is_wrong_with_the_settings_is_told_at_once(settings, monkeypatch, capsys):
    settings("http://penyedia.test", OIDC_SCOPES="email", OIDC_CLIENT_ID="")
    monkeypatch.delenv("OIDC_CLIENT_SECRET_FILE")
    monkeypatch.delenv("TOKEN_PRIVATE_KEY_FILE")
    with pytest.raises(SystemExit):
        create_app()
    told = capsys.readouterr().err
    names = ("OIDC_ISSUER", "OIDC_SCOPES", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "TOKEN_PRIVATE_KEY")
    assert [name for name in names if f"setting {name}:" not in told] == []
    assert "https" in told


def test_one_address_begins_only_so_often(settings, provider, monkeypatch):
    settings(provider.url)
    monkeypatch.setattr(catalog, "SIGN_INS", Limit(3, 900))
    browser = create_app().test_client()
    assert [browser.get("/catalog/sign-in/provider").status_code for _ in range(5)] == [302] * 3 + [429] * 2


def test_return_that_did_not_begin_here_is_not_counted(house, store):
    browser = house.test_client()
    for query in ("", "?code=1&state=2", "?error=access_denied", "?state="):
        assert browser.get(f"/catalog/sign-in/provider/return{query}").status_code == 401
    assert store.database["limits"].count_documents({"n": {"$exists": True}}) == 0


def test_failed_return_that_began_here_is_counted(settings, provider, monkeypatch):
    """Its cookie can be sent again, and the provider is asked each time."""
    settings(provider.url)
    monkeypatch.setattr(catalog, "SIGN_INS", Limit(3, 900))
    browser = create_app().test_client()
    answer = with_parameter(at_provider(begin(browser)), code="lain")
    cookie = browser.get_cookie("mpp-provider", path="/catalog/sign-in/provider").value
    tried = []
    for _ in range(4):
        browser.set_cookie("mpp-provider", cookie, path="/catalog/sign-in/provider")
        tried.append(arrive(browser, answer).status_code)
    assert (len(set(tried[:2])), tried[2:]) == (1, [429, 429])


class Liar:
    """A provider that says what a test makes it say; what it says by default is true."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"}, private=True)
        self.claims, self.token, self.about, self.issuer = {}, None, {}, None
        self.has_token = True
        self.asked, self.moved = [], {}  # paths that were asked for; where some lead instead
        app = Flask("liar")
        app.before_request(self._note)
        app.add_url_rule("/.well-known/openid-configuration", "about", self._about)
        app.add_url_rule("/jwks", "jwks", lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.add_url_rule("/auth", "auth", self._auth)
        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        app.add_url_rule("/me", "me", lambda: jsonify(self.about))
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()

    def _note(self):
        self.asked.append(request.path)
        return redirect(self.moved[request.path], 307) if request.path in self.moved else None

    def _about(self):
        places = {
            "authorization_endpoint": "auth",
            "token_endpoint": "token",
            "jwks_uri": "jwks",
            "userinfo_endpoint": "me",
        }
        signs = ["RS256", "HS256", "none"]
        document = {name: f"{self.url}/{place}" for name, place in places.items()}
        return jsonify(issuer=self.issuer or self.url, id_token_signing_alg_values_supported=signs, **document)

    def _auth(self):
        self._nonce = request.args["nonce"]
        return redirect(f"{RETURN}?{urlencode({'code': 'x', 'state': request.args['state']})}")

    def _token(self):
        now = int(time.time())
        true = {"iss": self.url, "aud": CLIENT, "sub": "1", "nonce": self._nonce, "iat": now, "exp": now + 300}
        claims = true | {"email": SITI, "email_verified": True} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        made = (self.token or self.signed)(claims)
        return jsonify(access_token="a", token_type="Bearer", **({"id_token": made} if self.has_token else {}))

    def signed(self, claims: dict) -> str:
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)

    def by_another_key(self, claims: dict) -> str:
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, jwk.RSAKey.generate_key(2048, private=True))

    def unsigned(self, claims: dict) -> str:
        return f"{parts('none', claims)}."

    def by_what_everybody_knows(self, claims: dict) -> str:
        """With the public key as if it were a secret that both share."""
        return with_secret(self.key.as_pem(private=False), claims)

    def by_our_secret(self, claims: dict) -> str:
        return with_secret(SECRET.encode(), claims)


def parts(algorithm: str, claims: dict) -> str:
    return ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "kid": "k1"}, claims))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def with_secret(secret: bytes, claims: dict) -> str:
    said = parts("HS256", claims)
    return f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


@pytest.fixture
def liar():
    liar = Liar()
    yield liar
    liar.stop()


def signing_in(liar, settings, tmp_path):
    """What somebody gets who signs in at this provider, and whether they are in."""
    settings(liar.url)
    house = create_app()
    create(administrator(house, tmp_path), "siti", SITI)
    browser = house.test_client()
    answer = browser.get("/catalog/sign-in/provider", headers={"Accept": "text/html"})
    if answer.status_code == 302:
        answer = arrive(browser, httpx.get(answer.location).headers["location"])
    return answer, me(browser)["signed_in"]


def test_a_provider_that_tells_the_truth_is_believed(liar, settings, tmp_path):
    answer, is_in = signing_in(liar, settings, tmp_path)
    assert (answer.status_code, is_in) == (302, True)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_redirect_of_the_provider_is_not_followed(liar, settings, tmp_path, path):
    elsewhere = Liar()
    liar.moved[path] = elsewhere.url + path
    answer, is_in = signing_in(liar, settings, tmp_path)
    elsewhere.stop()
    assert (answer.status_code, is_in) == (503, False)
    assert path in liar.asked
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://penyedia-lain.test"},
        {"iss": None},
        {"aud": "aplikasi-lain"},
        {"aud": "aplikasi-lain", "azp": CLIENT},
        {"aud": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"nonce": "lain"},
        {"nonce": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_from_this_provider_is_refused(liar, settings, tmp_path, claims):
    liar.claims = claims
    answer, is_in = signing_in(liar, settings, tmp_path)
    assert (answer.status_code, is_in) == (401, False)
    assert "Terputus di tengah jalan" in answer.text


@pytest.mark.parametrize("how", ["by_another_key", "unsigned", "by_what_everybody_knows", "by_our_secret"])
def test_a_token_that_the_provider_did_not_sign_is_refused(liar, settings, tmp_path, how):
    liar.token = getattr(liar, how)
    answer, is_in = signing_in(liar, settings, tmp_path)
    assert (answer.status_code, is_in) == (401, False)


def test_without_a_token_that_says_who_it_is_nobody_is_in(liar, settings, tmp_path):
    liar.has_token = False
    answer, is_in = signing_in(liar, settings, tmp_path)
    assert (answer.status_code, is_in) == (401, False)


@pytest.mark.parametrize(("sub", "is_told"), [("1", True), ("2", False), (None, False)])
def test_more_about_somebody_is_believed_only_of_the_same_person(liar, settings, tmp_path, sub, is_told):
    liar.claims = {"email": None, "email_verified": None}
    liar.about = {"sub": sub, "email": SITI, "email_verified": True}
    _, is_in = signing_in(liar, settings, tmp_path)
    assert is_in is is_told


def test_a_provider_that_calls_itself_something_else_is_not_gone_to(liar, settings, tmp_path):
    liar.issuer = "https://penyedia-lain.test"
    answer, is_in = signing_in(liar, settings, tmp_path)
    assert (answer.status_code, is_in) == (503, False)
