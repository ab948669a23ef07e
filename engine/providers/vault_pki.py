"""Certificates that a PKI engine makes, and what comes of them: they are made once and never written again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from engine.errors import ObjectRefused
from engine.providers.base import Live
from engine.providers.vault_kinds import Kind, Task, api_name, bad_part, filled
from engine.values import Properties

NAMING: Final = (
    "altNames",
    "commonName",
    "country",
    "excludeCnFromSans",
    "format",
    "ipSans",
    "keyUsages",
    "locality",
    "organization",
    "otherSans",
    "ou",
    "postalCode",
    "province",
    "signatureBits",
    "streetAddress",
    "uriSans",
)
CONSTRAINTS: Final = (
    "excludedDnsDomains",
    "excludedEmailAddresses",
    "excludedIpRanges",
    "excludedUriDomains",
    "maxPathLength",
    "notAfter",
    "notBeforeDuration",
    "permittedDnsDomains",
    "permittedEmailAddresses",
    "permittedIpRanges",
    "permittedUriDomains",
    "ttl",
    "usePss",
)
KEYS: Final = (
    "keyBits",
    "keyName",
    "keyRef",
    "keyType",
    "managedKeyId",
    "managedKeyName",
    "privateKeyFormat",
)
_NAMES: Final = {"keyUsages": "key_usage"}


@dataclass(frozen=True, kw_only=True)
class Generated(Kind):
    """What one write makes. Every property but `keeping` is a part of it; a change of those does nothing.

    `outputs` are its answer's fields by property. `there` tells whether it still is: if not, it is made anew.
    `adopt` finds what an interrupted create has left. `remove` takes it away, if anything can.
    """

    path: Callable[[Properties], str]
    id: Callable[[Properties, Properties], str]
    fields: tuple[str, ...]
    outputs: Mapping[str, str]
    keeping: frozenset[str] = frozenset()
    there: Callable[[Task], bool]
    adopt: Callable[[Task], Properties | None] = lambda _task: None
    remove: Callable[[Task], None] = lambda _task: None
    derived: Callable[[Properties, Properties], Properties] = lambda _inputs, _answer: {}

    def known(self) -> set[str]:
        return {*super().known(), *self.fields, *self.keeping}

    def replaces(self, property_: str, inputs: Properties) -> bool:
        del inputs
        return property_ not in self.keeping

    def problem(self, inputs: Properties) -> str:
        return super().problem(inputs) or bad_part("{backend}", inputs)

    def create(self, task: Task) -> Live:
        if task.importing:
            raise ObjectRefused("it cannot be imported: what made it does not tell all that it was made of")
        answer = self.adopt(task) if task.resumed else None
        if answer is None:
            given = {name: task.inputs[name] for name in self.fields if name in task.inputs}
            body = {api_name(name, _NAMES): _joined(name, value) for name, value in given.items()}
            answer = task.api.write(self.path(task.inputs), body)
        told = {
            name: answer[field_] for name, field_ in self.outputs.items() if answer.get(field_) is not None
        }
        told.update(self.derived(task.inputs, answer))
        return Live(id=self.id(task.inputs, answer), outputs=told)

    def update(self, task: Task) -> Live:
        if not self.there(task):
            raise ObjectRefused("what it was made of is gone or was made anew", immutable=True)
        told = {name: value for name, value in task.outputs.items() if name not in (task.before or {})}
        return Live(id=task.id, outputs=told)

    def delete(self, task: Task) -> None:
        self.remove(task)


def unique(path: str) -> str:
    """An id for what has none of its own at the server."""
    return f"{path}/{uuid.uuid4()}"


def issuer_there(task: Task) -> bool:
    """Does the mount still have the issuer of a root certificate?"""
    return task.api.get(task.id) is not None


def key_there(task: Task) -> bool:
    """Does the mount still have the key of a request?"""
    return task.api.get(f"{_backend(task.inputs)}/key/{task.outputs.get('keyId', '-')}") is not None


def import_there(task: Task) -> bool:
    """Does the mount still have what was set?"""
    issuers = task.outputs.get("importedIssuers") or ()
    return all(task.api.get(f"{_backend(task.inputs)}/issuer/{issuer}") is not None for issuer in issuers)


def signer_there(task: Task) -> bool:
    """Is the issuer still the one that has signed?"""
    reference = task.inputs.get("issuerRef", "default")
    found = task.api.get(f"{_backend(task.inputs)}/issuer/{reference}") or {}
    return str(found.get("certificate", "")).strip() == str(task.outputs.get("issuingCa", "")).strip()


def own_root(task: Task) -> Properties | None:
    """The issuer that an interrupted create has made: of the same name, or else of the same subject."""
    backend, name = _backend(task.inputs), task.inputs.get("issuerName", "")
    for issuer, about in (task.api.list(f"{backend}/issuers").get("key_info") or {}).items():
        found = task.api.get(f"{backend}/issuer/{issuer}") or {}
        certificate = str(found.get("certificate", ""))
        if about.get("issuer_name", "") == name and _subject(certificate) == task.inputs["commonName"]:
            serial = about.get("serial_number")
            return {
                **found,
                "issuing_ca": certificate.strip(),
                "certificate": certificate.strip(),
                "serial_number": serial,
            }
    return None


def revoke(task: Task) -> None:
    """Revoke a signed certificate, if the program asked for that."""
    if task.inputs.get("revoke") is True:
        task.api.write(f"{_backend(task.inputs)}/revoke", {"serial_number": task.outputs["serialNumber"]})


def chains(inputs: Properties, answer: Properties) -> Properties:
    """The chain of a signed certificate as the server tells it or as it follows, and the bundle."""
    signed, issuer = (str(answer[key]).strip() for key in ("certificate", "issuing_ca"))
    told = {"caChains": answer.get("ca_chain") or list(dict.fromkeys((issuer, signed)))}
    if inputs.get("format", "pem") in ("pem", "pem_bundle"):
        told["certificateBundle"] = "\n".join(dict.fromkeys((signed, issuer)))
    return told


def signing_path(inputs: Properties) -> str:
    """Where a request is signed."""
    issuer = inputs.get("issuerRef")
    return f"{_backend(inputs)}/{f'issuer/{issuer}' if issuer else 'root'}/sign-intermediate"


def signed_id(inputs: Properties, _answer: Properties) -> str:
    """The id of a signed certificate: its mount, or what has signed it, and its subject."""
    before = signing_path(inputs) if inputs.get("issuerRef") else _backend(inputs)
    return f"{before}/{inputs['commonName']}"


def _backend(inputs: Properties) -> str:
    return filled("{backend}", inputs)


def _subject(certificate: str) -> str:
    names = x509.load_pem_x509_certificate(certificate.encode()).subject.get_attributes_for_oid(
        NameOID.COMMON_NAME
    )
    return str(names[0].value) if names else ""


def _joined(name: str, value: Any) -> Any:
    """Lists as the API takes them; it knows key usages as a list alone."""
    return ",".join(map(str, value)) if isinstance(value, list) and name != "keyUsages" else value
