"""The embedded engine's keycloak provider against a real Keycloak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.providers.base import Action, Settings
from engine.providers.keycloak import KeycloakProvider
from engine.values import Properties, Secret
from lab.lab import Lab
from tests.engine.engine_stack import changed
from tests.lab.keycloak_realms import CLIENT, PREFIX, Administrator, Realms, killed_before_noting

pytestmark = pytest.mark.lab


@pytest.fixture(scope="session")
def administrator(lab: Lab) -> Iterator[Administrator]:
    found = Administrator(lab.site())
    yield found
    found.close()


@pytest.fixture(scope="session")
def secret(administrator: Administrator) -> Iterator[str]:
    with administrator.account() as secret:
        yield secret


@pytest.fixture
def realms(
    tmp_path: Path,
    administrator: Administrator,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Realms]:
    """A stack with a realm of its own, which is gone after the test."""
    monkeypatch.setenv("KEYCLOAK_CLIENT_ID", CLIENT)
    monkeypatch.setenv("KEYCLOAK_CLIENT_SECRET", secret)
    stack = Realms(tmp_path)
    stack.administrator = administrator
    stack.realm = f"{PREFIX}{abs(hash(request.node.nodeid)) % 10**9}"
    yield stack
    administrator.ask("DELETE", stack.realm)


PROGRAM = """
k = keycloak()
realm = kc.Realm("realm", realm=REALM, access_token_lifespan="5m", password_policy="length(12)",
    attributes={{"theme": "{theme}"}}, security_defenses={{"brute_force_detection": {{"max_login_failures": 5}},
    "headers": {{"x_frame_options": "DENY"}}}}, otp_policy={{"algorithm": "HmacSHA256"}}, opts=here(k))
in_realm = {{"realm_id": realm.id, "opts": here(k)}}
viewer = kc.Role("viewer", name="viewer", description="{description}", **in_realm)
admin = kc.Role("admin", name="admin", composite_roles=[viewer.id], attributes={{"a": "1##2"}}, **in_realm)
team = kc.Group("team", name="team", attributes={{"cost": "7"}}, **in_realm)
part = kc.Group("part", name="part", parent_id=team.id, **in_realm)
ada = kc.User("ada", username="ada", email="ada@example.org", first_name="Ada", last_name="L",
    email_verified=True, required_actions=["CONFIGURE_TOTP"], **in_realm)
kc.UserGroups("ada-groups", user_id=ada.id, group_ids=[part.id], **in_realm)
scope = openid.ClientScope("roles-scope", name="platform-roles", include_in_token_scope=False, **in_realm)
openid.UserRealmRoleProtocolMapper("roles", name="roles", client_scope_id=scope.id, claim_name="roles",
    multivalued=True, **in_realm)
app = openid.Client("app", client_id="app", access_type="CONFIDENTIAL", standard_flow_enabled=True,
    service_accounts_enabled=True, pkce_code_challenge_method="S256", full_scope_allowed=False,
    valid_redirect_uris={redirects}, access_token_lifespan="300", extra_config={extra}, **in_realm)
openid.ClientDefaultScopes("app-scopes", client_id=app.id, default_scopes=["basic", scope.name], **in_realm)
openid.ClientOptionalScopes("app-optional", client_id=app.id, optional_scopes=[], **in_realm)
openid.AudienceProtocolMapper("aud", name="aud", client_id=app.id, included_client_audience=app.client_id, **in_realm)
native = openid.Client("native", client_id="native", access_type="PUBLIC", standard_flow_enabled=True,
    valid_redirect_uris=["http://127.0.0.1:18000/callback"], **in_realm)
lead = kc.Role("lead", name="lead", client_id=app.id, **in_realm)
kc.GroupRoles("team-roles", group_id=team.id, role_ids={roles}, **in_realm)
kc.GenericRoleMapper("app-viewer", client_id=app.id, role_id=viewer.id, **in_realm)
kc.GenericRoleMapper("app-lead", client_id=native.id, role_id=lead.id, **in_realm)
flow = flows.Flow("browser", alias="platform browser", **in_realm)
cookie = flows.Execution("cookie", parent_flow_alias=flow.alias, authenticator="auth-cookie",
    requirement="ALTERNATIVE", priority=10, **in_realm)
forms = flows.Subflow("forms", parent_flow_alias=flow.alias, alias="platform forms", requirement="ALTERNATIVE",
    priority=20, **in_realm)
flows.Execution("password", parent_flow_alias=forms.alias, authenticator="auth-username-password-form",
    requirement="REQUIRED", priority=10, **in_realm)
otp = flows.Subflow("otp", parent_flow_alias=forms.alias, alias="platform otp", requirement="CONDITIONAL",
    priority=20, **in_realm)
condition = flows.Execution("condition", parent_flow_alias=otp.alias, authenticator="conditional-user-role",
    requirement="REQUIRED", priority=10, **in_realm)
flows.ExecutionConfig("condition-config", alias="only admins", execution_id=condition.id,
    config={{"condUserRole": "admin", "negate": "false"}}, **in_realm)
form = flows.Execution("otp-form", parent_flow_alias=otp.alias, authenticator="auth-otp-form",
    requirement="{requirement}", priority=20, **in_realm)
flows.Bindings("bindings", realm_id=realm.id, browser_flow=flow.alias, opts=Opts(provider=k, depends_on=[form, cookie]))
kc.RealmEvents("events", events_enabled=True, events_expiration=3600, admin_events_enabled=True,
    enabled_event_types=["LOGIN", "LOGIN_ERROR"], events_listeners=["jboss-logging"], **in_realm)
kc.RequiredAction("totp", alias="CONFIGURE_TOTP", name="Configure OTP", enabled=True, priority=10, **in_realm)
kc.RealmKeystoreRsaGenerated("key", name="key", priority=200, key_size=2048, **in_realm)
kc.DefaultGroups("defaults", group_ids=[team.id], **in_realm)
pulumi.export("secret", app.client_secret)
pulumi.export("account", app.service_account_user_id)
pulumi.export("path", part.path)
"""
FIRST = {
    "theme": "light",
    "description": "looks",
    "roles": "[viewer.id, lead.id]",
    "redirects": "['https://app.example.org/a', 'https://app.example.org/b']",
    "extra": "{'acr.loa.map': '{}', 'logo': 'l'}",
    "requirement": "REQUIRED",
}


def test_a_program_becomes_a_realm_and_the_second_up_changes_nothing(realms: Realms) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    result = stack.up()
    assert (result.failures, result.skipped) == ((), ())
    realm = stack.get()
    assert realm["accessTokenLifespan"] == 300
    assert realm["passwordPolicy"] == "length(12)"
    assert realm["attributes"]["theme"] == "light"
    assert (realm["bruteForceProtected"], realm["failureFactor"]) == (True, 5)
    assert realm["browserSecurityHeaders"]["xFrameOptions"] == "DENY"
    assert realm["browserSecurityHeaders"]["xContentTypeOptions"] == "nosniff"
    assert (realm["otpPolicyAlgorithm"], realm["otpPolicyDigits"]) == ("HmacSHA256", 6)
    assert realm["browserFlow"] == "platform browser"
    assert realm["defaultGroups"] == ["/team"]
    assert realm["eventsExpiration"] == 3600
    assert sorted(realm["enabledEventTypes"]) == ["LOGIN", "LOGIN_ERROR"]
    assert changed(stack.up()) == {}
    assert stack.destroy().failures == ()
    assert stack.get() is None
    assert stack.rows() == {}


def test_roles_groups_and_users_hang_together_as_stated(realms: Realms) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    result = stack.up()
    assert result.failures == ()
    assert [each["name"] for each in stack.get("roles/admin/composites")] == ["viewer"]
    assert stack.get("roles/admin")["attributes"] == {"a": ["1", "2"]}
    team, part = stack.rows()["team"].id, stack.rows()["part"].id
    assert stack.get(f"groups/{team}")["attributes"] == {"cost": ["7"]}
    assert stack.get(f"groups/{part}")["parentId"] == team
    assert result.outputs["path"] == "/team/part"
    roles = stack.get(f"groups/{team}/role-mappings")
    assert [each["name"] for each in roles["realmMappings"]] == ["viewer"]
    assert [each["name"] for each in roles["clientMappings"]["app"]["mappings"]] == ["lead"]
    ada = stack.get(f"users/{stack.rows()['ada'].id}")
    assert (ada["username"], ada["email"], ada["emailVerified"]) == ("ada", "ada@example.org", True)
    assert ada["requiredActions"] == ["CONFIGURE_TOTP"]
    assert [each["path"] for each in stack.get(f"users/{ada['id']}/groups")] == ["/team/part"]


def test_clients_get_the_scopes_mappers_and_roles_that_are_stated(realms: Realms) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    assert stack.up().failures == ()
    rows = stack.rows()
    app = stack.get(f"clients/{rows['app'].id}")
    assert (app["publicClient"], app["standardFlowEnabled"], app["fullScopeAllowed"]) == (False, True, False)
    assert sorted(app["redirectUris"]) == ["https://app.example.org/a", "https://app.example.org/b"]
    assert app["attributes"]["pkce.code.challenge.method"] == "S256"
    assert app["attributes"]["access.token.lifespan"] == "300"
    assert app["attributes"]["logo"] == "l"
    assert sorted(app["defaultClientScopes"]) == ["basic", "platform-roles"]
    assert app["optionalClientScopes"] == []
    (audience,) = app["protocolMappers"]
    assert audience["config"]["included.client.audience"] == "app"
    (roles,) = stack.get(f"client-scopes/{rows['roles-scope'].id}")["protocolMappers"]
    assert (roles["config"]["claim.name"], roles["config"]["multivalued"]) == ("roles", "true")
    mapped = stack.get(f"clients/{app['id']}/scope-mappings/realm")
    assert [each["name"] for each in mapped] == ["viewer"]
    mapped = stack.get(f"clients/{rows['native'].id}/scope-mappings/clients/{app['id']}")
    assert [each["name"] for each in mapped] == ["lead"]
    user = stack.get(f"clients/{app['id']}/service-account-user")
    assert rows["app"].outputs["serviceAccountUserId"] == user["id"]
    assert rows["app-scopes"].id == f"{stack.realm}/{app['id']}"


def test_flows_have_their_steps_in_order_with_requirements_and_configuration(realms: Realms) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    assert stack.up().failures == ()
    steps = stack.get("authentication/flows/platform%20browser/executions")
    assert [(each["level"], each["displayName"], each["requirement"]) for each in steps] == [
        (0, "Cookie", "ALTERNATIVE"),
        (0, "platform forms", "ALTERNATIVE"),
        (1, "Username Password Form", "REQUIRED"),
        (1, "platform otp", "CONDITIONAL"),
        (2, "Condition - user role", "REQUIRED"),
        (2, "OTP Form", "REQUIRED"),
    ]
    config = stack.get(f"authentication/config/{steps[4]['authenticationConfig']}")
    assert config["config"] == {"condUserRole": "admin", "negate": "false"}
    key = stack.get(f"components/{stack.rows()['key'].id}")
    assert (key["providerId"], key["config"]["priority"]) == ("rsa-generated", ["200"])
    assert stack.get("authentication/required-actions/CONFIGURE_TOTP")["priority"] == 10


def test_no_secret_is_in_clear_in_the_state_or_in_the_outputs(realms: Realms, secret: str) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    result = stack.up()
    assert result.failures == ()
    made = stack.get(f"clients/{stack.rows()['app'].id}")["secret"]
    assert stack.rows()["app"].outputs["clientSecret"] == Secret(made)
    assert result.outputs["secret"] == "[secret]"
    told = repr(stack.events) + repr(result)
    kept = b"".join(path.read_bytes() for path in stack.state_file.parent.iterdir())
    for each in (made, secret):
        assert each not in told
        assert each.encode() not in kept


def test_changes_reach_keycloak_and_take_away_what_is_no_longer_stated(realms: Realms) -> None:
    stack = realms.program(PROGRAM.format(**FIRST))
    assert stack.up().failures == ()
    before = stack.rows()
    changes = {
        "theme": "dark",
        "description": "looks and reads",
        "roles": "[lead.id]",
        "redirects": "['https://app.example.org/a']",
        "extra": "{'acr.loa.map': '{}'}",
        "requirement": "ALTERNATIVE",
    }
    result = stack.program(PROGRAM.format(**changes)).up()
    assert result.failures == ()
    assert changed(result) == {"update": 5}
    rows = stack.rows()
    assert {name: row.id for name, row in rows.items()} == {name: row.id for name, row in before.items()}
    assert stack.get()["attributes"]["theme"] == "dark"
    assert stack.get()["attributes"]["parRequestUriLifespan"] == "60", "what nobody stated stays"
    assert stack.get("roles/viewer")["description"] == "looks and reads"
    assert "realmMappings" not in stack.get(f"groups/{rows['team'].id}/role-mappings")
    app = stack.get(f"clients/{rows['app'].id}")
    assert app["redirectUris"] == ["https://app.example.org/a"]
    assert "logo" not in app["attributes"]
    assert app["secret"] == before["app"].outputs["clientSecret"].value
    assert [each["name"] for each in app["protocolMappers"]] == ["aud"]
    steps = stack.get("authentication/flows/platform%20otp/executions")
    assert [each["requirement"] for each in steps] == ["REQUIRED", "ALTERNATIVE"]


SMALL = """
k = keycloak()
realm = kc.Realm("realm", realm=REALM, attributes={attributes}, opts=here(k))
in_realm = {{"realm_id": realm.id, "opts": here(k)}}
"""


def test_attributes_that_are_no_longer_stated_go(realms: Realms) -> None:
    realms.program(SMALL.format(attributes="{'a': '1', 'b': '2'}")).up()
    result = realms.program(SMALL.format(attributes="{'b': '3'}")).up()
    assert changed(result) == {"update": 1}
    found = realms.get()["attributes"]
    assert "a" not in found
    assert found["b"] == "3"


def _small(text: str) -> str:
    return SMALL.format(attributes="{}") + text


def test_what_keycloak_cannot_change_is_replaced(realms: Realms) -> None:
    text = """
scope = openid.ClientScope("scope", name="scope", **in_realm)
openid.GroupMembershipProtocolMapper("groups", name="{name}", claim_name="groups", client_scope_id=scope.id, **in_realm)
kc.User("ada", username="{name}", **in_realm)
"""
    realms.program(_small(text.format(name="one"))).up()
    before = realms.rows()
    result = realms.program(_small(text.format(name="two"))).up()
    assert result.failures == ()
    assert changed(result) == {"replace": 2}
    mappers = realms.get(f"client-scopes/{before['scope'].id}")["protocolMappers"]
    assert [each["name"] for each in mappers] == ["two"]
    assert [each["username"] for each in realms.get("users")] == ["two"]


def test_an_object_of_somebody_else_is_refused_and_taken_over_when_told_so(realms: Realms) -> None:
    assert realms.program(_small("")).up().failures == ()
    realms.administrator.ask("POST", f"{realms.realm}/roles", {"name": "theirs"}).raise_for_status()
    role = realms.get("roles/theirs")["id"]
    text = 'kc.Role("role", name="theirs", description="ours", realm_id=realm.id, opts=Opts(provider=k{}))'
    result = realms.program(_small(text.format(""))).up()
    ((_, message),) = result.failures
    assert message.startswith("role (keycloak:index/role:Role): it exists already")
    assert f'opts=ResourceOptions(import_="{realms.realm}/{role}")' in message
    assert "description" not in realms.get("roles/theirs")
    result = realms.program(_small(text.format(f', import_="{realms.realm}/{role}"'))).up()
    assert result.failures == ()
    assert realms.get("roles/theirs")["id"] == role
    assert realms.get("roles/theirs")["description"] == "ours"


def test_keycloaks_own_objects_are_taken_over_and_never_deleted(realms: Realms) -> None:
    text = """
manager = openid.Client("management", client_id="realm-management", access_type="BEARER-ONLY", import_=True, **in_realm)
admins = kc.Group("admins", name="admins", **in_realm)
right = kc.Role("right", client_id=manager.id, name="manage-users", import_=True, **in_realm)
kc.GroupRoles("admins-roles", group_id=admins.id, role_ids=[right.id], **in_realm)
"""
    stack = realms.program(_small(text))
    result = stack.up()
    assert result.failures == ()
    mapped = stack.get(
        f"groups/{stack.rows()['admins'].id}/role-mappings/clients/{stack.rows()['management'].id}"
    )
    assert [each["name"] for each in mapped] == ["manage-users"]
    assert changed(stack.program(_small("")).up()) == {"delete": 4}
    assert stack.administrator.one(f"{stack.realm}/clients?clientId=realm-management")
    assert "manage-users" in {each["name"] for each in stack.get(f"clients/{mapped[0]['containerId']}/roles")}


def test_what_was_deleted_outside_is_made_again_or_forgotten(realms: Realms) -> None:
    text = """
kc.Role("role", name="role", description="{description}", **in_realm)
group = kc.Group("group", name="group", **in_realm)
kc.GroupRoles("none", group_id=group.id, role_ids=[], **in_realm)
"""
    realms.program(_small(text.format(description="a"))).up()
    for path in ("roles/role", f"groups/{realms.rows()['group'].id}"):
        realms.administrator.ask("DELETE", f"{realms.realm}/{path}").raise_for_status()
    result = realms.program(_small(text.format(description="b"))).up()
    assert changed(result) == {"update": 1}
    assert realms.get("roles/role")["description"] == "b"
    assert realms.rows()["role"].id == realms.get("roles/role")["id"]
    assert realms.destroy().failures == ()


def test_many_objects_are_made_at_the_same_time(realms: Realms) -> None:
    text = """
roles = [kc.Role(f"role-{n}", name=f"role-{n}", **in_realm) for n in range(40)]
kc.Role("all", name="all", composite_roles=[role.id for role in roles], **in_realm)
"""
    stack = realms.program(_small(text))
    assert stack.up().failures == ()
    assert len(stack.get("roles/all/composites")) == 40
    assert stack.destroy().failures == ()


def test_a_wrong_secret_is_one_failure_that_names_server_and_client(
    realms: Realms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYCLOAK_CLIENT_SECRET", "not-the-secret")
    result = realms.program(_small('kc.Role("role", name="role", **in_realm)')).up()
    ((urn, message),) = result.failures
    assert urn.endswith("::keycloak")
    assert message.startswith(f"Keycloak {realms.administrator.url} refuses the login of client {CLIENT}")
    assert "KEYCLOAK_CLIENT_SECRET" in message
    assert "not-the-secret" not in message
    assert len(result.skipped) == 2


def test_a_right_that_the_account_lacks_is_named_with_the_object(realms: Realms) -> None:
    text = """
k = keycloak()
kc.Role("role", name="role", realm_id="master", opts=here(k))
"""
    ((_, message),) = realms.program(text).up().failures
    assert message.startswith("role (keycloak:index/role:Role): POST ")
    assert "/admin/realms/master/roles: refused with status 403" in message
    assert f"service account of client {CLIENT} (realm master)" in message


def test_a_server_whose_ca_is_not_given_is_not_believed(realms: Realms) -> None:
    text = """
k = kc.Provider("keycloak", url=URL)
kc.Realm("realm", realm=REALM, opts=here(k))
"""
    stack = realms.program(f"URL = {realms.administrator.url!r}" + text)
    ((_, message),) = stack.up().failures
    assert "TLS failed" in message
    assert "rootCaCertificate" in message


def test_what_an_interrupted_run_made_is_taken_up(realms: Realms) -> None:
    """Each kind is made once, then made again as a run does that was killed before it could note the first."""
    assert realms.program(PROGRAM.format(**FIRST)).up().failures == ()
    provider = KeycloakProvider("urn", realms.rows()["keycloak"].inputs, Settings(root=realms.root))
    again: dict[str, str] = {}
    outputs: dict[str, Properties] = {}
    for row in realms.rows().values():
        if row.type.startswith("keycloak:"):
            action = Action(urn=row.urn, name=row.name, type=row.type, inputs=row.inputs, resumed=True)
            live = provider.create(action)
            again[row.name], outputs[row.name] = live.id, live.outputs
    provider.close()
    assert again == {name: row.id for name, row in realms.rows().items() if name in again}
    assert len(again) == 31
    assert outputs["app"]["clientSecret"] == realms.rows()["app"].outputs["clientSecret"]
    assert len(realms.get("authentication/flows/platform%20browser/executions")) == 6
    assert realms.destroy().failures == ()


def test_a_realm_of_somebody_else_is_refused_though_it_cannot_be_seen(realms: Realms) -> None:
    realms.administrator.ask("POST", "", {"realm": realms.realm}).raise_for_status()
    ((_, message),) = realms.program(_small("")).up().failures
    assert message.startswith("realm (keycloak:index/realm:Realm): it exists already")
    assert f'opts=ResourceOptions(import_="{realms.realm}")' in message


def test_a_protected_realm_is_not_deleted(realms: Realms) -> None:
    text = """
k = keycloak()
kc.Realm("realm", realm=REALM, terraform_deletion_protection={protected}, opts=here(k))
"""
    realms.program(text.format(protected=True)).up()
    ((_, message),) = realms.destroy().failures
    assert "realm (keycloak:index/realm:Realm): is protected from deletion" in message
    assert realms.program(text.format(protected=False)).up().failures == ()
    assert realms.destroy().failures == ()


@pytest.mark.parametrize("name", ["realm", "role", "app"])
def test_up_converges_after_a_kill_while_creating(realms: Realms, name: str) -> None:
    text = """
role = kc.Role("role", name="role", **in_realm)
openid.Client("app", client_id="app", access_type="CONFIDENTIAL", opts=Opts(provider=k, depends_on=[role]),
              realm_id=realm.id)
"""
    stack = realms.program(_small(text))
    killed_before_noting(stack, name)
    assert name not in stack.rows()
    assert stack.up().failures == ()
    assert changed(stack.up()) == {}
    assert stack.rows()["app"].id == stack.get("clients?clientId=app")[0]["id"]


MORE = """
scope = openid.ClientScope("scope", name="scope", consent_screen_text={consent}, gui_order={order}, **in_realm)
place = {{"client_scope_id": scope.id, **in_realm}}
kc.GenericProtocolMapper("generic", name="generic", protocol="openid-connect",
    protocol_mapper="oidc-usermodel-attribute-mapper", config={{"claim.name": "{claim}", "user.attribute": "a"}},
    **place)
openid.SubProtocolMapper("sub", name="sub", **place)
openid.FullNameProtocolMapper("full", name="full", add_to_id_token={flag}, **place)
openid.UserAttributeProtocolMapper("attribute", name="attribute", claim_name="{claim}", user_attribute="a", **place)
openid.UserPropertyProtocolMapper("property", name="property", claim_name="{claim}", user_property="email", **place)
openid.UserClientRoleProtocolMapper("client-role", name="client-role", claim_name="{claim}", **place)
openid.HardcodedClaimProtocolMapper("hard", name="hard", claim_name="{claim}", claim_value="v", **place)
openid.UserSessionNoteProtocolMapper("note", name="note", claim_name="{claim}", session_note="n", **place)
openid.AudienceResolveProtocolMapper("resolve", name="resolve", **place)
copied = flows.Flow("copied", alias="copied", copy_from="browser", description="{claim}", **in_realm)
flows.Bindings("bindings", browser_flow={browser}, **in_realm)
one, two = (kc.Group(name, name=name, description="{claim}", **in_realm) for name in ("one", "two"))
kc.DefaultGroups("defaults", group_ids={groups}, **in_realm)
ada = kc.User("ada", username="ada", last_name="{claim}", attributes={{"shoe": "38"}}, **in_realm)
kc.UserGroups("ada-groups", user_id=ada.id, group_ids={groups}, exhaustive=False, **in_realm)
app = openid.Client("app", client_id="app", access_type="CONFIDENTIAL", client_secret="{secret}", **in_realm)
openid.ClientOptionalScopes("optional", client_id=app.id, optional_scopes={optional}, **in_realm)
kc.RealmKeystoreRsaGenerated("key", name="key", priority={order}, **in_realm)
kc.RequiredAction("terms", alias="TERMS_AND_CONDITIONS", name="Terms", enabled={flag}, **in_realm)
kc.RealmEvents("events", events_enabled={flag}, **in_realm)
"""


def test_the_other_kinds_are_made_changed_and_taken_away(realms: Realms) -> None:
    first = {"consent": "'sure?'", "order": 3, "claim": "one", "flag": True, "browser": "copied.alias"}
    lists = {"groups": "[one.id]", "optional": "['phone', scope.name]", "secret": "a-secret-of-the-program"}
    stack = realms.program(_small(MORE.format(**first, **lists)))
    assert stack.up().failures == ()
    assert changed(stack.up()) == {}
    rows = stack.rows()
    scope = stack.get(f"client-scopes/{rows['scope'].id}")
    assert (scope["attributes"]["consent.screen.text"], scope["attributes"]["gui.order"]) == ("sure?", "3")
    claims = {each["name"]: each["config"].get("claim.name") for each in scope["protocolMappers"]}
    assert claims == {
        **dict.fromkeys(("attribute", "client-role", "generic", "hard", "note", "property"), "one"),
        **dict.fromkeys(("full", "resolve", "sub")),
    }
    assert stack.get()["browserFlow"] == "copied"
    assert len(stack.get("authentication/flows/copied/executions")) > 5
    assert stack.get()["defaultGroups"] == ["/one"]
    app = stack.get(f"clients/{rows['app'].id}")
    assert app["secret"] == lists["secret"]
    assert sorted(app["optionalClientScopes"]) == ["phone", "scope"]
    assert lists["secret"].encode() not in stack.state_file.read_bytes()

    second = {"consent": "None", "order": 0, "claim": "two", "flag": False, "browser": "'browser'"}
    lists = {"groups": "[two.id]", "optional": "['address']", "secret": "another-secret-of-the-program"}
    result = stack.program(_small(MORE.format(**second, **lists))).up()
    assert result.failures == ()
    assert changed(result) == {"update": 20}
    assert {name: row.id for name, row in stack.rows().items()} == {
        name: row.id for name, row in rows.items()
    }
    scope = stack.get(f"client-scopes/{rows['scope'].id}")
    assert scope["attributes"]["display.on.consent.screen"] == "false"
    assert (scope["attributes"]["consent.screen.text"], scope["attributes"]["gui.order"]) == ("", "")
    assert {each["config"].get("claim.name") for each in scope["protocolMappers"]} == {None, "two"}
    assert stack.get()["browserFlow"] == "browser"
    assert stack.get()["eventsEnabled"] is False
    assert stack.get()["defaultGroups"] == ["/two"]
    assert [each["name"] for each in stack.get(f"users/{rows['ada'].id}/groups")] == ["two"]
    assert stack.get(f"users/{rows['ada'].id}")["lastName"] == "two"
    assert stack.get(f"groups/{rows['one'].id}")["description"] == "two"
    app = stack.get(f"clients/{rows['app'].id}")
    assert (app["secret"], app["optionalClientScopes"]) == (lists["secret"], ["address"])
    assert stack.get("authentication/flows/" + rows["copied"].id)["description"] == "two"
    assert stack.get("authentication/required-actions/TERMS_AND_CONDITIONS")["enabled"] is False

    result = stack.program(_small("")).up()
    assert result.failures == ()
    assert changed(result) == {"delete": 22}
    assert stack.get("client-scopes/" + rows["scope"].id) is None
    assert stack.get("authentication/required-actions/TERMS_AND_CONDITIONS") is None
    assert stack.get("groups") == []


def test_an_object_that_is_half_made_is_finished_by_the_next_up(realms: Realms) -> None:
    text = 'kc.Role("role", name="role", composite_roles={parts}, **in_realm)'
    result = realms.program(_small(text.format(parts="['no-such-role']"))).up()
    ((_, message),) = result.failures
    assert message.startswith("role (keycloak:index/role:Role): there is no role no-such-role in realm")
    half = realms.rows()["role"].id
    assert realms.get("roles/role")["id"] == half
    assert realms.program(_small(text.format(parts="[]"))).up().failures == ()
    assert realms.rows()["role"].id == half


def test_a_scope_cannot_be_default_and_optional(realms: Realms) -> None:
    text = """
app = openid.Client("app", client_id="app", access_type="CONFIDENTIAL", **in_realm)
openid.ClientDefaultScopes("scopes", client_id=app.id, default_scopes=["{scope}"], **in_realm)
"""
    ((_, message),) = realms.program(_small(text.format(scope="phone"))).up().failures
    assert "client scope phone is one of the client's optional scopes already" in message
    ((_, message),) = realms.program(_small(text.format(scope="nine"))).up().failures
    assert f"there is no client scope nine in realm {realms.realm}" in message
