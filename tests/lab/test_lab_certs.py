from __future__ import annotations

import datetime
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lab.certs import LEAF_LIFE, RENEW_BEFORE, Pair, Subject, authority, certificate_pem, leaf, signing_key
from lab.site import trust

SERVER = Subject(name="server", hosts=("localhost", "127.0.0.1"))


def shown(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> None:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as secured:
            secured.send(b"x")
    finally:
        ours.close()
        thread.join()


def test_an_authority_and_its_leaves_are_made_once(tmp_path: Path) -> None:
    first = authority(tmp_path, "ca", "lab")
    pair = leaf(first, tmp_path, "server", SERVER)
    before = pair.certificate.read_bytes()
    again = authority(tmp_path, "ca", "lab")
    assert again.certificate == first.certificate
    assert leaf(again, tmp_path, "server", SERVER).certificate.read_bytes() == before
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "changed",
    [
        Subject(name="other", hosts=SERVER.hosts),
        Subject(name="server", hosts=("localhost",)),
        Subject(name="server", groups=("lab:admins",), hosts=SERVER.hosts),
    ],
)
def test_a_leaf_follows_its_subject(tmp_path: Path, changed: Subject) -> None:
    signer = authority(tmp_path, "ca", "lab")
    before = shown(leaf(signer, tmp_path, "server", SERVER))
    assert shown(leaf(signer, tmp_path, "server", changed)) != before


def test_a_leaf_of_another_authority_or_with_a_foreign_key_is_made_anew(tmp_path: Path) -> None:
    old = authority(tmp_path, "old", "lab")
    pair = leaf(old, tmp_path, "server", SERVER)
    before = shown(pair)
    new = authority(tmp_path, "new", "lab")
    renewed = shown(leaf(new, tmp_path, "server", SERVER))
    assert renewed != before
    pair.key.write_bytes((tmp_path / "old.key").read_bytes())
    assert shown(leaf(new, tmp_path, "server", SERVER)) != renewed


def test_a_leaf_is_renewed_before_it_ends(tmp_path: Path) -> None:
    signer = authority(tmp_path, "ca", "lab")
    pair = leaf(signer, tmp_path, "server", SERVER)
    key = pair.key.read_bytes()
    private = load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    ending = signer.issue(SERVER, private.public_key(), RENEW_BEFORE - datetime.timedelta(days=1))
    pair.certificate.write_bytes(certificate_pem(ending))
    left = shown(leaf(signer, tmp_path, "server", SERVER)).not_valid_after_utc
    assert left > datetime.datetime.now(datetime.UTC) + LEAF_LIFE - datetime.timedelta(days=1)


def test_a_half_written_authority_is_made_again(tmp_path: Path) -> None:
    authority(tmp_path, "ca", "lab")
    (tmp_path / "ca.crt").unlink()
    assert authority(tmp_path, "ca", "lab").path.exists()


def test_a_server_is_believed_only_under_its_own_authority_and_name(tmp_path: Path) -> None:
    signer, other = authority(tmp_path, "ca", "lab"), authority(tmp_path, "other", "lab")
    pair = leaf(signer, tmp_path, "server", SERVER)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    handshake(server, trust(signer.path), "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, trust(other.path), "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, trust(signer.path), "example.org")


def test_a_client_certificate_cannot_play_a_server(tmp_path: Path) -> None:
    signer = authority(tmp_path, "ca", "lab")
    pair = leaf(signer, tmp_path, "client", Subject(name="kwok", client=True))
    usage = shown(pair).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_signing_key_is_made_once_with_its_public_half(tmp_path: Path) -> None:
    path = signing_key(tmp_path / "tokens.key")
    before = path.read_bytes()
    assert signing_key(path).read_bytes() == before
    assert b"PUBLIC KEY" in path.with_suffix(".pub").read_bytes()
