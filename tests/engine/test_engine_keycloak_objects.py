"""What the keycloak provider sends: new objects, objects that are there, objects that are gone."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import NotOurs, ObjectRefused, ProviderError
from engine.providers.keycloak_clients import Clients, ClientScopes
from engine.providers.keycloak_flows import Executions, Flows, Subflows
from engine.providers.keycloak_people import Groups, Roles
from engine.providers.keycloak_realms import Realms
from engine.providers.keycloak_settings import RealmEvents, RequiredActions
from tests.engine.keycloak_double import Double, work

GROUPS = "admin/realms/r/groups"
CLIENTS = "admin/realms/r/clients"
STEPS = "admin/realms/r/authentication/flows/login/executions"
GROUP = {"realmId": "r", "name": "team/a", "attributes": {"k": "1##2"}}


def test_a_new_object_is_made_and_known_by_what_the_server_says_of_it() -> None:
    double = Double({f"{GROUPS}/made": {"id": "made", "path": "/team~1a"}})
    live = Groups().create(work(double, GROUP))
    assert double.writes() == [("POST", GROUPS)]
    assert double.body("POST") == {"name": "team/a", "attributes": {"k": ["1", "2"]}}
    assert (live.id, live.outputs["path"]) == ("made", "/team~1a")


def test_one_that_exists_already_is_not_taken_and_the_way_to_take_it_is_named() -> None:
    double = Double({GROUPS: [{"id": "theirs", "name": "team/a"}]})
    double.refusals["POST", GROUPS] = 409
    with pytest.raises(NotOurs, match=r'import_="r/theirs"'):
        Groups().create(work(double, GROUP))
    assert double.writes() == [("POST", GROUPS)]


def test_another_refusal_stays_what_it_is() -> None:
    double = Double()
    double.refusals["POST", GROUPS] = 403
    with pytest.raises(ObjectRefused, match="status 403"):
        Groups().create(work(double, GROUP))


def test_what_an_interrupted_run_made_is_brought_to_the_inputs() -> None:
    there = {"id": "half", "name": "team/a", "path": "/team~1a", "attributes": {"old": ["x"]}}
    double = Double({GROUPS: [there], f"{GROUPS}/half": there})
    assert Groups().create(work(double, GROUP, resumed=True)).id == "half"
    assert double.writes() == [("PUT", f"{GROUPS}/half")]
    assert double.body("PUT")["attributes"] == {"k": ["1", "2"]}


def test_an_import_of_nothing_is_refused_before_anything_is_made() -> None:
    double = Double()
    with pytest.raises(ProviderError, match="r/nobody to import"):
        Groups().create(work(double, GROUP, import_id="r/nobody"))
    assert double.writes() == []


def test_one_that_is_gone_is_made_again_by_an_update() -> None:
    double = Double({f"{GROUPS}/made": {"id": "made", "path": "/x"}})
    assert Groups().update(work(double, GROUP, old=GROUP)).id == "made"
    assert double.writes() == [("POST", GROUPS)]


def test_what_fails_after_the_making_is_known_to_the_state_all_the_same() -> None:
    role = {"realmId": "r", "name": "both", "compositeRoles": ["part"]}
    double = Double({"admin/realms/r/roles/both": {"id": "made", "name": "both"}})
    with pytest.raises(ProviderError, match="there is no role part") as caught:
        Roles().create(work(double, role))
    live: Any = caught.value.live
    assert live.id == "made"


def test_one_of_keycloaks_own_is_neither_made_nor_deleted_nor_touched_without_need() -> None:
    inputs = {"realmId": "r", "clientId": "account", "enabled": True, "import": True}
    own = {"id": "own", "clientId": "account", "enabled": True, "attributes": {"k": "v"}}
    double = Double({CLIENTS: [own], f"{CLIENTS}/own": own})
    assert Clients().create(work(double, inputs)).id == "own"
    Clients().delete(work(double, inputs, old=inputs, id_="own"))
    assert double.writes() == []
    Clients().create(work(double, {**inputs, "enabled": False}))
    assert double.writes() == [("PUT", f"{CLIENTS}/own")]
    assert double.body("PUT") == {"clientId": "account", "enabled": False, "attributes": {}}


@pytest.mark.parametrize(
    ("client", "problem"),
    [
        ({"accessType": "PUBLIC", "standardFlowEnabled": True}, "need validRedirectUris"),
        ({"accessType": "PUBLIC", "serviceAccountsEnabled": True}, "cannot have a service account"),
        ({"accessType": "BEARER-ONLY", "standardFlowEnabled": True, "validRedirectUris": ["https://a"]}, "no tokens"),
        ({"accessType": "PUBLIC", "validRedirectUris": ["https://a"]}, "need the standard or the implicit flow"),
    ],
)  # fmt: skip
def test_a_client_that_nobody_could_use_is_refused_before_it_is_made(
    client: dict[str, Any], problem: str
) -> None:
    double = Double()
    with pytest.raises(ProviderError, match=problem):
        Clients().create(work(double, {"realmId": "r", "clientId": "c", **client}))
    assert double.writes() == []


def test_a_client_has_every_grant_off_that_the_real_provider_turns_off() -> None:
    double = Double({f"{CLIENTS}/made": {"id": "made"}})
    client = {"accessType": "BEARER-ONLY", "realmId": "r", "clientId": "c"}
    Clients().create(work(double, client))
    grants = {k: v for k, v in double.body("POST")["attributes"].items() if k.startswith("oauth2.")}
    assert {name: value for name, value in grants.items() if value} == {
        "oauth2.device.authorization.grant.enabled": "false",
        "oauth2.jwt.authorization.grant.enabled": "false",
    }


def test_configuration_that_is_no_longer_stated_is_emptied() -> None:
    scope = {"realmId": "r", "name": "roles"}
    where = "admin/realms/r/client-scopes/known"
    double = Double({where: {"id": "known", "attributes": {"a": "1", "b": "2"}}})
    old = {**scope, "extraConfig": {"a": "1", "b": "2"}}
    ClientScopes().update(work(double, {**scope, "extraConfig": {"b": "3"}}, old=old))
    assert double.body("PUT")["attributes"].items() >= {"a": "", "b": "3"}.items()


def test_a_realm_keeps_the_attributes_that_nobody_stated() -> None:
    where = "admin/realms/r"
    there = {"id": "i", "realm": "r", "attributes": {"theirs": "x", "gone": "y"}}
    double = Double({where: there})
    old = {"realm": "r", "attributes": {"gone": "y"}}
    Realms().update(work(double, {"realm": "r", "attributes": {"new": "z"}}, old=old, id_="r"))
    assert double.body("PUT")["attributes"] == {"theirs": "x", "new": "z"}


def test_a_protected_realm_is_not_deleted() -> None:
    double = Double()
    inputs = {"realm": "r", "terraformDeletionProtection": True}
    with pytest.raises(ProviderError, match="protected from deletion"):
        Realms().delete(work(double, inputs, old=inputs, id_="r"))
    assert double.writes() == []


def test_a_step_gets_its_requirement_in_the_list_of_its_parent() -> None:
    step = {"realmId": "r", "parentFlowAlias": "login", "authenticator": "otp", "requirement": "REQUIRED"}
    double = Double()
    Executions().create(work(double, {**step, "priority": 20}))
    assert double.writes() == [("POST", f"{STEPS}/execution"), ("PUT", STEPS)]
    assert double.body("PUT") == {"id": "made", "requirement": "REQUIRED", "priority": 20}


def test_a_flow_inside_another_is_deleted_as_the_step_that_holds_it() -> None:
    flow = {"realmId": "r", "parentFlowAlias": "login", "alias": "forms"}
    double = Double({STEPS: [{"id": "step", "flowId": "known"}]})
    Subflows().delete(work(double, flow, old=flow))
    assert double.writes() == [("DELETE", "admin/realms/r/authentication/executions/step")]
    gone = Double()
    Subflows().delete(work(gone, flow, old=flow))
    assert gone.writes() == []


def test_a_copied_flow_has_the_steps_of_its_source_and_a_description_of_its_own() -> None:
    flows = "admin/realms/r/authentication/flows"
    double = Double({f"{flows}/made": {"id": "made", "providerId": "basic-flow"}})
    copy = {"realmId": "r", "alias": "mine", "copyFrom": "docker auth", "description": "d"}
    Flows().create(work(double, copy))
    assert double.writes() == [("POST", f"{flows}/docker%20auth/copy"), ("PUT", f"{flows}/made")]
    assert double.body("PUT") == {
        "id": "made",
        "providerId": "basic-flow",
        "alias": "mine",
        "description": "d",
    }


def test_settings_that_every_realm_has_go_back_to_keycloaks_own() -> None:
    events = {"realmId": "r", "eventsEnabled": True}
    double = Double({"admin/realms/r": {"realm": "r"}})
    RealmEvents().delete(work(double, events, old=events))
    assert double.body("PUT")["eventsEnabled"] is False
    gone = Double()
    RealmEvents().delete(work(gone, events, old=events))
    assert gone.writes() == []


def test_a_default_action_that_is_off_is_refused() -> None:
    action = {"realmId": "r", "alias": "CONFIGURE_TOTP", "defaultAction": True}
    double = Double()
    with pytest.raises(ProviderError, match="has to be enabled"):
        RequiredActions().create(work(double, action))
    assert double.calls == []
