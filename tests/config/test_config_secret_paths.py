"""Which mounts and paths of the secret store settings may name."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from config.secret_paths import (
    CLIENT_FOLDER,
    DATABASE_MOUNT,
    MESH_MOUNT,
    TENANT_FOLDER,
    SecretMount,
    SecretPath,
)

MOUNT: TypeAdapter[str] = TypeAdapter(SecretMount)
PATH: TypeAdapter[str] = TypeAdapter(SecretPath)


@pytest.mark.parametrize("given", ["mlflow", "team/mlflow", "a_b/c-d/e1"])
def test_a_path_below_the_mount_is_taken_as_it_is(given: str) -> None:
    assert PATH.validate_python(given) == given


@pytest.mark.parametrize("given", ["", "/mlflow", "mlflow/", "a//b", "../up", "a/*", "a/+", "Mlflow"])
def test_a_path_that_could_mean_another_is_refused_with_the_form_that_would_do(given: str) -> None:
    with pytest.raises(ValidationError, match="use a path below the mount, such as 'mlflow'"):
        PATH.validate_python(given)


def test_a_path_as_the_api_writes_it_is_refused_with_the_rest_of_it() -> None:
    with pytest.raises(ValidationError, match="leave out 'data/'"):
        PATH.validate_python("data/mlflow")


@pytest.mark.parametrize("folder", [CLIENT_FOLDER, TENANT_FOLDER])
def test_folders_of_others_are_refused(folder: str) -> None:
    with pytest.raises(ValidationError, match="holds secrets of others"):
        PATH.validate_python(f"{folder}/mlflow")


@pytest.mark.parametrize("mount", ["sys", "auth", "identity", "cubbyhole", DATABASE_MOUNT, MESH_MOUNT])
def test_a_mount_that_something_else_has_is_refused(mount: str) -> None:
    with pytest.raises(ValidationError, match="the store has something else"):
        MOUNT.validate_python(mount)


def test_a_mount_is_one_name() -> None:
    assert MOUNT.validate_python("secret") == "secret"
    with pytest.raises(ValidationError, match="use one name without '/'"):
        MOUNT.validate_python("secret/more")
