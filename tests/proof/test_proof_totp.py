from __future__ import annotations

import pytest

from proof.totp import Authenticator

KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "password"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, password: str) -> None:
    assert Authenticator(KEY, 8, lambda: seconds).password() == password


def test_the_second_password_within_a_period_is_the_next_periods() -> None:
    now = 1111111109.0
    one, next_one = Authenticator(KEY, 6, lambda: now), Authenticator(KEY, 6, lambda: now + 30)
    first, second = one.password(), one.password()
    assert first != second
    assert second == next_one.password()
