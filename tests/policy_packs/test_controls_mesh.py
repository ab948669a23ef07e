"""Controls MS: for each one documents that break it and documents that do not."""

from __future__ import annotations

import pytest

from tests.policy_packs.control_pairs import found

ISTIO = "security.istio.io/v1"
NET = "networking.istio.io/v1"


def of(
    kind: str, spec: str, *, group: str = NET, namespace: str = "team", name: str = "it", more: str = ""
) -> str:
    metadata = f"{{name: {name}, namespace: {namespace}{more}}}"
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def policy(spec: str, namespace: str = "team") -> str:
    return of("AuthorizationPolicy", spec, group=ISTIO, namespace=namespace)


def namespace(labels: str, name: str = "team") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"


def stack(*documents: str) -> str:
    return "---\n".join(documents)


MESHED = namespace("istio-injection: enabled")
STRICT = of("PeerAuthentication", "{mtls: {mode: STRICT}}", group=ISTIO, namespace="istio-system")
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: team}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: team, labels: {app: web}}\nspec: {}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: team}\nspec: {}\n"
TOKENS = "jwtRules: [{issuer: 'https://id/realms/ml'}]"
PEOPLE = "rules: [{from: [{source: {requestPrincipals: ['https://id/realms/ml/*']}}]}]"


def check(control: str, text: str, says: str | None, **given: object) -> None:
    """The control finds exactly one defect that says so, or none."""
    messages = found(control, text, **given)
    assert len(messages) == (says is not None), messages
    assert (says or "") in "".join(messages)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("{mtls: {mode: STRICT}}", None),
        ("{mtls: {mode: UNSET}}", None),
        ("{selector: {matchLabels: {a: b}}}", None),
        ("{mtls: {mode: PERMISSIVE}}", "spec.mtls.mode is PERMISSIVE"),
        ("{portLevelMtls: {80: {mode: DISABLE}}}", "is DISABLE"),
        ("{mtls: {mode: !unknown x}}", "is not known in preview"),
        ("{mtls: 3}", "has the wrong type"),
    ],
)
def test_ms_01_asks_for_strict_at_every_level(spec: str, says: str | None) -> None:
    check("MS-01", of("PeerAuthentication", spec, group=ISTIO), says)


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ([MESHED, STRICT, policy("{}")], None),
        ([MESHED, STRICT, policy("{action: ALLOW, rules: []}")], None),
        ([namespace(""), namespace("istio-injection: disabled", "other")], None),
        ([MESHED, policy("{}")], "makes the whole mesh STRICT"),
        (
            [MESHED, STRICT.replace("{mtls", "{selector: {matchLabels: {a: b}}, mtls"), policy("{}")],
            "STRICT; add one",
        ),
        ([MESHED, STRICT, STRICT.replace("it,", "two,"), policy("{}")], "a second PeerAuthentication"),
        ([MESHED, STRICT], "no AuthorizationPolicy allows nothing"),
        ([MESHED, STRICT, policy("{action: DENY}")], "allows nothing"),
        ([MESHED, STRICT, policy("{selector: {matchLabels: {a: b}}}")], "allows nothing"),
        ([MESHED, STRICT, policy("{rules: [{}]}")], "allows nothing"),
        ([MESHED, STRICT, policy("{}", "other")], "allows nothing"),
    ],
)
def test_ms_02_asks_for_default_deny_in_the_mesh(documents: list[str], says: str | None) -> None:
    check("MS-02", stack(*documents), says)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("{}", None),
        ("{rules: [{from: [{source: {namespaces: [team]}}]}]}", None),
        ("{rules: [{when: [{key: 'request.auth.claims[groups]', values: [a]}]}]}", None),
        ("{rules: [{}]}", "allows without a source"),
        ("{rules: [{from: [{source: {}}]}]}", "allows without a source"),
        ("{rules: [{when: [{key: connection.sni, values: [a]}]}]}", "allows without a source"),
        ("{rules: [{when: [{key: source.namespace, notValues: [a]}]}]}", "allows without a source"),
        ("{rules: [{when: [{key: source.namespace, values: [a, b], notValues: [b]}]}]}", None),
        ("{rules: [{from: [{source: {notPrincipals: [a]}}]}]}", "allows without a source"),
        ("{rules: [{from: [{source: {principals: ['*']}}]}]}", "source.principals has a *"),
        ("{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}", "source.requestPrincipals has a *"),
        ("{action: DENY, rules: [{}]}", None),
        ("{action: DENY, rules: [{to: [{operation: {notPaths: [/a]}}]}]}", "denies by notPaths alone"),
        ("{action: DENY, rules: [{to: [{operation: {notPaths: [/a], methods: [GET]}}]}]}", None),
        ("{action: !unknown x}", "spec.action is not known in preview"),
    ],
)
def test_ms_03_asks_for_rules_with_a_source(spec: str, says: str | None) -> None:
    check("MS-03", policy(spec), says)


def test_ms_03_leaves_the_gateway_open_and_trusts_normalized_paths() -> None:
    assert found("MS-03", policy("{rules: [{}]}", "istio-gateways")) == []
    denies = policy("{action: DENY, rules: [{to: [{operation: {notPaths: [/a]}}]}]}")
    assert found("MS-03", denies, pathNormalization=True) == []


def principal(value: str) -> str:
    return policy(f"{{rules: [{{from: [{{source: {{principals: ['{value}']}}}}]}}]}}")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("cluster.local/ns/team/sa/web", None),
        ("cluster.local/ns/team/sa/default", None),
        ("cluster.local/ns/team/sa/wbe", 'names ServiceAccount "wbe" of namespace "team"'),
        ("cluster.local/ns/taem/sa/web", "which is not in the stack"),
        ("other.domain/ns/team/sa/web", 'is of trust domain "other.domain"'),
        ("spiffe://cluster.local/ns/team/sa/web", "is not of the form"),
        ("cluster.local/ns/team/sa/*", "is not of the form"),
        ("cluster.local/ns/gates/sa/edge-istio", None),
    ],
)
def test_ms_04_asks_for_principals_that_exist(value: str, says: str | None) -> None:
    gateway = of(
        "Gateway", "{gatewayClassName: istio}", group="gateway.networking.k8s.io/v1", namespace="gates"
    )
    check("MS-04", stack(principal(value), ACCOUNT, gateway.replace("it,", "edge,")), says)


def test_ms_04_takes_accounts_of_other_clusters_charts_and_trusted_domains() -> None:
    assert (
        found("MS-04", stack(principal("old.domain/ns/team/sa/web"), ACCOUNT), trustDomains=["old.domain"])
        == []
    )
    chart = "type: kubernetes:helm.sh/v4:Chart\nname: c\nproperties: {namespace: team}\noptions: {provider: west}\n"
    assert found("MS-04", stack(principal("cluster.local/ns/team/sa/web"), chart)) == []
    account = "type: kubernetes:core/v1:ServiceAccount\nname: s\nproperties: {metadata: {name: web, namespace: team}}\n"
    west = f"{account}options: {{provider: west}}\n"
    assert found("MS-04", stack(principal("cluster.local/ns/team/sa/web"), west)) == []


REALM = "type: keycloak:index/realm:Realm\nname: r\nproperties: {realm: ml}\n"
WEB = "selector: {matchLabels: {app: web}}"


def claim(values: str, action: str = "") -> str:
    return f"{{{action}rules: [{{when: [{{key: 'request.auth.claims[groups]', {values}}}]}}]}}"


@pytest.mark.parametrize(
    ("tokens", "other", "says"),
    [
        (f"{{{TOKENS}}}", policy(f"{{{PEOPLE}}}"), None),
        (f"{{{WEB}, {TOKENS}}}", policy(f"{{{PEOPLE}}}"), None),
        (f"{{{WEB}, {TOKENS}}}", policy(f"{{{WEB}, {PEOPLE}}}"), None),
        (f"{{{TOKENS}}}", policy(f"{{{WEB}, {PEOPLE}}}"), "request-principals: "),
        (f"{{{TOKENS}}}", policy(f"{{{PEOPLE}}}", "other"), "request-principals: "),
        (f"{{{TOKENS}}}", policy(f"{{action: DENY, {PEOPLE}}}"), "request-principals: "),
        (
            f"{{{TOKENS}}}",
            policy("{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}]}]}"),
            None,
        ),
        (f"{{{TOKENS}}}", policy(claim("values: [a]")), None),
        (f"{{{TOKENS}}}", policy(claim("notValues: [a]")), "request-principals: "),
        (f"{{{TOKENS}}}", policy(claim("values: [a]", "action: DENY, ")), "request-principals: "),
        ("{jwtRules: [{issuer: 'http://id/realms/ml'}]}", policy(f"{{{PEOPLE}}}"), "issuer is not https"),
        (
            "{jwtRules: [{issuer: 'https://id/realms/other'}]}",
            policy(f"{{{PEOPLE}}}"),
            "is not the stack's Keycloak",
        ),
        (
            "{jwtRules: [{issuer: 'https://id/realms/ml', jwksUri: 'https://elsewhere/certs'}]}",
            policy(f"{{{PEOPLE}}}"),
            "jwksUri is not below its issuer",
        ),
        (
            "{jwtRules: [{issuer: 'https://id/realms/ml', jwks: '{}'}]}",
            policy(f"{{{PEOPLE}}}"),
            "jwks takes keys from elsewhere than the realm",
        ),
        (
            "{jwtRules: [{issuer: 'https://id/realms/ml', jwks_uri: 'https://elsewhere/certs'}]}",
            policy(f"{{{PEOPLE}}}"),
            "jwks_uri takes keys from elsewhere than the realm",
        ),
        ("{jwtRules: [{}]}", policy(f"{{{PEOPLE}}}"), "issuer is not set"),
    ],
)
def test_ms_05_asks_for_a_policy_beside_the_tokens_and_for_the_realm(
    tokens: str, other: str, says: str | None
) -> None:
    check("MS-05", stack(of("RequestAuthentication", tokens, group=ISTIO), other, REALM), says)


def istiod(environment: str) -> str:
    metadata = "{name: istiod, namespace: istio-system, labels: {app: istiod}}"
    spec = f"{{template: {{spec: {{containers: [{{name: discovery, env: [{environment}]}}]}}}}}}"
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {metadata}\nspec: {spec}\n"


def test_ms_05_asks_what_istiod_may_fetch_only_where_tokens_are_checked() -> None:
    tokens = stack(of("RequestAuthentication", f"{{{TOKENS}}}", group=ISTIO), policy(f"{{{PEOPLE}}}"))
    blocked = "{name: BLOCKED_CIDRS_IN_JWKS_URIS, value: 169.254.0.0/16}"
    check("MS-05", stack(tokens, istiod("")), "jwks-fetch: ")
    check("MS-05", stack(tokens, istiod(blocked)), None)
    check("MS-05", istiod(""), None)
    check(
        "MS-05",
        stack(tokens, istiod("{name: [a], value: b}, {name: {a: b}}, {name: !unknown x}")),
        "jwks-fetch: ",
    )


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        ("istiod", "jwks-fetch: "),
        ("oci://charts.example/istiod", "jwks-fetch: "),
        ("oci://charts.example/istiod@sha256:0", "jwks-fetch: "),
        ("my-istiod", None),
    ],
)
def test_ms_05_knows_the_chart_of_istiod_by_its_name(chart: str, says: str | None) -> None:
    tokens = stack(of("RequestAuthentication", f"{{{TOKENS}}}", group=ISTIO), policy(f"{{{PEOPLE}}}"))
    check("MS-05", stack(tokens, f"apiVersion: helm.sh/v4\nkind: Chart\nchart: {chart}\n"), says)


def test_ms_05_asks_for_tokens_where_claims_route() -> None:
    routes = "{http: [{match: [{headers: {'@request.auth.claims.group': {exact: a}}}]}]}"
    check("MS-05", of("VirtualService", routes), "claim-routing: ")
    tokens = stack(of("RequestAuthentication", f"{{{TOKENS}}}", group=ISTIO), policy(f"{{{PEOPLE}}}"))
    check("MS-05", stack(of("VirtualService", routes), tokens), None)


@pytest.mark.parametrize(
    ("tls", "says"),
    [
        ("{mode: ISTIO_MUTUAL}", None),
        ("{mode: SIMPLE, caCertificates: system}", None),
        ("{mode: MUTUAL, credentialName: c}", "names no CA"),
        ("{mode: MUTUAL}", "names no CA"),
        ("{mode: DISABLE}", "mode is DISABLE"),
        ("{mode: SIMPLE, caCertificates: a, insecureSkipVerify: true}", "insecureSkipVerify is true"),
        ("{mode: !unknown x}", "is not known in preview"),
    ],
)
def test_ms_06_asks_for_a_ca_at_every_level(tls: str, says: str | None) -> None:
    check("MS-06", of("DestinationRule", f"{{host: a, trafficPolicy: {{tls: {tls}}}}}"), says)
    ports = f"{{portLevelSettings: [{{port: {{number: 1}}, tls: {tls}}}]}}"
    check("MS-06", of("DestinationRule", f"{{subsets: [{{name: v1, trafficPolicy: {ports}}}]}}"), says)


def test_ms_06_takes_a_credential_where_the_proxy_does() -> None:
    tls = "trafficPolicy: {tls: {mode: MUTUAL, credentialName: c}}"
    check(
        "MS-06",
        of("DestinationRule", f"{{host: a, workloadSelector: {{matchLabels: {{app: b}}}}, {tls}}}"),
        None,
    )
    check("MS-06", of("DestinationRule", f"{{host: a, {tls}}}"), None, gatewayNamespaces=["team"])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("istio-injection: enabled", None),
        ("istio.io/rev: stable", None),
        ("istio.io/dataplane-mode: ambient", None),
        ("istio-injection: disabled", "no label brings it into the mesh"),
        ("istio.io/dataplane-mode: none", "no label"),
        ("istio-injection: enabled, istio.io/rev: stable", "contradict each other"),
    ],
)
def test_ms_07_asks_for_one_mesh_label_of_a_tenants_namespace(labels: str, says: str | None) -> None:
    check("MS-07", namespace(labels), says)
    check("MS-07", namespace(labels, "tools"), None, meshFreeNamespaces=["tools"])


@pytest.mark.parametrize("noun", ["labels", "annotations"])
@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("sidecar.istio.io/inject: 'true'", None),
        ("sidecar.istio.io/inject: 'false'", "is not true, so it leaves the mesh"),
        ("sidecar.istio.io/inject: false", "is not true"),
        ("istio.io/dataplane-mode: none", "is none, so it leaves the mesh"),
        ("traffic.sidecar.istio.io/excludeOutboundPorts: '443'", "goes round the proxy"),
        ("sidecar.istio.io/interceptionMode: NONE", "goes round the proxy"),
        ("sidecar.istio.io/proxyImage: x", "goes round the proxy or replaces it"),
        ("prometheus.io/scrape: 'true'", None),
    ],
)
def test_ms_07_asks_that_no_pod_leaves_the_mesh(pair: str, says: str | None, noun: str) -> None:
    template = f"{{template: {{metadata: {{{noun}: {{{pair}}}}}, spec: {{}}}}}}"
    check("MS-07", of("Deployment", template, group="apps/v1"), says)


def server(fields: str) -> str:
    return of("Gateway", f"{{servers: [{{{fields}}}]}}")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (of("VirtualService", "{hosts: [a.b]}"), None),
        (of("VirtualService", "{hosts: ['*.b']}"), "spec.hosts has a *"),
        (server("hosts: [a.b], port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE}"), None),
        (server("hosts: ['./*'], port: {number: 443, protocol: HTTPS}"), "hosts has a *"),
        (
            server("hosts: [a], port: {protocol: HTTPS}, tls: {minProtocolVersion: TLSV1_1}"),
            "minProtocolVersion",
        ),
        (server("hosts: [a], port: {number: 80, protocol: HTTP}"), "serves in clear"),
        (server("hosts: [a], port: {number: 80, protocol: HTTP}, tls: {httpsRedirect: true}"), None),
        (
            server("hosts: ['*.local'], port: {number: 15443, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}"),
            None,
        ),
        (
            of(
                "Gateway", "{listeners: [{hostname: '*.b', port: 443}]}", group="gateway.networking.k8s.io/v1"
            ),
            "hostname has a *",
        ),
    ],
)
def test_ms_08_asks_for_exact_hosts_and_modern_tls(document: str, says: str | None) -> None:
    check("MS-08", document, says)


SUBSETS = of("DestinationRule", "{host: web, subsets: [{name: v1}]}")
TAKES = of("Gateway", "{selector: {app: web}, servers: [{hosts: ['team/*.b']}]}")
PICKS = SERVICE.replace("spec: {}", "spec: {selector: {app: web}}")
OUTSIDE = of("ServiceEntry", "{hosts: ['*.example.com']}")


def route(destination: str) -> str:
    return of("VirtualService", f"{{http: [{{route: [{{destination: {{{destination}}}}}]}}]}}")


def subset(labels: str) -> str:
    return of("DestinationRule", f"{{host: web, subsets: [{{name: v1, labels: {{{labels}}}}}]}}")


def secret(kind: str, spec: str, group: str) -> str:
    return of(kind, spec, group=group)


def pair(certificate: str, key: str) -> str:
    data = f"{{{certificate}: eA==, {key}: eA==}}"
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: web-tls, namespace: team}}\ndata: {data}\n"


def exported(to: str) -> str:
    annotations = f"annotations: {{networking.istio.io/exportTo: {to}}}"
    return SERVICE.replace("namespace: team}", f"namespace: other, {annotations}}}")


def entry(to: str, namespace: str) -> str:
    return of("ServiceEntry", f"{{hosts: [api.example.net], exportTo: {to}}}", namespace=namespace)


def listener(hostname: str) -> str:
    return of("Gateway", f"{{listeners: [{{hostname: {hostname}}}]}}", group="gateway.networking.k8s.io/v1")


LISTENS = SERVICE.replace("spec: {}", "spec: {ports: [{port: 80}]}")
EDGE = of("Gateway", "{selector: {app: web}, servers: [{hosts: ['./a.b']}]}")
CREDENTIAL = of("Gateway", "{selector: {app: web}, servers: [{tls: {credentialName: web-tls}}]}")


@pytest.mark.parametrize(
    ("documents", "part"),
    [
        ([of("Gateway", "{selector: {app: web}}"), POD], None),
        ([of("Gateway", "{selector: {app: wbe}}"), POD], "gateway-selector"),
        (
            [of("VirtualService", "{gateways: [mesh, it]}"), of("Gateway", "{selector: {app: web}}"), POD],
            None,
        ),
        ([of("VirtualService", "{gateways: [team/it]}"), of("Gateway", "{selector: {app: web}}"), POD], None),
        ([of("VirtualService", "{gateways: [other/it]}")], "gateway"),
        ([route("host: web"), SERVICE], None),
        ([route("host: web.team.svc.cluster.local"), SERVICE], None),
        ([route("host: web.other.svc.cluster.local"), SERVICE], "destination-host"),
        ([route("host: api.example.com"), OUTSIDE], None),
        ([route("host: web.team"), SERVICE], None),
        ([route("host: web.example.com"), SERVICE], "destination-host"),
        ([route("host: api.example.org"), OUTSIDE], "destination-host"),
        ([route("host: web, subset: v1"), SERVICE, SUBSETS], None),
        ([route("host: web, subset: v2"), SERVICE, SUBSETS], "subset"),
        ([subset("app: web"), PICKS, POD], None),
        ([subset("version: v1"), PICKS, POD], "subset"),
        ([subset("topology.kubernetes.io/zone: eu-1a"), PICKS, POD], None),
        ([subset("topology.kubernetes.io/zone: eu-1a, version: v1"), PICKS, POD], "subset"),
        ([subset("topology.kubernetes.io/zone: ''"), PICKS, POD], "subset"),
        ([policy("{selector: {matchLabels: {app: web}}}"), POD], None),
        ([policy("{selector: {matchLabels: {app: wbe}}}"), POD], "policy-selector"),
        ([policy("{selector: {matchLabels: {app: web}}}", "istio-system"), POD], None),
        ([of("Sidecar", "{workloadSelector: {labels: {app: wbe}}}"), POD], "policy-selector"),
        ([policy("{rules: [{from: [{source: {namespaces: [team]}}]}]}"), POD], None),
        ([policy("{rules: [{from: [{source: {namespaces: [taem]}}]}]}"), POD], "namespace"),
        ([policy("{rules: [{from: [{source: {namespaces: ['te*']}}]}]}"), POD], None),
        ([policy("{rules: [{from: [{source: {namespaces: ['*te']}}]}]}"), POD], "namespace"),
        ([policy("{rules: [{from: [{source: {notNamespaces: [taem]}}]}]}"), POD], "namespace"),
        ([route("host: web, port: {number: 80}"), LISTENS], None),
        ([route("host: web, port: {number: 81}"), LISTENS], "destination-host"),
        ([route("host: web.other"), exported("'team, elsewhere'")], None),
        ([route("host: web.other"), exported("elsewhere")], "destination-host"),
        ([route("host: web.other"), exported("'.'")], "destination-host"),
        ([route("host: api.example.net"), entry("['.']", "team")], None),
        ([route("host: api.example.net"), entry("['.']", "other")], "destination-host"),
        ([route("host: api.example.net"), entry("['*']", "other")], None),
        ([of("VirtualService", "{gateways: [it], hosts: [a.b]}"), EDGE, POD], None),
        ([of("VirtualService", "{gateways: [it], hosts: [a.c]}"), EDGE, POD], "gateway-host"),
        (
            [of("VirtualService", "{gateways: [team/it], hosts: [a.b]}", namespace="x"), EDGE, POD],
            "gateway-host",
        ),
        ([of("VirtualService", "{gateways: [it], hosts: [a.b]}"), listener("a.b")], None),
        ([of("VirtualService", "{gateways: [it], hosts: [a.c]}"), listener("a.b")], "gateway-host"),
        ([CREDENTIAL, POD], "credential"),
        ([CREDENTIAL, POD, pair("tls.crt", "tls.key")], None),
        ([CREDENTIAL, POD, pair("tls.crt", "tls.pem")], "credential"),
        ([CREDENTIAL.replace("namespace: team", "namespace: routes"), POD, pair("cert", "key")], None),
        ([CREDENTIAL, POD, secret("Certificate", "{secretName: web-tls}", "cert-manager.io/v1")], None),
        (
            [
                CREDENTIAL,
                POD,
                secret("ExternalSecret", "{target: {name: web-tls}}", "external-secrets.io/v1"),
            ],
            None,
        ),
    ],
)
def test_ms_09_names_the_part_that_does_not_resolve(documents: list[str], part: str | None) -> None:
    messages = found("MS-09", stack(*documents))
    assert [message.partition(":")[0] for message in messages] == ([part] if part else [])


def plane(cluster: str, network: str, values: str = "") -> str:
    mesh = f"global: {{meshID: ml, network: {network}, multiCluster: {{clusterName: {cluster}}}}}"
    return chart(cluster, "istiod", f"{{{mesh}{values}}}")


def chart(cluster: str, name: str, values: str) -> str:
    return (
        f"type: kubernetes:helm.sh/v4:Chart\nname: {cluster}-{name}\n"
        f"properties: {{chart: {name}, values: {values}}}\noptions: {{provider: {cluster}}}\n"
    )


def cilium(cluster: str, id_: int, cidr: str) -> str:
    values = f"cluster: {{name: {cluster}, id: {id_}}}, ipam: {{operator: {{clusterPoolIPv4PodCIDRList: [{cidr}]}}}}"
    return chart(cluster, "cilium", f"{{{values}}}")


def remote(cluster: str, other: str) -> str:
    metadata = f"{{name: r-{other}, namespace: istio-system, labels: {{istio/multiCluster: 'true'}}}}"
    return (
        f"type: kubernetes:core/v1:Secret\nname: {cluster}-{other}\n"
        f"properties: {{metadata: {metadata}, stringData: {{{other}: x}}}}\noptions: {{provider: {cluster}}}\n"
    )


def roots(cluster: str, roots: str) -> str:
    return (
        f"type: kubernetes:core/v1:Secret\nname: {cluster}-cacerts\n"
        f"properties: {{metadata: {{name: cacerts, namespace: istio-system}}, data: {{root-cert.pem: {roots}}}}}\n"
        f"options: {{provider: {cluster}}}\n"
    )


PLANES = [plane("east", "one"), plane("west", "two")]


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        (PLANES, None),
        ([plane("east", "one")], None),
        ([plane("east", "one"), plane("west", "one")], "global.network is another cluster's"),
        ([PLANES[0], PLANES[1].replace("meshID: ml", "meshID: other")], "global.meshID differs"),
        (
            [PLANES[0], plane("west", "two", ", meshConfig: {trustDomain: b}")],
            "meshConfig.trustDomain differs",
        ),
        ([PLANES[0], PLANES[1].replace("clusterName: west", "clusterName: east")], "clusterName is another"),
        ([*PLANES, roots("east", "a"), roots("west", "a")], None),
        ([*PLANES, roots("east", "a"), roots("west", "b")], "root-cert.pem differs"),
        ([cilium("east", 1, "10.1.0.0/16"), cilium("west", 2, "10.2.0.0/16")], None),
        ([cilium("east", 0, "10.1.0.0/16"), cilium("west", 0, "10.2.0.0/16")], None),
        (
            [cilium("east", 1, "10.1.0.0/16"), cilium("west", 1, "10.2.0.0/16")],
            "cluster.id is another cluster's",
        ),
        ([cilium("east", 1, "10.1.0.0/16"), cilium("west", 2, "10.1.128.0/17")], "keep them disjoint"),
        ([*PLANES, remote("east", "west"), remote("west", "east")], None),
        ([*PLANES, remote("east", "west")], 'cluster "west" has no remote secret for cluster "east"'),
    ],
)
def test_ms_10_asks_that_clusters_that_join_can(documents: list[str], says: str | None) -> None:
    check("MS-10", stack(*documents), says)


@pytest.mark.parametrize(
    ("hubs", "missing"),
    [
        ([], [("north", "west"), ("west", "north")]),
        (["east"], []),
        (["north"], [("north", "west"), ("west", "north")]),
        (["east", "west"], [("north", "west"), ("west", "north")]),
    ],
)
def test_ms_10_asks_for_a_remote_secret_where_clusters_see_each_other(
    hubs: list[str], missing: list[tuple[str, str]]
) -> None:
    pairs = [("east", "west"), ("west", "east"), ("east", "north"), ("north", "east")]
    planes = [*PLANES, plane("north", "three")]
    messages = found("MS-10", stack(*planes, *(remote(*pair) for pair in pairs)), meshHubs=hubs)
    assert sorted(messages) == [
        f'cluster "{at}" has no remote secret for cluster "{other}"; add one' for at, other in missing
    ]
