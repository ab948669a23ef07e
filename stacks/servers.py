"""The providers of the servers outside of any cluster: Keycloak and the secret store.

Credentials come from the environment that each provider documents (KEYCLOAK_CLIENT_ID, KEYCLOAK_CLIENT_SECRET,
VAULT_TOKEN): none stands in settings or state.
"""

from __future__ import annotations

import pulumi
import pulumi_keycloak
import pulumi_vault

from config.schema import PlatformSettings

_SECONDS = 60
"""How long Keycloak may take for one answer: making a key of 4096 bits outlasts the provider's own 5."""


def keycloak(settings: PlatformSettings) -> pulumi.ResourceOptions:
    """For a component whose resources are Keycloak's. It logs in when it first asks something, so that a new stack
    can be previewed without the server."""
    outside = settings.outside
    provider = pulumi_keycloak.Provider(
        "keycloak",
        url=outside.url(settings.access.keycloak),
        root_ca_certificate=outside.authority,
        initial_login=False,
        client_timeout=_SECONDS,
    )
    return pulumi.ResourceOptions(providers=[provider])


def secret_store(settings: PlatformSettings) -> pulumi.ResourceOptions:
    """For a component whose resources are the secret store's. Its certificate is verified, whatever the caller's
    VAULT_SKIP_VERIFY says: left out, the SDK would write that into the state."""
    outside = settings.outside
    provider = pulumi_vault.Provider(
        "vault", address=outside.url(settings.secrets.address), skip_tls_verify=False
    )
    return pulumi.ResourceOptions(providers=[provider])
