"""Something written into every server of a lab, to be found again after what it went through."""

from __future__ import annotations

import httpx
import psycopg

from lab import keycloak, minio, openbao, openbao_policies, postgres, valkey
from lab.bootstrap import admin_api
from lab.credentials import password
from lab.lab import Lab
from lab.openbao_setup import bao
from lab.ports import LOOPBACK
from lab.site import connect, trust


class Marks:
    """Something written into every server, to be found again."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def write(self) -> None:
        with admin_api(self.lab.site(), "east") as api:
            manifest = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "mark"},
                "data": {"k": "v"},
            }
            api.apply("/api/v1/namespaces/kube-public/configmaps/mark", manifest)
        with self._database() as session:
            session.execute("create table if not exists mark (k text primary key)")
            session.execute("insert into mark values ('v') on conflict do nothing")
        assert self._s3("PUT", b"v").is_success
        self._bao("POST", {"data": {"k": "v"}})
        assert self._valkey("SET mark v") == b"+OK"

    def check(self) -> None:
        with admin_api(self.lab.site(), "east") as api:
            found = api.get("/api/v1/namespaces/kube-public/configmaps/mark")
        assert found is not None
        assert found["data"] == {"k": "v"}
        with self._database() as session:
            assert session.execute("select k from mark").fetchall() == [("v",)]
        assert self._s3("GET").content == b"v"
        assert self._bao("GET")["data"]["data"] == {"k": "v"}
        assert self._valkey("GET mark") == b"$1"
        assert keycloak.admin_token(self.lab.site()).is_success

    def _database(self) -> psycopg.Connection[tuple[object, ...]]:
        return postgres.connect(self.lab.site(), "mlflow", "mlflow")

    def _s3(self, method: str, body: bytes = b"") -> httpx.Response:
        return minio.s3(self.lab.site(), minio.USER).request(method, f"/{minio.BUCKET}/mark", body=body)

    def _bao(self, method: str, body: dict[str, object] | None = None) -> dict[str, dict[str, object]]:
        site = self.lab.site()
        store = bao(site, site.url(openbao.NAME), openbao_policies.WRITER)
        return store.call(method, "secret/data/mlflow/mark", body)

    def _valkey(self, command: str) -> bytes:
        secret = password(self.lab.folder, valkey.PASSWORD)
        with (
            connect(self.lab.site().ports[valkey.FRONT]) as plain,
            trust(self.lab.folder.ca).wrap_socket(plain, server_hostname=LOOPBACK) as secured,
        ):
            secured.sendall(f"AUTH {secret}\r\n{command}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                answer += secured.recv(200)
        return answer.split(b"\r\n")[1]
