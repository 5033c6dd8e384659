"""TLS for the API itself: 1.2 or newer, with the certificate and key of the settings."""

from __future__ import annotations

import os
import ssl
import stat

from oms_ledger.domain.errors import Invalid
from oms_ledger.settings import Settings, variable


def server_context(settings: Settings) -> ssl.SSLContext | None:
    """None where the API speaks plain HTTP. `Invalid` names the setting where one of the files is
    missing or cannot be read, the two do not belong together, or others can read the key."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    for name, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
        if getattr(settings, name) is None:
            raise _invalid(name, f"It is needed where {variable(other)} is set.")
        _check_readable(name, getattr(settings, name))
    assert certificate is not None
    assert key is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password given here, OpenSSL would ask for one on a terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise _invalid(
            "tls_key",
            f"{key} is not the private key of the certificate in {certificate}, or one of the two"
            f" is no PEM, or the key has a password, which it must not ({error.reason}).",
        ) from error
    _check_private(key)
    return context


def for_own_socket() -> ssl.SSLContext:
    """For requests of this process to its own socket. The certificate is not checked: it may be
    for any name, and no other server can listen there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _check_readable(name: str, path: str) -> None:
    try:
        with open(path, "rb"):
            return
    except OSError as error:
        raise _invalid(name, f"{path} cannot be read: {error.strerror}.") from error


def _check_private(key: str) -> None:
    """`Invalid` where others than the owner may read or change the key. A group may read a key
    that root owns, as certificate packages of systems install them."""
    file = os.stat(key)
    by_group = stat.S_IWGRP if file.st_uid == 0 else stat.S_IRGRP | stat.S_IWGRP
    if file.st_mode & (stat.S_IRWXO | by_group):
        only = "u=rw,g=r,o=" if file.st_uid == 0 else "600"
        raise _invalid(
            "tls_key", f"Other users of this machine can read {key}. Run: chmod {only} {key}"
        )


def _invalid(name: str, why: str) -> Invalid:
    field = variable(name)
    return Invalid(f"{field}: {why}", errors=[{"field": field, "message": why}])
