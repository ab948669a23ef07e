from __future__ import annotations

from components.labels import selector
from components.manifest import NamespaceRef
from components.mesh.realm_tokens import realm_tokens

ISSUER = "https://id.example.com/realms/people"


def test_one_issuer_and_one_audience_are_accepted_at_one_app() -> None:
    made = realm_tokens("tracker", ISSUER, "mlflow", NamespaceRef(name="tracking", ready="tracking"))
    assert made["metadata"] == {"name": "tracker", "namespace": "tracking"}
    assert made["spec"]["selector"]["matchLabels"] == selector("tracker")
    (rule,) = made["spec"]["jwtRules"]
    assert (rule["issuer"], rule["audiences"]) == (ISSUER, ["mlflow"])
    assert rule["jwksUri"].startswith(f"{ISSUER}/")
    assert rule["forwardOriginalToken"] is True
