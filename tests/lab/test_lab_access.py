from __future__ import annotations

from pathlib import Path

import pytest

from lab.access import environment
from lab.errors import Refusal
from lab.folder import LabFolder, write_private

SECRETS = {
    "KEYCLOAK_CLIENT_SECRET": "keycloak-mlops-platform",
    "VAULT_TOKEN": "openbao-provider-token",
    "MLOPS_DATABASE_PASSWORD": "postgres-vault-mlflow",
}


@pytest.fixture
def folder(tmp_path: Path) -> LabFolder:
    made = LabFolder(tmp_path)
    for name, file in SECRETS.items():
        write_private(made.secret(file), f"of {name}")
    return made


def test_plain_pulumi_is_given_all_that_it_needs_and_nothing_else(folder: LabFolder) -> None:
    assert environment(folder) == {
        "MLOPS_LAB_DIR": str(folder.root),
        "KUBECONFIG": str(folder.root / "kubeconfig"),
        "KEYCLOAK_CLIENT_ID": "mlops-platform",
        "VAULT_CACERT": str(folder.root / "pki" / "ca.crt"),
        **{name: f"of {name}" for name in SECRETS},
    }


def test_the_providers_work_as_accounts_of_their_own_and_never_as_root(folder: LabFolder) -> None:
    write_private(folder.secret("openbao-init.json"), "the root token")
    write_private(folder.secret("keycloak-admin"), "the administrator")
    assert not {"the root token", "the administrator"} & set(environment(folder).values())


@pytest.mark.parametrize("missing", SECRETS.values())
def test_a_lab_without_its_credentials_is_refused_with_the_remedy(folder: LabFolder, missing: str) -> None:
    folder.secret(missing).unlink()
    with pytest.raises(Refusal, match=f"{missing}: not there.*mlops lab up"):
        environment(folder)


def test_without_a_lab_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="mlops lab up"):
        environment(LabFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
