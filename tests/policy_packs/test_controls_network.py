"""Controls NW: for each one documents that break it and documents that do not."""

from __future__ import annotations

import pytest

from tests.policy_packs.control_pairs import found

NP = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: team}\n"
CNP = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: team}\n"
CCNP = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {tier: one}}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: team, labels: {app: web}}\nspec: {}\n"
INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: team}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: team}\n"
GATEWAY = (
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: gates}\n"
)
ROUTE = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: gates}\n"
BOTH = "endpointSelector: {}, ingress: [{}], egress: [{}]"


def stack(*documents: str) -> str:
    return "---\n".join(documents)


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        (f"{NP}spec: {{podSelector: {{}}, policyTypes: [Ingress, Egress]}}", None),
        (f"{NP}spec: {{podSelector: {{}}, policyTypes: [Egress]}}", "ingress by default"),
        (f"{NP}spec: {{podSelector: {{}}}}", "egress by default"),
        (
            f"{NP}spec: {{podSelector: {{}}, policyTypes: [Ingress, Egress], ingress: [{{}}]}}",
            "denies ingress by",
        ),
        (
            f"{NP}spec: {{podSelector: {{matchLabels: {{a: b}}}}, policyTypes: [Ingress, Egress]}}",
            "ingress and egress",
        ),
        (f"{CNP}spec: {{{BOTH}}}", None),
        (f"{CNP}spec: {{endpointSelector: {{}}, ingress: [], egress: [{{}}]}}", "denies ingress by"),
        (f"{CNP}spec: {{{BOTH}, enableDefaultDeny: {{ingress: false}}}}", "denies ingress by"),
        (f"{CNP}spec: {{endpointSelector: {{}}, enableDefaultDeny: {{ingress: true, egress: true}}}}", None),
        (f"{CNP}spec: {{nodeSelector: {{}}, ingress: [{{}}], egress: [{{}}]}}", "ingress and egress"),
        (f"{CNP.replace('team', 'other')}spec: {{{BOTH}}}", "ingress and egress"),
        (f"{CCNP}spec: {{{BOTH}}}", None),
        (
            f"{CCNP}specs: [{{endpointSelector: {{}}, ingress: [{{}}]}}, {{endpointSelector: {{}}, egress: [{{}}]}}]",
            None,
        ),
        (
            f"{CCNP}spec: {{{BOTH.replace('{}', '{matchLabels: {k8s:io.kubernetes.pod.namespace: team}}', 1)}}}",
            None,
        ),
        (
            f"{CCNP}spec: {{{BOTH.replace('{}', '{matchLabels: {k8s:io.kubernetes.pod.namespace: x}}', 1)}}}",
            "ingress",
        ),
        (
            f"{CCNP}spec: {{{BOTH.replace('{}', '{matchLabels: {io.cilium.k8s.namespace.labels.tier: one}}', 1)}}}",
            None,
        ),
    ],
)
def test_nw_01_asks_for_default_deny_both_ways(policy: str, missing: str | None) -> None:
    messages = found("NW-01", stack(NAMESPACE, f"{policy}\n"))
    assert len(messages) == (missing is not None)
    assert (missing or "") in "".join(messages)


@pytest.mark.parametrize(
    ("policy", "selected"),
    [
        (f"{NP}spec: {{podSelector: {{matchLabels: {{app: web}}}}}}", True),
        (f"{NP}spec: {{podSelector: {{matchExpressions: [{{key: app, operator: Exists}}]}}}}", True),
        (f"{NP}spec: {{podSelector: {{matchLabels: {{app: api}}}}}}", False),
        (f"{NP.replace('team', 'other')}spec: {{podSelector: {{}}}}", False),
        (f"{CNP}spec: {{endpointSelector: {{matchLabels: {{'k8s:app': web}}}}, ingress: [{{}}]}}", True),
        (f"{CNP}spec: {{endpointSelector: {{matchLabels: {{'any:app': web}}}}}}", False),
        (
            f"{CCNP}spec: {{endpointSelector: {{}}, egressDeny: [{{}}], enableDefaultDeny: {{egress: false}}}}",
            False,
        ),
    ],
)
def test_nw_02_asks_for_a_policy_that_is_in_effect_on_the_pod(policy: str, selected: bool) -> None:
    assert (found("NW-02", stack(POD, f"{policy}\n")) == []) is selected


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]", None),
        ("ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]", None),
        ("ingress: [{from: [{podSelector: {}}]}]", None),
        ("ingress: [{ports: [{port: 80}]}]", "names no peer in from"),
        ("ingress: [{from: []}]", "names no peer in from"),
        ("ingress: [{from: [{namespaceSelector: {}}]}]", "every pod of every namespace"),
        (
            "ingress: [{from: [{namespaceSelector: {matchLabels: {}}, podSelector: {}}]}]",
            "every pod of every",
        ),
        ("egress: [{to: [{ipBlock: {cidr: '::/0'}}]}]", "ipBlock.cidr is every address"),
        ("egress: [{to: [{ipBlock: {cidr: 10.0.0.0/0}}]}]", "ipBlock.cidr is every address"),
        ("egress: [{to: [{ipBlock: {cidr: 3}}]}]", "ipBlock.cidr has a value that is not allowed"),
        ("policyTypes: [Ingress], egress: [{}]", None),
    ],
)
def test_nw_03_asks_for_peers_that_are_not_everybody(rules: str, says: str | None) -> None:
    messages = found("NW-03", f"{NP}spec: {{podSelector: {{}}, {rules}}}")
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)


@pytest.mark.parametrize(
    ("documents", "part"),
    [
        ([f"{NP}spec: {{podSelector: {{matchLabels: {{app: web}}}}}}\n", POD], None),
        ([f"{NP}spec: {{podSelector: {{matchLabels: {{app: wbe}}}}}}\n", POD], "policy-selector"),
        ([f"{CNP}spec: {{endpointSelector: {{matchLabels: {{app: wbe}}}}}}\n", POD], "policy-selector"),
        ([f"{NP}spec: {{podSelector: {{}}}}\n"], None),
        ([f"{SERVICE}spec: {{selector: {{app: web}}}}\n", POD], None),
        ([f"{SERVICE}spec: {{selector: {{app: wbe}}}}\n", POD], "service-selector"),
        ([f"{SERVICE}spec: {{type: ExternalName, externalName: x, selector: {{app: wbe}}}}\n"], None),
        ([f"{INGRESS}spec: {{defaultBackend: {{service: {{name: web}}}}}}\n", SERVICE], None),
        ([f"{INGRESS}spec: {{defaultBackend: {{service: {{name: wbe}}}}}}\n", SERVICE], "route-backend"),
        ([f"{ROUTE}spec: {{rules: [{{backendRefs: [{{name: web, namespace: team}}]}}]}}\n", SERVICE], None),
        ([f"{ROUTE}spec: {{rules: [{{backendRefs: [{{name: web}}]}}]}}\n", SERVICE], "route-backend"),
        ([f"{ROUTE}spec: {{rules: [{{backendRefs: [{{name: x, kind: Bucket, group: y}}]}}]}}\n"], None),
        (
            [
                f"{NP.replace('team', 'gates')}spec: {{podSelector: {{matchLabels: "
                "{gateway.networking.k8s.io/gateway-name: edge}}}\n",
                f"{GATEWAY}spec: {{}}\n",
            ],
            None,
        ),
    ],
)
def test_nw_04_names_the_part_that_does_not_resolve(documents: list[str], part: str | None) -> None:
    messages = found("NW-04", stack(*documents))
    assert [message.partition(":")[0] for message in messages] == ([part] if part else [])


def test_nw_04_takes_pods_that_others_bring_and_charts_that_hide_theirs() -> None:
    policy = f"{NP}spec: {{podSelector: {{matchLabels: {{app: web}}}}}}\n"
    chart = "type: kubernetes:helm.sh/v4:Chart\nname: c\nproperties: {namespace: team}\n"
    assert found("NW-04", policy)
    assert found("NW-04", policy, podsFromElsewhere=["team/app=web"]) == []
    assert found("NW-04", stack(policy, chart)) == []
    rendered = "type: kubernetes:core/v1:Pod\nname: c:team/a\nproperties: {metadata: {namespace: team}}\n"
    assert found("NW-04", stack(policy, chart, rendered)), "a chart that can be seen hides nothing"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("egress: [{toEntities: [world]}]", "egress[0].toEntities names world"),
        ("ingress: [{fromEntities: [cluster]}]", "ingress[0].fromEntities names cluster"),
        ("egress: [{toCIDRSet: [{cidr: 0.0.0.0/0}]}]", "toCIDRSet is every address"),
        ("egress: [{toEntities: [kube-apiserver]}]", None),
        ("egressDeny: [{toEntities: [world]}]", None),
        ("egress: [{toFQDNs: [{matchName: a.b}]}]", "toFQDNs and no DNS rule"),
        (
            "egress: [{toFQDNs: [{matchPattern: '*'}], toPorts: [{rules: {dns: [{matchPattern: '*'}]}}]}]",
            "takes every name",
        ),
        ("egress: [{toFQDNs: [{matchName: a.b}]}, {toPorts: [{rules: {dns: [{matchName: a.b}]}}]}]", None),
        ("ingress: [{}], enableDefaultDeny: {ingress: false}", "enableDefaultDeny.ingress is false"),
        ("egressDeny: [{toCIDR: [192.0.2.1/32]}], enableDefaultDeny: {ingress: false, egress: false}", None),
    ],
)
def test_nw_05_keeps_the_wide_entities_to_the_gateway(spec: str, says: str | None) -> None:
    messages = found("NW-05", f"{CNP}spec: {{endpointSelector: {{}}, {spec}}}")
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)


def test_nw_05_and_nw_06_let_the_gateway_and_the_listed_policies_out() -> None:
    world = f"{CNP}spec: {{endpointSelector: {{}}, egress: [{{toEntities: [world]}}]}}"
    assert found("NW-05", world, gatewayNamespaces=["team"]) == []
    assert found("NW-05", world, egressPolicies=["team/p"]) == []
    assert found("NW-06", f"{SERVICE}spec: {{type: LoadBalancer}}", gatewayNamespaces=["team"]) == []


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("type: ClusterIP", None),
        ("clusterIP: None", None),
        ("type: NodePort", "spec.type is NodePort"),
        ("externalIPs: [192.0.2.1]", "spec.externalIPs is set"),
        ("type: ExternalName, externalName: db.example.com", None),
        ("type: ExternalName, externalName: localhost", "spec.externalName has a value that is not allowed"),
        ("type: ExternalName, externalName: 127.0.0.9", "spec.externalName"),
        ("type: ExternalName", "spec.externalName is not set"),
        ("type: 3", "spec.type has a value"),
    ],
)
def test_nw_06_keeps_services_inside(spec: str, says: str | None) -> None:
    messages = found("NW-06", f"{SERVICE}spec: {{{spec}}}")
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)


REDIRECT = "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]"


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ([f"{INGRESS}spec: {{rules: [{{host: a.b}}]}}\n"], "spec.tls is not set"),
        ([f"{INGRESS}spec: {{tls: [{{hosts: ['*.b']}}], rules: [{{host: a.b}}]}}\n"], None),
        (
            [f"{INGRESS}spec: {{tls: [{{hosts: ['*.b']}}], rules: [{{host: c.a.b}}]}}\n"],
            "does not cover host",
        ),
        ([f"{INGRESS}spec: {{tls: [{{hosts: [a.b]}}], rules: [{{}}]}}\n"], None),
        ([f"{INGRESS}spec: {{tls: [{{hosts: [a.b]}}], rules: [{{host: 3}}]}}\n"], "does not cover host"),
        ([f"{GATEWAY}spec: {{listeners: [{{protocol: HTTPS}}]}}\n"], "certificateRefs is not set"),
        ([f"{GATEWAY}spec: {{listeners: [{{protocol: TLS, tls: {{mode: Passthrough}}}}]}}\n"], None),
        ([f"{GATEWAY}spec: {{listeners: [{{name: h, protocol: HTTP}}]}}\n"], None),
        (
            [
                f"{GATEWAY}spec: {{listeners: [{{name: h, protocol: HTTP}}]}}\n",
                f"{ROUTE}spec: {{parentRefs: [{{name: edge}}], {REDIRECT}}}\n",
            ],
            None,
        ),
        (
            [
                f"{GATEWAY}spec: {{listeners: [{{name: h, protocol: HTTP}}]}}\n",
                f"{ROUTE}spec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: web}}]}}]}}\n",
            ],
            "serves more than redirects",
        ),
    ],
)
def test_nw_07_asks_for_tls_that_covers_every_host(documents: list[str], says: str | None) -> None:
    messages = found("NW-07", stack(*documents))
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("rules: [{host: a.b}]", None),
        ("rules: [{}]", "host is not set"),
        ("rules: [{host: '*.b'}]", "host has a *"),
        ("rules: [{host: a.b}], defaultBackend: {service: {name: x}}", "spec.defaultBackend is set"),
        ("rules: [{host: 3}]", "host has a value"),
    ],
)
def test_nw_08_asks_for_exact_hosts(spec: str, says: str | None) -> None:
    messages = found("NW-08", f"{INGRESS}spec: {{{spec}}}")
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)
