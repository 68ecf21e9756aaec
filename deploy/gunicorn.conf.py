"""How every web process of the services is served, in containers and in the local run."""

import os

# The image of a service knows its name; elsewhere the app is named on the command line, which goes before this.
if service := os.environ.get("SERVICE"):
    wsgi_app = f"services.{service}.app:create_app()"

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "1"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "32"))
keepalive = 75  # longer than any gateway in front keeps an idle connection, so that it is never us who hang up
graceful_timeout = 5  # requests take milliseconds; only event streams are cut off by it, and those come back
preload_app = False  # clients of Kafka and MongoDB do not survive a fork

# A worker shows life by touching a file: in memory where there is such a place, so that a busy disk kills nobody.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True  # nobody uses it, and the file systems of the containers are read-only
accesslog = None  # the app logs each request itself, with its request id
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
