"""The providers of the servers outside of any cluster: Keycloak and the secret store.

Credentials come from the environment that each provider documents (KEYCLOAK_CLIENT_ID, KEYCLOAK_CLIENT_SECRET,
VAULT_TOKEN): none stands in settings or state.
"""

from __future__ import annotations

import pulumi
import pulumi_keycloak
import pulumi_vault

from config.schema import PlatformSettings


def keycloak(settings: PlatformSettings) -> pulumi.ResourceOptions:
    """For a component whose resources are Keycloak's."""
    outside = settings.outside
    provider = pulumi_keycloak.Provider(
        "keycloak", url=outside.url(settings.access.keycloak), root_ca_certificate=outside.authority
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
