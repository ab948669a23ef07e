from __future__ import annotations

from components.manifest import NamespaceRef
from components.secrets.external_secret import external_secret

TEAM = NamespaceRef(name="team", ready="team")


def test_each_key_is_fetched_by_name_from_the_path() -> None:
    spec = external_secret("tracker", "tracker/database", ("ca.crt", "service"), TEAM, {})["spec"]
    assert spec["data"] == [
        {"secretKey": "ca.crt", "remoteRef": {"key": "tracker/database", "property": "ca.crt"}},
        {"secretKey": "service", "remoteRef": {"key": "tracker/database", "property": "service"}},
    ]
    assert "dataFrom" not in spec


def test_the_secret_has_the_name_by_which_pods_mount_it_and_goes_with_its_owner() -> None:
    manifest = external_secret("tracker", "tracker/database", ("ca.crt",), TEAM, {})
    assert manifest["spec"]["target"]["name"] == manifest["metadata"]["name"]
    assert manifest["spec"]["target"]["creationPolicy"] == "Owner"
