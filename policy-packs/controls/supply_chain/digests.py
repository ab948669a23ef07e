"""SC-03. Source: Gatekeeper imagedigests; kubescape C-0306."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod
from controls.supply_chain.images import Image, images


def check(pod: Pod) -> Iterator[str]:
    for where, image in images(pod):
        if not isinstance(image, str) or not image:
            yield f"{where} {seen(image or None)}; write it out with its digest"
        elif not Image(image).has_sha256:
            yield f"{where} has no sha256 digest; add @sha256:… as the registry states it"


_DIGEST = "0123456789abcdef" * 4

BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: "registry.example/app:1.4"}]
"""

GOOD = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: app, namespace: team}}
spec:
  containers: [{{name: app, image: "registry.example/app:1.4@sha256:{_DIGEST}"}}]
"""

CONTROL = Control(
    id="SC-03",
    title="Images pinned by sha256 digest (mandatory in staging and production, advisory in dev)",
    severity=Severity.HIGH,
    anchors=("C-0306", "CKV_K8S_43", "Gatekeeper imagedigests"),
    why="A tag can be pushed again: only the digest says that what runs is what was built, scanned and signed.",
    fix="Add the digest to the reference; the tag may stay for people.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
