from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.proof.keycloak_pages import Pages


@pytest.fixture(scope="session")
def signing() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def pages(signing: rsa.RSAPrivateKey) -> Pages:
    return Pages(signing)
