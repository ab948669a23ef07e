"""A world around a stack: a lab that runs, people, and the password of the database's manager."""

from __future__ import annotations

from config.access import Role
from config.identity import UserSettings
from config.outside import Outside

DATABASE_PASSWORD = "the-managers-password"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nlab\n-----END CERTIFICATE-----\n"
HOSTS = {
    "keycloak.lab.internal:8443": "127.0.0.1:40001",
    "openbao.lab.internal:8200": "127.0.0.1:40002",
    "postgres.lab.internal:5432": "127.0.0.1:40003",
    "s3.lab.internal:9000": "127.0.0.1:40004",
    "east.lab.internal:6443": "127.0.0.1:40005",
    "west.lab.internal:6443": "127.0.0.1:40006",
}
LAB = Outside(hosts=HOSTS, authority=AUTHORITY)
ISSUER = "https://127.0.0.1:40001/realms/mlops-platform"

NOBODY = UserSettings(username="nobody", email="nobody@example.com", first_name="No", last_name="Body")
USERS = (
    NOBODY,
    UserSettings(
        username="ada",
        email="ada@example.com",
        first_name="Ada",
        last_name="Lovelace",
        roles=(Role.ADMIN, Role.VIEWER),
        teams=("platform",),
    ),
)
