"""The least a web process can do, as a limit to compare with: a Flask app that answers a POST with a few bytes."""

from flask import Flask


def create_app() -> Flask:
    """Served under the services' own gunicorn configuration."""
    app = Flask("empty")

    @app.post("/")
    def answer() -> tuple[dict[str, bool], int]:
        return {"ok": True}, 201

    return app
