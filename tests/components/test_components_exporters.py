from __future__ import annotations

from components.gpu.exporters import exporters_egress
from components.manifest import NamespaceRef


def test_the_way_to_the_exporters_is_to_them_alone_and_on_their_port() -> None:
    spec = exporters_egress("it", NamespaceRef(name="it", ready="it"), {})["spec"]
    assert spec["endpointSelector"]["matchLabels"] == {"app.kubernetes.io/name": "it"}
    (rule,) = spec["egress"]
    (peer,) = rule["toEndpoints"]
    assert peer["matchLabels"] == {
        "k8s:io.kubernetes.pod.namespace": "kube-system",
        "k8s:app": "nvidia-dcgm-exporter",
    }
    assert rule["toPorts"] == [{"ports": [{"port": "9400", "protocol": "TCP"}]}]
