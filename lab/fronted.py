"""The process that puts TLS in front of a server without it (see `lab.tls_front`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab.folder import write_private
from lab.process import ProcessSpec
from lab.site import Site


def front_spec(site: Site, name: str, protocol: str, socket: Path, folder: Path) -> ProcessSpec:
    """The front called `name`, on the port of that name; its files lie in `folder`."""
    serving = site.serving(name, folder)
    config = folder / "front.json"
    content = {
        "protocol": protocol,
        "port": site.ports[name],
        "socket": str(socket),
        "certificate": str(serving.certificate),
        "key": str(serving.key),
    }
    write_private(config, json.dumps(content, indent=1) + "\n")
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-m", "lab.tls_front", str(config)),
        env=site.python_environment(),
        cwd=folder,
        log=site.folder.log(name),
        priority=200,
        stop_seconds=5,
        reads=(config, serving.certificate),
    )
