"""The gateway of the local run: nginx from a Python package, with the configuration that the containers use."""

import grp
import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy/gateway"
SHARED = ("nginx.conf", "locations.conf", "own.conf")
SERVERS = """\
server {{
    listen 127.0.0.1:{port} backlog=1024;
    include locations.conf;
}}
"""


def configure(folder: Path, port: int, services: Mapping[str, str]) -> None:
    """Write the configuration into `folder`, which is also the prefix: nginx keeps its own files there.

    `services` maps process names such as `catalog-web` to `host:port`, with an IP address as host: nginx then needs no
    name server. The listening address and those of the services are all that differs from the containers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        shutil.copyfile(CONFIGURATION / name, folder / name)
    variables = {name.replace("-", "_"): address for name, address in services.items()} | {"https_port": ""}
    lines = (f'map "" ${name} {{ default "{value}"; }}\n' for name, value in variables.items())
    (folder / "services.conf").write_text("".join(lines))
    (folder / "servers.conf").write_text(SERVERS.format(port=port))


def command(program: str, folder: Path) -> tuple[str, ...]:
    """Return the command that runs nginx in the foreground on the configuration in `folder`.

    One worker process: the services' processes are the limit on one machine. Where root starts it, workers keep that
    user instead of nginx's `nobody`, who cannot enter the data folder.
    """
    settings = "daemon off; worker_processes 1;"
    if os.geteuid() == 0:
        settings += f" user {pwd.getpwuid(0).pw_name} {grp.getgrgid(os.getegid()).gr_name};"
    configuration = ("-p", str(folder), "-c", str(folder / "nginx.conf"))
    return (program, *configuration, "-e", "stderr", "-g", settings)


def environment(listener: int) -> dict[str, str]:
    """Return what hands nginx a listening socket, by its file descriptor.

    NGINX is how an nginx that replaces itself passes its sockets on; an init system does the same. The socket has to be
    non-blocking, as nginx takes it as it is.
    """
    return {"NGINX": f"{listener};"}
