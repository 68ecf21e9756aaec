"""The files of pages: where they are found, their addresses, and what a script imports."""

import pytest
from flask import Flask

from services.chassis.assets import Assets


@pytest.fixture
def folders(tmp_path):
    """A service's files and the shared ones."""
    files = {
        "own/kiosk.js": "import {\n  t,\n} from './page.js';\nimport { hall } from './hall.js';\n",
        "own/hall.js": "import './page.js';\nexport const text = './none.js';\n",
        "own/kiosk.css": "",
        "shared/page.js": "import { request } from './api.js';\n",
        "shared/api.js": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return [tmp_path / "own", tmp_path / "shared"]


@pytest.fixture
def client(folders):
    app = Flask("test", static_folder=None)
    app.add_url_rule("/own/static/<path:filename>", "static", Assets("/own/static/", folders).answer)
    return app.test_client()


@pytest.mark.parametrize("name", ["kiosk.js", "kiosk.css", "page.js"])
def test_own_and_shared_files_have_the_same_prefix(client, name):
    assert client.get(f"/own/static/{name}").status_code == 200


@pytest.mark.parametrize("name", ["none.js", "../own/kiosk.js", "..%2fown%2fkiosk.js", "own/kiosk.js", ""])
def test_a_name_that_is_no_file_of_the_folders_is_not_found(client, name):
    assert client.get(f"/own/static/{name}").status_code == 404


def test_address_changes_with_content_alone(folders, tmp_path):
    release = tmp_path / "release"
    release.mkdir()
    (release / "page.js").write_text((folders[1] / "page.js").read_text())
    (release / "api.js").write_text("export const other = 1;\n")
    before, after = Assets("/own/static/", folders), Assets("/own/static/", [release])
    assert before.address("api.js").startswith("/own/static/api.js?v=")
    assert before.address("api.js") != after.address("api.js")
    assert before.address("page.js") == after.address("page.js")


def test_script_names_modules_that_are_imported_by_way_of_others(folders):
    assets = Assets("/own/static/", folders)
    assert assets.imported("kiosk.js") == {"page.js", "hall.js", "api.js"}
    tags = assets.script("kiosk.js")
    assert tags.count("modulepreload") == 3
    assert f'<script type="module" src="{assets.address("kiosk.js")}"></script>' in tags


def test_two_files_of_one_name_are_refused(folders):
    (folders[1] / "hall.js").write_text("")
    with pytest.raises(ValueError, match=r"hall\.js"):
        Assets("/own/static/", folders)
