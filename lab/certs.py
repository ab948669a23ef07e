"""The lab's certificates.

One authority signs what servers show (`pki/ca.crt`, the only one a user has to trust). Each cluster has two
more of its own, for its etcd and for the clients of its API server: a certificate of one cluster opens no
other, and an API client's certificate never opens an etcd.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.folder import write_private

_AUTHORITY_LIFE = datetime.timedelta(days=3650)
LEAF_LIFE = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=60)
_CLOCK_SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who a certificate speaks for. `hosts` (names or addresses) make it a server's, `client` a client's."""

    name: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    client: bool = False


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Where a certificate and its key lie."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate authority and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    path: Path

    def issue(
        self,
        subject: Subject,
        public_key: ec.EllipticCurvePublicKey,
        life: datetime.timedelta = LEAF_LIFE,
    ) -> x509.Certificate:
        """A certificate for the subject, valid from now for `life`."""
        now = datetime.datetime.now(datetime.UTC)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH] if subject.client else []
        usages += [ExtendedKeyUsageOID.SERVER_AUTH] if subject.hosts else []
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject.name, subject.groups))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(_key_id_of(self.certificate), critical=False)
        )
        if subject.hosts:
            names = x509.SubjectAlternativeName([_general(host) for host in subject.hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def authority(folder: Path, stem: str, name: str) -> Authority:
    """The authority stored as <stem>.crt and <stem>.key, created if the two are not there or no pair."""
    pair = Pair(certificate=folder / f"{stem}.crt", key=folder / f"{stem}.key")
    stored = _stored(pair)
    if stored is not None:
        return Authority(certificate=stored[0], key=stored[1], path=pair.certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(pair.key, key_pem(key))
    write_private(pair.certificate, certificate_pem(certificate))
    return Authority(certificate=certificate, key=key, path=pair.certificate)


def leaf(signer: Authority, folder: Path, stem: str, subject: Subject) -> Pair:
    """The subject's certificate in <stem>.crt and <stem>.key: kept while it is this authority's, says the
    same of the subject, fits its key and has RENEW_BEFORE left; otherwise made anew."""
    pair = Pair(certificate=folder / f"{stem}.crt", key=folder / f"{stem}.key")
    stored = _stored(pair)
    if stored is None or not _still_good(signer, stored[0], subject):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = signer.issue(subject, key.public_key())
        write_private(pair.key, key_pem(key))
        write_private(pair.certificate, certificate_pem(certificate))
    return pair


def signing_key(path: Path) -> Path:
    """A private key of its own (service account tokens), created once; its public half lies beside it."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(path.with_suffix(".pub"), public)
        write_private(path, key_pem(key))
    return path


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS 8, not encrypted: the file's mode is its guard."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _stored(pair: Pair) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return certificate, key


def _still_good(signer: Authority, certificate: x509.Certificate, subject: Subject) -> bool:
    try:
        certificate.verify_directly_issued_by(signer.certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return (
        left > RENEW_BEFORE
        and certificate.subject == _name(subject.name, subject.groups)
        and _hosts(certificate) == {_general(host) for host in subject.hosts}
    )


def _hosts(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def _name(name: str, groups: Iterable[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_id_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
