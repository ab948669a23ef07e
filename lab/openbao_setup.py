"""OpenBao's first-time set-up and its tokens.

Initialisation hands out the root token once. A marker is on disk while it is under way: when the lab is
killed in that gap, the storage (in which nothing is yet) is given up and a new one begun.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from lab.errors import BootstrapFailed
from lab.folder import LabFolder, write_private
from lab.openbao_policies import POLICIES, PROVIDER, READER, WRITER
from lab.readiness import NotReady, poll
from lab.site import Site, trust

MOUNT = "secret"
INIT_FILE = "openbao-init.json"
TOKENS = {
    WRITER: "openbao-lab-token",
    READER: "openbao-agent-token",
    PROVIDER: "openbao-provider-token",
}
"""Files in secrets/ that hold the token of each policy."""
_PERIOD = "768h"
_ACTIVE_SECONDS = 30.0
_CALL_SECONDS = 10.0


class Bao:
    """OpenBao as the holder of one token sees it, over verified TLS."""

    def __init__(self, url: str, authority: Path, token: str = "") -> None:
        self._url = url
        self._authority = authority
        self._headers = {"X-Vault-Token": token} if token else {}

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """The answer whatever its status."""
        with httpx.Client(
            base_url=f"{self._url}/v1", verify=trust(self._authority), timeout=_CALL_SECONDS, trust_env=False
        ) as client:
            return client.request(method, path, json=body, headers=self._headers)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer's content; BootstrapFailed names the path when it is an error."""
        answer = self.request(method, path, body)
        if answer.is_error:
            errors = "; ".join(answer.json().get("errors", [])) if answer.content else ""
            raise BootstrapFailed(
                f"OpenBao: {method} {path} was answered {answer.status_code} ({errors}): "
                "see the log of openbao"
            )
        return dict(answer.json()) if answer.content else {}


def bao(site: Site, url: str, policy: str) -> Bao:
    """OpenBao as the token of that policy sees it."""
    return Bao(url, site.folder.ca, site.folder.secret(TOKENS[policy]).read_text(encoding="ascii"))


def storage(folder: LabFolder) -> Path:
    """Where the data lies; another folder after an initialisation whose outcome was lost."""
    chosen = folder.openbao / "storage"
    if _marker(folder).exists() and not folder.secret(INIT_FILE).exists():
        count = int(chosen.read_text()) + 1 if chosen.exists() else 1
        write_private(chosen, str(count))
        _marker(folder).unlink()
    number = chosen.read_text() if chosen.exists() else "0"
    return folder.openbao / f"data-{number}"


def probe(site: Site, url: str) -> None:
    """Ready means: it answers, and is active if it was initialised."""
    try:
        answer = Bao(url, site.folder.ca).request("GET", "sys/health")
    except (httpx.HTTPError, OSError) as error:
        raise NotReady(str(error)) from error
    if answer.status_code not in (httpx.codes.OK, httpx.codes.NOT_IMPLEMENTED):
        raise NotReady(f"sys/health answered {answer.status_code}: {answer.text[:200]}")


def settle(site: Site, url: str) -> None:
    """Initialise once; then mounts, policies and tokens, by the root token only where one is missing."""
    anybody = Bao(url, site.folder.ca)
    if not anybody.call("GET", "sys/init")["initialized"]:
        _initialise(site.folder, anybody)
    poll("OpenBao: active", lambda: _active(anybody), _ACTIVE_SECONDS)
    settled, wanted = site.folder.openbao / "settled", _digest()
    valid = {policy: _renewed(site, url, policy) for policy in TOKENS}
    if all(valid.values()) and settled.exists() and settled.read_text() == wanted:
        return
    root = Bao(url, site.folder.ca, _root_token(site.folder))
    if f"{MOUNT}/" not in root.call("GET", "sys/mounts")["data"]:
        root.call("POST", f"sys/mounts/{MOUNT}", {"type": "kv", "options": {"version": "2"}})
    for name, paths in POLICIES.items():
        document = {"path": {path: {"capabilities": verbs} for path, verbs in paths.items()}}
        root.call("POST", f"sys/policies/acl/{name}", {"policy": json.dumps(document)})
    for policy in (policy for policy, good in valid.items() if not good):
        wish = {"policies": [policy], "period": _PERIOD, "display_name": policy}
        made = root.call("POST", "auth/token/create-orphan", wish)
        write_private(site.folder.secret(TOKENS[policy]), made["auth"]["client_token"])
    write_private(settled, wanted)


def _marker(folder: LabFolder) -> Path:
    return folder.openbao / "initialising"


def _initialise(folder: LabFolder, anybody: Bao) -> None:
    write_private(_marker(folder), "")
    made = anybody.call("POST", "sys/init", {"recovery_shares": 1, "recovery_threshold": 1})
    write_private(folder.secret(INIT_FILE), json.dumps(made, indent=1) + "\n")
    _marker(folder).unlink()


def _active(anybody: Bao) -> None:
    answer = anybody.request("GET", "sys/health")
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"sys/health answered {answer.status_code}: {answer.text[:200]}")


def _renewed(site: Site, url: str, policy: str) -> bool:
    """Whether the stored token of the policy is good; a good one is renewed, it lives for 32 days."""
    if not site.folder.secret(TOKENS[policy]).exists():
        return False
    return bao(site, url, policy).request("POST", "auth/token/renew-self").is_success


def _root_token(folder: LabFolder) -> str:
    path = folder.secret(INIT_FILE)
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["root_token"])
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise BootstrapFailed(
            f"OpenBao: its root token is not in {path}, and something has to be set up again: restore that "
            "file, or remove the lab with `mlops lab down --purge`"
        ) from error


def _digest() -> str:
    return hashlib.sha256(json.dumps([MOUNT, POLICIES], sort_keys=True, default=dict).encode()).hexdigest()
