"""Everything that a proof puts into the lab's servers, by server: what is there before and after has to be the same."""

from __future__ import annotations

import json

from config.load import read
from config.outside import read_outside
from lab import minio, postgres
from lab.bootstrap import admin_api
from lab.lab import Lab
from lab.openbao_setup import INIT_FILE
from proof.directory import PREFIX
from proof.prove import directory_of
from proof.servers import Servers, servers
from proof.vault import FOLDERS
from tests.platform.command import ROOT, Platform
from tests.platform.store import store_of

ENVIRONMENTS = "/apis/mlops.platform/v1alpha1/devenvironments"


def servers_of(platform: Platform) -> Servers:
    return servers(read(ROOT, "dev").with_outside(read_outside(platform.folder.root)), platform.folder)


def traces(platform: Platform) -> dict[str, set[str]]:
    """Names by kind. Experiments count until they are deleted: MLflow keeps those for its own garbage collection."""
    kept = {"users": users(platform), "experiments": experiments(platform)}
    return {**kept, **_store(platform), **_objects(platform), **_environments(platform)}


def users(platform: Platform) -> set[str]:
    """The names of a proof's users that the realm has."""
    with directory_of(servers_of(platform), platform.folder) as directory:
        found = directory.call("GET", "/users", params={"search": PREFIX, "max": "1000"}).json()
    return {user["username"] for user in found}


def experiments(platform: Platform) -> set[str]:
    """Experiments, runs and models of all gates, which share a database in the lab."""
    asked = (
        "select 'experiment ' || name from experiments where lifecycle_stage = 'active'",
        "select 'run ' || run_uuid from runs where lifecycle_stage = 'active'",
        "select 'model ' || name from registered_models",
    )
    with postgres.connect(Lab(platform.folder).site(), postgres.SUPERUSER, "mlflow") as session:
        return {str(name) for one in asked for (name,) in session.execute(one).fetchall()}


def _store(platform: Platform) -> dict[str, set[str]]:
    kept = json.loads(platform.folder.secret(INIT_FILE).read_text(encoding="utf-8"))
    root = store_of(platform, str(kept["root_token"]))

    def names(path: str) -> set[str]:
        answer = root.request("GET", f"{path}?list=true")
        return {f"{path}/{name}" for name in answer.json()["data"]["keys"]} if answer.is_success else set()

    folders = set().union(*(names(f"secret/metadata/{folder}") for folder in FOLDERS))
    people = names("identity/entity/id") | names("identity/entity-alias/id")
    return {"secrets": folders, "people of the store": people}


def _objects(platform: Platform) -> dict[str, set[str]]:
    root = minio.s3(Lab(platform.folder).site(), minio.ROOT)
    listed = root.request("GET", "/datasets", {"versions": ""})
    assert listed.is_success
    return {"objects": {key.partition("</Key>")[0] for key in listed.text.split("<Key>")[1:]}}


def _environments(platform: Platform) -> dict[str, set[str]]:
    site, found = Lab(platform.folder).site(), {}
    for cluster in ("east", "west"):
        with admin_api(site, cluster) as api:
            found[f"environments of {cluster}"] = {one["metadata"]["name"] for one in api.list(ENVIRONMENTS)}
    return found
