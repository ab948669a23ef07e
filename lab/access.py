"""How the program, which knows no lab, reaches this one: its credentials, and what follows once its realm is
there."""

from __future__ import annotations

from lab import keycloak_setup
from lab.errors import Refusal
from lab.folder import LabFolder
from lab.lab import Lab
from lab.openbao_policies import PROVIDER
from lab.openbao_setup import TOKENS
from lab.postgres import ISSUER

_FILES = {
    "KEYCLOAK_CLIENT_SECRET": keycloak_setup.CLIENT_SECRET,
    "VAULT_TOKEN": TOKENS[PROVIDER],
    "MLOPS_DATABASE_PASSWORD": f"postgres-{ISSUER}",
}
"""The file in secrets/ behind each variable."""


def environment(folder: LabFolder) -> dict[str, str]:
    """All that plain `pulumi up` needs of this lab beside the settings: its folder, its clusters' kubeconfig, the
    credentials of the program's providers, and the authority for the one that takes it from a file only (OpenBao's;
    addresses are the settings' own). Raises Refusal when the lab in the folder has no credentials yet."""
    try:
        secrets = {name: folder.secret(file).read_text(encoding="ascii") for name, file in _FILES.items()}
    except FileNotFoundError as error:
        raise Refusal(
            f"{error.filename}: not there, so there are no credentials for this lab: run `mlops lab up`"
        ) from None
    return {
        "MLOPS_LAB_DIR": str(folder.root),
        "KUBECONFIG": str(folder.kubeconfig),
        "KEYCLOAK_CLIENT_ID": keycloak_setup.CLIENT,
        "VAULT_CACERT": str(folder.ca),
        **secrets,
    }


def after_up(folder: LabFolder) -> None:
    """To be called whenever the program has made or removed its realm; see `Lab.follow_realm`."""
    Lab(folder).follow_realm()
