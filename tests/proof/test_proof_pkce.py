from __future__ import annotations

import re

from proof.pkce import ProofKey


def test_the_vector_of_rfc_7636() -> None:
    key = ProofKey("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert key.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_key_is_new_and_of_the_length_that_the_rfc_asks_for() -> None:
    keys = {ProofKey().verifier for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_~.-]{43,128}", verifier) for verifier in keys)


def test_the_verifier_is_not_shown() -> None:
    key = ProofKey()
    assert key.verifier not in repr(key)
