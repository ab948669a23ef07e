"""Real certificates: requests as cert-manager sends them, leaves as Istio signs them, and chains that verify or not."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """An intermediate, its key, and the root that came with it: the Secret `cacerts`."""

    certificate: str
    key: Key
    root: str


def request(common_name: str, key: Key, hosts: Sequence[str] = ()) -> str:
    """A certificate request, as PEM text; cert-manager puts the hosts into it too."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM).decode()


def asked(common_name: str, csr: str, ttl: str, **more: str) -> dict[str, str]:
    """What cert-manager sends to the store, word for word."""
    empty = {"alt_names": "", "ip_sans": "", "uri_sans": ""}
    return {
        "common_name": common_name,
        **empty,
        "ttl": ttl,
        "csr": csr,
        "exclude_cn_from_sans": "true",
        **more,
    }


def signed(client: hvac.Client, path: str, common_name: str, ttl: str, **more: str) -> Authority:
    """An intermediate by the store. Raises hvac's Forbidden where a policy says no."""
    key = ec.generate_private_key(ec.SECP384R1())
    answer: dict[str, Any] = client.write_data(
        path, data=asked(common_name, request(common_name, key), ttl, **more)
    )["data"]
    return Authority(certificate=answer["certificate"], key=key, root=answer["issuing_ca"])


def leaf(authority: Authority, spiffe: str) -> str:
    """A workload's certificate for a day, as Istio's control plane signs it."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(minutes=1))
        .not_valid_after(NOW + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(spiffe)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(_issued_by(issuer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def _issued_by(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    known = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def verifies(certificate: str, between: list[str], roots: list[str], folder: Path) -> bool:
    """Does openssl find a way from the certificate to one of the roots?"""
    files = {"leaf": certificate, "between": "\n".join(between), "roots": "\n".join(roots)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = ["openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", "roots"]
    command += [*(["-untrusted", "between"] if between else []), "leaf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode == 0
