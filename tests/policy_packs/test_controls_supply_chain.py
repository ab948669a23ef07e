"""Controls SC: for each one documents that break it and documents that do not."""

from __future__ import annotations

from typing import Any, Final

import pytest
from controls.catalogue import CONTROLS
from controls.supply_chain.images import Image
from controls.supply_chain.removed_versions import REMOVED

from tests.policy_packs.control_pairs import container, found, pod, resource

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
REGISTRIES: Final[dict[str, Any]] = {"allowedRegistries": ["registry.example"]}
CHARTS: Final[dict[str, Any]] = {
    "chartRepositories": ["https://charts.example", "oci://registry.example/charts/"]
}
ADMISSION = "admissionregistration.k8s.io/v1"
MOUNTED = pod(
    "{containers: [{name: app, image: 'registry.example/a:1'}], volumes: [{name: m, image: {reference: %s}}]}"
)


def chart(fields: str, *, kind: str = "Chart", version: str = "v4") -> str:
    return f"apiVersion: helm.sh/{version}\nkind: {kind}\n{fields}"


def remote(address: str) -> str:
    return f"apiVersion: yaml/v2\nkind: ConfigFile\nfile: {address}\n"


def kyverno(fields: str) -> str:
    return f"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: signed}}\nspec: {{{fields}}}\n"


def admission(binding: str, policy: str = "") -> str:
    """A policy that reads the images of pods, and its binding."""
    return f"""\
apiVersion: {ADMISSION}
kind: ValidatingAdmissionPolicy
metadata: {{name: images}}
spec:
  matchConstraints: {{resourceRules: [{{resources: [pods], operations: [CREATE]}}]}}
  validations: [{{expression: "object.spec.containers.all(one, one.image.contains('@sha256:'))"}}]
  {policy}
---
apiVersion: {ADMISSION}
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: images}}
spec: {{policyName: images, {binding}}}
"""


APP = container("image: 'registry.example/app:1'") + "---\n"
TEAM = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {tenant: 'yes'}}\n---\n"
OF_TENANTS = "validationActions: [Deny], matchResources: {namespaceSelector: {matchLabels: {tenant: 'yes'}}}"
OF_OTHERS = OF_TENANTS.replace("tenant", "other")
WEBHOOK = (
    f"apiVersion: {ADMISSION}\nkind: MutatingWebhookConfiguration\nwebhooks: [{{failurePolicy: POLICY}}]\n"
)
RELEASE = """\
- apiVersion: helm.sh/v3
  kind: Release
  metadata: {name: operator}
  chart: ./a
  namespace: team
"""
VERIFY = "rules: [{name: s, verifyImages: [{imageReferences: ['*']}]}]"

BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("SC-01", container("image: nginx"), REGISTRIES),
    ("SC-01", container("image: registry.example.evil.test/app"), REGISTRIES),
    ("SC-01", container("image: !unknown ''"), REGISTRIES),
    ("SC-01", container("image: [registry.example/app]"), REGISTRIES),
    ("SC-01", container("image: registry.example/app"), {}),
    ("SC-01", MOUNTED % "docker.io/models", REGISTRIES),
    ("SC-02", container("image: 'registry.example:5000/app'"), {}),
    ("SC-02", container("image: 'app:latest'"), {}),
    ("SC-02", container("image: 'app:'"), {}),
    ("SC-02", container("image: !unknown ''"), {}),
    ("SC-02", container("image: 7"), {}),
    ("SC-03", container("image: 'app:1.2'"), {}),
    ("SC-03", container("image: 'app@sha256:0123'"), {}),
    ("SC-02", container("image: 'app@sha256'"), {}),
    ("SC-03", container("image: !unknown ''"), {}),
    ("SC-03", pod("nonsense"), {}),
    ("SC-04", APP, {}),
    ("SC-04", APP + kyverno(f"validationFailureAction: Audit, {VERIFY}"), {}),
    ("SC-04", APP + kyverno(f"validationFailureAction: Enforce, failurePolicy: Ignore, {VERIFY}"), {}),
    ("SC-04", APP + admission("validationActions: [Warn]"), {}),
    (
        "SC-04",
        TEAM + APP + admission(OF_OTHERS),
        {},
    ),
    ("SC-04", APP + admission("validationActions: [Deny]", "failurePolicy: Ignore"), {}),
    ("SC-04", APP + admission("validationActions: !unknown ''"), {}),
    ("SC-04", admission("validationActions: [Audit]"), {}),
    ("SC-04", admission("validationActions: [Deny]", "failurePolicy: !unknown ''"), {}),
    (
        "SC-04",
        WEBHOOK.replace("POLICY", "Ignore"),
        {},
    ),
    ("SC-05", chart("chart: a\nversion: 1.x\nrepositoryOpts: {repo: 'https://charts.example'}\n"), CHARTS),
    ("SC-05", chart("chart: a\nrepositoryOpts: {repo: 'https://charts.example'}\n"), CHARTS),
    (
        "SC-05",
        chart("chart: a\nversion: !unknown ''\nrepositoryOpts: {repo: 'https://charts.example'}\n"),
        CHARTS,
    ),
    ("SC-05", chart("chart: a\nversion: 1.2.3\n"), CHARTS),
    (
        "SC-05",
        chart("chart: a\nversion: 1.2.3\nrepositoryOpts: {repo: 'https://charts.example.evil.test'}\n"),
        CHARTS,
    ),
    ("SC-05", chart("chart: [a]\n"), CHARTS),
    ("SC-05", chart("chart: 'oci://elsewhere.example/a'\nversion: 1.2.3\n"), CHARTS),
    (
        "SC-05",
        chart("chart: 'oci://registry.example/charts/a'\nversion: 1.2.3\n", kind="Release", version="v3"),
        CHARTS,
    ),
    ("SC-05", remote("https://charts.example/main/install.yaml"), CHARTS),
    ("SC-05", remote("https://elsewhere.example/v1.2.3/install.yaml"), CHARTS),
    ("SC-05", remote("!unknown ''"), CHARTS),
    ("SC-06", "apiVersion: extensions/v1beta1\nkind: Deployment\nspec: null\n", {}),
    ("SC-06", "apiVersion: batch/v1beta1\nkind: CronJobList\nitems: [{metadata: {name: a}}]\n", {}),
]

GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("SC-01", container("image: registry.example/app"), REGISTRIES),
    ("SC-01", container("image: nginx"), {"allowedRegistries": ["docker.io/library/"]}),
    ("SC-01", MOUNTED % "registry.example/models", REGISTRIES),
    ("SC-02", container("image: 'registry.example:5000/app:1'"), {}),
    ("SC-02", container(f"image: 'app:latest@{DIGEST}'"), {}),
    ("SC-02", container("image: 'app@blake3.x:Zm9v_-='"), {}),
    ("SC-03", container(f"image: 'app@{DIGEST}'"), {}),
    ("SC-03", container(f"image: 'registry.example:5000/app:1@{DIGEST}'"), {}),
    ("SC-04", APP + kyverno(f"validationFailureAction: Enforce, {VERIFY}"), {}),
    ("SC-04", TEAM + APP + admission(OF_TENANTS), {}),
    ("SC-04", CONTROLS["SC-04"].good.replace("{name: signed}", "{name: signed, namespace: default}"), {}),
    ("SC-04", pod("{containers: []}", metadata="{name: a, namespace: kube-system}"), {}),
    ("SC-04", WEBHOOK.replace("POLICY", "Fail"), {}),
    ("SC-05", chart("chart: a\nversion: 1.2.3\nrepositoryOpts: {repo: 'https://charts.example/'}\n"), CHARTS),
    ("SC-05", chart("chart: 'oci://registry.example/charts/a'\nversion: v1.2.3-rc.1+4\n"), CHARTS),
    ("SC-05", chart("chart: ./charts/own\n"), CHARTS),
    ("SC-05", remote("manifests/install.yaml"), CHARTS),
    ("SC-05", remote("https://charts.example/v1.2.3/install.yaml"), CHARTS),
    ("SC-06", "apiVersion: apps/v1\nkind: Deployment\n", {}),
    ("SC-06", "apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDR\n", {}),
]  # fmt: skip


@pytest.mark.parametrize(("control", "text", "given"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str, given: dict[str, Any]) -> None:
    assert found(control, text, **given)


@pytest.mark.parametrize(("control", "text", "given"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str, given: dict[str, Any]) -> None:
    assert found(control, text, **given) == []


@pytest.mark.parametrize(("version", "kind"), REMOVED)
def test_every_version_of_the_table_is_found(version: str, kind: str) -> None:
    assert found("SC-06", f"apiVersion: {version}\nkind: {kind}\n")


def test_a_listed_release_goes_to_a_namespace_of_the_stack() -> None:
    listed = {"helmReleases": ["operator"]}
    namespace = "- {apiVersion: v1, kind: Namespace, metadata: {name: team}}\n"
    assert found("SC-05", RELEASE, **listed)
    assert found("SC-05", RELEASE + namespace)
    assert found("SC-05", RELEASE + namespace, **listed) == []


@pytest.mark.parametrize(
    ("text", "canonical", "tag"),
    [
        ("nginx", "docker.io/library/nginx", ""),
        ("team/app:1", "docker.io/team/app:1", "1"),
        ("localhost/app", "localhost/app", ""),
        ("registry:5000/app", "registry:5000/app", ""),
        ("a.example/b/c:2@sha256:0", "a.example/b/c:2@sha256:0", "2"),
    ],
)
def test_a_reference_has_its_parts(text: str, canonical: str, tag: str) -> None:
    assert (Image(text).canonical, Image(text).tag) == (canonical, tag)


OPEN = f"""\
type: kubernetes:{ADMISSION}:MutatingWebhookConfiguration
name: NAME
properties: {{webhooks: [{{failurePolicy: Ignore}}]}}
"""


def brought_by(source: str, name: str = "c:inject") -> str:
    properties = f"{{chart: '{source}', namespace: kube-system}}"
    return f"{resource('kubernetes:helm.sh/v4:Chart', properties, name='c')}---\n{OPEN.replace('NAME', name)}"


def test_a_webhook_that_fails_open_is_somebody_elses_where_a_chart_from_outside_brings_it() -> None:
    assert found("SC-04", brought_by("mesh")) == []
    assert len(found("SC-04", brought_by("./charts/own"))) == 1
    assert len(found("SC-04", brought_by("mesh", name="c"))) == 1
    assert len(found("SC-04", brought_by("mesh", name="other:inject"))) == 1


def test_a_namespace_that_a_chart_fills_has_its_images_verified_whether_the_chart_is_seen_or_not() -> None:
    chart = resource("kubernetes:helm.sh/v4:Chart", "{chart: a, namespace: team}", name="c")
    (message,) = found("SC-04", f"{TEAM}{chart}")
    assert 'namespace "team"' in message
    assert found("SC-04", f"{TEAM}{chart}---\n{admission(OF_TENANTS)}") == []
