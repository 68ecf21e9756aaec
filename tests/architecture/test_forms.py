"""What a person enters never gets into an address: each form names how a browser without its script sends it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import services

SOURCES = Path(services.__file__).parent
TEMPLATES = sorted(SOURCES.glob("*/templates/**/*.html"))
SCRIPTS = sorted(SOURCES.glob("*/static/*.js"))
# Named fields of searches and filters, which may be in an address: none holds personal data.
FILTERS = {"q", "agency", "floor", "status", "kind", "period", "from", "to", "by", "service"}
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
PAGES = {
    "catalog": ["/", "/catalog/sign-in", "/catalog/password", "/catalog/malls/pekalongan/admin"],
    "ticketing": [
        "/ticketing/malls/pekalongan/kiosk",
        "/ticketing/malls/pekalongan/book",
        "/ticketing/malls/pekalongan/tickets/20261124-nQxZk0n2mJ5sV7b1TtGAabcd",
    ],
    "notifications": ["/notifications/messages"],
}


class Forms(HTMLParser):
    """The forms of a template: their method, whether they are in a dialog, the names of their fields."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.found: list[tuple[str, bool, set[str]]] = []
        self._dialogs, self._is_open = 0, False
        self.feed(JINJA.sub("", template))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "dialog":
            self._dialogs += 1
        elif tag == "form":
            self._is_open = True
            self.found.append((given.get("method", ""), self._dialogs > 0, set()))
        elif self._is_open and tag in ("input", "select", "textarea", "button"):
            self.found[-1][2].add(given.get("name", ""))
            assert not {"formmethod", "formaction"} & set(given)

    def handle_endtag(self, tag):
        if tag == "dialog":
            self._dialogs -= 1
        elif tag == "form":
            self._is_open = False


def wrong(template: str) -> Iterator[str]:
    for method, in_dialog, fields in Forms(template).found:
        if in_dialog and method != "dialog":
            yield f"{method!r} in a dialog"
        elif method == "get" and not fields <= FILTERS | {""}:
            yield f"get with {fields - FILTERS}"
        elif not in_dialog and method not in ("get", "post"):
            yield f"{method!r}"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_each_form_names_a_method_that_keeps_entries_from_addresses(template):
    assert list(wrong(template.read_text())) == []


def test_forms_are_found_in_macros_dialogs_and_templates_of_scripts():
    found = [form for template in TEMPLATES for form in Forms(template.read_text()).found]
    tags = sum(len(re.findall(r"<form\b", template.read_text())) for template in TEMPLATES)
    assert len(found) == tags > 30


@pytest.mark.parametrize(
    "template",
    [
        "<form><input name='phone'></form>",
        "<form method='get'><input name='q'><input name='phone'></form>",
        "{% macro asks(id) %}<dialog id='{{ id }}'><form></form></dialog>{% endmacro %}",
        "<dialog><form method='get'></form></dialog>",
        "<form method='dialog'></form>",
    ],
)
def test_a_form_that_would_put_entries_into_an_address_is_noticed(template):
    assert len(list(wrong(template))) == 1


def test_no_script_makes_a_form():
    folders = {script.parent.parent.name for script in SCRIPTS}
    assert folders == {"kernel", "catalog", "ticketing", "notifications"}
    makes_form = re.compile(r"<form\b|createElement\(['\"`]form|\.method\s*=")
    assert [script.name for script in SCRIPTS if makes_form.search(script.read_text())] == []


@pytest.mark.parametrize(("language", "title"), [("id", "Halaman belum siap"), ("en", "The page was not ready")])
@pytest.mark.parametrize(("service", "path"), [(name, path) for name, paths in PAGES.items() for path in paths])
def test_form_sent_without_script_leads_to_page_that_says_so(apps, service, path, language, title):
    client = apps[service].test_client()
    client.set_cookie("lang", language)
    answer = client.post(path, data={"phone": "0812-3456-7890"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert f'href="{path}"' in answer.text
    assert "0812" not in answer.text


def test_program_that_posts_to_a_page_gets_a_problem_document(apps):
    answer = (
        apps["ticketing"].test_client().post(PAGES["ticketing"][0], json={}, headers={"Accept": "application/json"})
    )
    assert (answer.status_code, answer.json["reason"]) == (405, "method-not-allowed")
