"""Each service holds the templates, scripts and styles of its own pages, all of them used, and no other service's."""

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string

import services

FOLDER = Path(services.__file__).parent
SERVICES = ("catalog", "ticketing", "notifications")
SHARED = ("kernel", "chassis")
IMPORTS = re.compile(r"(?:from|import|import\()\s*'\./([\w.-]+)'")
PICTURES = re.compile(r"url\(\"?([\w.-]+?)\"?\)")


def files_of(part: str, kind: str) -> dict[str, Path]:
    return {file.name: file for file in sorted((FOLDER / part / kind).glob("*.*"))}


def reachable(service: str, kind: str) -> dict[str, Path]:
    """The files that a service can name: its own and the shared ones."""
    return {name: file for part in (service, *SHARED) for name, file in files_of(part, kind).items()}


def named_by_templates(*parts: str) -> set[str]:
    """The files that the templates of these parts name."""
    text = "\n".join(file.read_text() for part in parts for file in files_of(part, "templates").values())
    styles = " ".join(re.findall(r"{% set styles = \[(.*?)\] %}", text))
    return {*re.findall(r"\b(?:static|script)\('([^']+)'\)", text), *re.findall(r"'([^']+)'", styles)}


def named_by_code(service: str) -> set[str]:
    """The files whose addresses a service's code makes, such as the icons of a ticket's web app."""
    code = "\n".join(file.read_text() for file in (FOLDER / service).rglob("*.py"))
    patterns = re.findall(rf"/{service}/static/([\w.{{}}-]+)", code)
    names = [re.compile(re.sub(r"\\{.*?\\}", r"[\\w-]+", re.escape(pattern))) for pattern in patterns]
    return {file for file in reachable(service, "static") if any(name.fullmatch(file) for name in names)}


def named_by_file(file: Path) -> set[str]:
    """The files that a script imports or a style names."""
    names = {".js": IMPORTS, ".css": PICTURES}.get(file.suffix)
    return set(names.findall(file.read_text())) if names else set()


def used(service: str, names: set[str]) -> set[str]:
    """These files of a service, and those they lead to by imports and pictures."""
    files, found = reachable(service, "static"), set()
    while names:
        found |= names
        names = set().union(*(named_by_file(files[name]) for name in names)) - found
    return found


def used_by_pages(service: str) -> set[str]:
    """The files of a service's own templates and of those that its image holds beside them."""
    return used(service, named_by_templates(service, *SHARED) | named_by_code(service))


@pytest.mark.parametrize("kind", ["templates", "static"])
def test_a_name_is_used_once(kind):
    names = [name for part in (*SHARED, *SERVICES) for name in files_of(part, kind)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("service", SERVICES)
def test_every_file_of_a_service_is_used_by_its_pages(service):
    assert files_of(service, "static").keys() - used_by_pages(service) == set()


def test_every_shared_file_is_used_by_several_services():
    of_shared_pages = used("catalog", named_by_templates("kernel", "chassis"))
    of_services = [used(service, named_by_templates(service) | named_by_code(service)) for service in SERVICES]
    of_several = {name for name in set().union(*of_services) if sum(name in names for names in of_services) > 1}
    assert {name for part in SHARED for name in files_of(part, "static")} - of_shared_pages - of_several == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_template_is_rendered_or_used_by_another(service):
    code = "\n".join(file.read_text() for part in (service, *SHARED) for file in (FOLDER / part).rglob("*.py"))
    templates = reachable(service, "templates")
    texts = code + "\n".join(file.read_text() for file in templates.values())
    assert [name for name in templates if not re.search(rf"[\"']{re.escape(name)}[\"']", texts)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_for_its_own_and_shared_files_alone(apps, service):
    client = apps[service].test_client()
    held = reachable(service, "static")
    every = {name for part in (*SHARED, *SERVICES) for name in files_of(part, "static")}
    status = {name: client.get(f"/{service}/static/{name}").status_code for name in sorted(every)}
    assert status == {name: 200 if name in held else 404 for name in sorted(every)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_page_names_all_modules_that_its_script_will_need(apps, service):
    app: Flask = apps[service]
    scripts = [name for name in reachable(service, "static") if name.endswith(".js")]
    with app.test_request_context(f"/{service}/"):
        tags = {name: render_template_string("{{ script(name) }}", name=name) for name in scripts}
    for name, text in tags.items():
        preloaded = set(re.findall(rf'rel="modulepreload" href="/{service}/static/([\w-]+\.js)"', text))
        assert preloaded == used(service, {name}) - {name}
        assert f'src="/{service}/static/{name}?v=' in text
