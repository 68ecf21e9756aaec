"""A mall's whole catalog, taken out and put in."""

import io
import zipfile
from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow.validate import OneOf

from services.catalog import archive, document, tables
from services.catalog.administration.changes import blueprint, change, done
from services.catalog.api import malls
from services.catalog.domain.directory import ImportCatalog, InvalidCatalog
from services.chassis.bodies import takes
from services.chassis.clock import now
from services.chassis.errors import Fault
from services.chassis.routes import allow

LARGEST = 4 * 1024 * 1024  # an import holds a whole catalog


class ImportIn(ma.Schema):
    """A whole catalog: the `document` that an export gives, `tables` by name, or both packed in a ZIP (`archive`).

    Tables left out stay as they are, and so do columns and fields; entries that a table does not name are withdrawn.
    """

    document = ma.fields.Dict()
    tables = ma.fields.Dict(
        keys=ma.fields.String(validate=OneOf([name.partition(".")[0] for name in tables.FILES])),
        values=ma.fields.String(),
    )
    archive = ma.fields.String(metadata={"format": "byte", "description": "A ZIP in base64."})

    @ma.validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ma.ValidationError("Give a document, tables or an archive.", "document")


class ExportIn(ma.Schema):
    """`json`: one document. `tsv`: the table that is named, or all of them and `mall.json` in a ZIP."""

    format = ma.fields.String(load_default="json", validate=OneOf(["json", "tsv"]))
    table = ma.fields.String(load_default="", validate=OneOf(["", "agencies", "services", "counters"]))


@blueprint.get("/export")
@allow("administrator")
@blueprint.arguments(ExportIn, location="query")
@blueprint.response(200)
def export_catalog(asked: dict[str, str], mall: str) -> Any:
    """The whole catalog of a mall, to keep, to edit, to import again."""
    known = malls().get(mall)
    if asked["format"] == "json":
        return document.written(known)
    files = tables.written(known)
    if name := asked["table"]:
        return _file(files[f"{name}.tsv"].encode(), "text/tab-separated-values", f"{name}.tsv")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return _file(packed.getvalue(), "application/zip", f"catalog-{mall}.zip")


def _file(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/import")
@allow("administrator")
@takes(LARGEST)
@blueprint.arguments(ImportIn)
@change(blueprint)
def import_catalog(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Make the catalog of a mall what a document or tables say, all or nothing."""
    known = malls().get(mall)
    if "document" in given:
        wanted = document.read(given["document"], known)
    else:
        texts = archive.unpacked(given["archive"]) if "archive" in given else given["tables"]
        named = {_file_named(name): text.removeprefix("\ufeff") for name, text in texts.items()}
        wanted = tables.read(tables.written(known) | named, known)
    if wanted.mall is None or wanted.mall.code != mall:
        raise InvalidCatalog(
            faults=[Fault("mall", "this is not the catalog of {mall}", {"mall": mall}, "mall: code: ")]
        )
    return done(mall, ImportCatalog(wanted, now()), **asked)


def _file_named(table: str) -> str:
    return next(name for name in tables.FILES if name.startswith(f"{table}."))
