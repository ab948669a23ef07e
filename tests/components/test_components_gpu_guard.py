from __future__ import annotations

from components.gpu.gpu_guard import deployment, rights
from components.manifest import NamespaceRef
from config.gpu import STARTUP_TAINT

NAMESPACE = NamespaceRef(name="gpu-guard", ready="gpu-guard")


def test_the_guard_sets_and_removes_the_taint_that_nodes_start_with() -> None:
    (container,) = deployment("gpu-guard", NAMESPACE, {})["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert environment["TAINT"] == STARTUP_TAINT["key"]


def test_the_guard_may_see_and_change_nodes_and_nothing_else() -> None:
    role, binding = rights(NAMESPACE, {})
    (rule,) = role["rules"]
    assert (rule["apiGroups"], rule["resources"]) == ([""], ["nodes"])
    assert set(rule["verbs"]) == {"list", "watch", "patch"}
    (subject,) = binding["subjects"]
    assert (subject["namespace"], subject["name"]) == ("gpu-guard", "gpu-guard")


def test_its_token_is_its_own_and_short_lived() -> None:
    pod = deployment("gpu-guard", NAMESPACE, {})["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    (volume,) = pod["volumes"]
    (token, authority) = volume["projected"]["sources"]
    assert token["serviceAccountToken"]["expirationSeconds"] <= 3600
    assert authority["configMap"]["name"] == "kube-root-ca.crt"
