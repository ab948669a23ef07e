"""Our own stacks against the catalogue of controls: by the packs, and by eyes of their own for what matters most."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from controls.control import Level

from config.mesh import revision
from tests.recorder import Recorder
from tests.stacks.conftest import settings_of
from tests.stacks.stack_items import CONFIG, DAY, configuration_of, items_of, judged
from tests.stacks.stack_objects import (
    CLUSTER_WIDE,
    accounts,
    chart_pods,
    name,
    namespaces,
    of_kind,
    operated_pods,
    place,
    pod_labels,
    pods,
    selected,
    system_places,
)


def test_the_packs_find_nothing_that_is_not_exempt_and_no_exemption_is_stale(
    recorded: Recorder, stack: str
) -> None:
    found = judged(items_of(recorded), configuration_of(stack))
    assert [str(finding) for finding in found if finding.level is Level.MANDATORY] == []


def test_exemptions_are_few_and_each_ends(stack: str) -> None:
    packs = json.loads((CONFIG / f"{stack}.json").read_text(encoding="utf-8")).values()
    assert sum(len(pack.get("exemptions", ())) for pack in packs) <= 25
    exemptions = [one for pack in configuration_of(stack).values() for one in pack.exemptions]
    assert all(one.in_force(DAY) and (one.expiry - DAY).days <= 366 for one in exemptions)


def test_the_control_planes_that_are_exempt_by_name_are_those_that_the_settings_run() -> None:
    """A chart names its objects by the revision; in a preview without the charts nothing else would tell."""
    text = (CONFIG / "prod.json").read_text(encoding="utf-8")
    named = set(re.findall(r"istiod(?:-clusterrole)?-(\d+-\d+-\d+)", text))
    assert named == set(map(revision, settings_of("prod").mesh.versions))


def test_what_is_not_ours_is_exempt_only_where_a_chart_is(recorded: Recorder, stack: str) -> None:
    """No entry for an agent of the cluster reaches into a namespace of tenants, or one without a chart."""
    items = items_of(recorded)
    ours = {item.place for item in items}
    exemptions = [one for pack in configuration_of(stack).values() for one in pack.exemptions]
    theirs = {one.place.namespace for one in exemptions if one.place not in ours and ":" not in one.kind}
    assert theirs <= {
        "",
        *(str(item.fields.value("namespace")) for item in items if item.type == "Chart.helm.sh"),
    }
    tenants = {item.name for item in items if "mlops.platform/tenant-purpose" in dict(item.labels.present())}
    assert not theirs & {"mlops-platform", *tenants}


def test_wl_12_every_object_is_in_a_namespace_of_the_stack_or_cluster_wide(recorded: Recorder) -> None:
    known = namespaces(recorded) | system_places(recorded)
    homeless = [
        one.name
        for one in recorded.kubernetes
        if (place(one)[1] != "" if one.inputs["kind"] in CLUSTER_WIDE else place(one) not in known)
    ]
    assert homeless == []
    assert {place(one) for one, _ in chart_pods(recorded)} <= known


def test_wl_13_every_namespace_enforces_restricted_at_a_pinned_version(recorded: Recorder) -> None:
    for one in of_kind(recorded, "Namespace"):
        labels = one.inputs["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert labels["pod-security.kubernetes.io/enforce-version"].startswith("v1.")


@pytest.mark.parametrize(
    ("kind", "selector"), [("NetworkPolicy", "podSelector"), ("CiliumNetworkPolicy", "endpointSelector")]
)
def test_nw_01_every_namespace_denies_by_default_both_ways(
    recorded: Recorder, kind: str, selector: str
) -> None:
    closed = {
        place(one)
        for one in of_kind(recorded, kind)
        if one.inputs["spec"][selector] == {}
        and (
            set(one.inputs["spec"].get("policyTypes", ())) == {"Ingress", "Egress"}
            or one.inputs["spec"].get("enableDefaultDeny") == {"ingress": True, "egress": True}
        )
    }
    assert closed == namespaces(recorded)


def test_nw_03_no_rule_is_without_peers_and_no_peer_is_everybody(recorded: Recorder) -> None:
    for one in of_kind(recorded, "NetworkPolicy"):
        spec = one.inputs["spec"]
        for rule, peers in [("ingress", "from"), ("egress", "to")]:
            for entry in spec.get(rule, ()):
                assert entry[peers], one.name
                for peer in entry[peers]:
                    assert peer.keys() <= {"namespaceSelector", "podSelector"}, one.name
                    where = peer.get("namespaceSelector", peer.get("podSelector"))
                    assert where["matchLabels"], one.name


SELECTING = (
    "AuthorizationPolicy",
    "CiliumNetworkPolicy",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "RequestAuthentication",
    "Service",
)


def test_nw_04_every_selector_finds_a_pod_of_the_stack(recorded: Recorder) -> None:
    labels = pod_labels(recorded)
    for one in of_kind(recorded, *SELECTING):
        wanted = selected(one.inputs["spec"])
        if wanted:
            assert [
                there for there, has in labels if there == place(one) and wanted.items() <= has.items()
            ], one.name


def test_nw_05_the_world_is_let_in_at_the_ingress_alone_and_names_are_exact(recorded: Recorder) -> None:
    for one in of_kind(recorded, "CiliumNetworkPolicy"):
        for rule in [*one.inputs["spec"].get("egress", ()), *one.inputs["spec"].get("ingress", ())]:
            ranges = {key for key in rule if key.endswith(("CIDR", "CIDRSet"))}
            assert not ranges or ports(rule) == {"15443"}, one.name
            entities = {*rule.get("fromEntities", ()), *rule.get("toEntities", ())} - {"kube-apiserver"}
            assert not entities or (entities, name(one)) == ({"world"}, "ingress-from-outside"), one.name
            assert not entities or ports(rule) == {"80", "443"}, one.name
            assert all(list(name) == ["matchName"] for name in rule.get("toFQDNs", ())), one.name


def ports(rule: dict[str, Any]) -> set[str]:
    return {port["port"] for entry in rule.get("toPorts", ()) for port in entry["ports"]}


def test_nw_06_every_service_stays_inside_its_cluster(recorded: Recorder) -> None:
    assert {one.inputs["spec"]["type"] for one in of_kind(recorded, "Service")} == {"ClusterIP"}


def test_id_06_to_08_every_pod_has_an_identity_of_its_own_that_exists(recorded: Recorder) -> None:
    known = accounts(recorded)
    taken = [
        (*place(one), pod["spec"]["serviceAccountName"])
        for one, pod in (*pods(recorded), *operated_pods(recorded))
    ]
    taken += [(*place(one), one.inputs["name"]) for one, _ in chart_pods(recorded)]
    assert set(taken) <= known
    assert len(set(taken)) == len(taken)
    assert "default" not in {account for *_, account in taken}
    for one, pod in (*pods(recorded), *operated_pods(recorded)):
        assert pod["spec"]["automountServiceAccountToken"] is False, one.name


def test_id_07_no_service_account_mounts_a_token(recorded: Recorder) -> None:
    assert all(
        one.inputs["automountServiceAccountToken"] is False for one in of_kind(recorded, "ServiceAccount")
    )


def test_se_05_no_secret_is_declared_with_its_data(recorded: Recorder) -> None:
    assert list(of_kind(recorded, "Secret")) == []


def test_gc_03_every_tenant_has_a_quota_with_gpus_and_a_limit_range(recorded: Recorder) -> None:
    tenants = {
        (one.provider, name(one))
        for one in of_kind(recorded, "Namespace")
        if "mlops.platform/tenant-purpose" in one.inputs["metadata"]["labels"]
    }
    bounded = {
        place(one)
        for one in of_kind(recorded, "ResourceQuota")
        if any(key.startswith("requests.nvidia.com/") for key in one.inputs["spec"]["hard"])
    }
    assert tenants
    assert bounded == tenants == {place(one) for one in of_kind(recorded, "LimitRange")}


def test_gc_04_namespaces_and_workloads_say_who_pays(recorded: Recorder) -> None:
    labelled = [one.inputs["metadata"]["labels"] for one in of_kind(recorded, "Namespace", "Deployment")]
    labelled += [pod["metadata"]["labels"] for _, pod in (*pods(recorded), *operated_pods(recorded))]
    labelled += [labels for _, labels in chart_pods(recorded)]
    assert all({"team", "cost-center", "environment"} <= labels.keys() for labels in labelled)


def test_sr_04_every_long_running_container_has_probes(recorded: Recorder) -> None:
    for one, pod in pods(recorded):
        for container in pod["spec"]["containers"]:
            assert {"livenessProbe", "readinessProbe"} <= container.keys(), one.name
