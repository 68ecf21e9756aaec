"""The reference of an API, from its OpenAPI document."""

from services.chassis import reference

DOCUMENT = {
    "tags": [{"name": "tickets", "description": "The queue of a mall"}],
    "paths": {
        "/tickets/{ticket}": {
            "parameters": [{"in": "path", "name": "ticket", "required": True, "schema": {"type": "string"}}],
            "put": {
                "tags": ["tickets"],
                "summary": "Change it; `note` is <b>optional</b>.",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                "responses": {
                    "default": {"$ref": "#/components/responses/ERROR"},
                    "200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}},
                },
            },
        }
    },
    "components": {
        "responses": {"ERROR": {"description": "What went wrong"}},
        "schemas": {
            "Note": {
                "required": ["text"],
                "properties": {
                    "text": {"type": "string", "maxLength": 20, "description": "Any", "example": "KK asli"},
                    "kind": {"type": ["string", "null"]},
                    "places": {"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
                    "state": {"enum": ["new", "old"]},
                    "at": {"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}]},
                },
            },
            "Place": {"properties": {}},
        },
    },
}
ROLES = {("PUT", "/tickets/{ticket}"): frozenset(("supervisor", "operator"))}


def test_a_call_is_told_with_who_may_make_it_what_it_takes_and_what_it_answers():
    [group] = reference.groups(DOCUMENT, ROLES)
    [call] = group["calls"]
    assert (call["method"], call["path"], call["roles"]) == ("PUT", "/tickets/{ticket}", ["operator", "supervisor"])
    assert call["summary"] == "Change it; <code>note</code> is &lt;b&gt;optional&lt;/b&gt;."
    assert call["body"] == '<a href="#Note">Note</a>'
    assert [(one["name"], one["in"], one["required"]) for one in call["parameters"]] == [("ticket", "path", True)]
    assert [(one["status"], one["about"]) for one in call["answers"]] == [("200", "OK"), ("default", "What went wrong")]


def test_a_call_that_no_role_is_asked_for_is_for_everybody():
    assert reference.groups(DOCUMENT, {})[0]["calls"][0]["roles"] == []


def test_an_object_is_told_field_by_field_with_links_to_those_in_it():
    note, place = reference.objects(DOCUMENT)
    assert place["fields"] == []
    assert {one["name"]: one["kind"] for one in note["fields"]} == {
        "text": "string",
        "kind": "string | null",
        "places": '<a href="#Place">Place</a>[]',
        "state": "<code>new</code> | <code>old</code>",
        "at": '<a href="#Place">Place</a> | null',
    }
    assert {"required": True, "example": "KK asli", "limits": ["maxLength 20"]}.items() <= note["fields"][0].items()
