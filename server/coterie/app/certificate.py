"""The TLS material of a server on the network: read, and known to be of use before the first client is.

``admission`` calls `tls_context`. A certificate that is out of date would start well and fail with each client, which sees the reason only
where nobody looks.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from coterie.app.doors import NotListeningError

_OUT_OF_DATE = {9: "is not valid yet", 10: "has expired"}  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _CERT_HAS_EXPIRED


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return what speaks TLS with this chain and key, or None where neither is given. Raises `NotListeningError`."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise NotListeningError("--tls-cert and --tls-key go together.")
    for file in (cert, key):
        _see(file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ValueError) as reason:
        raise NotListeningError(f"{cert} and {key} are no certificate and its key: {reason}.") from reason
    if problem := _out_of_date(context, cert):
        raise NotListeningError(f"The certificate in {cert} {problem}.")
    return context


def _see(file: Path) -> None:
    """Have a file that cannot be read named, which the library does not. Raises `NotListeningError`."""
    try:
        file.open("rb").close()
    except OSError as reason:
        raise NotListeningError(f"The certificate or its key cannot be read: {reason}.") from reason


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to say its password")


def _out_of_date(server: ssl.SSLContext, cert: Path) -> str | None:
    """Say what a client would find wrong with the certificate's dates: the library reads them for nobody but a client."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it trusts this very certificate, whoever issued it
    try:
        client.load_verify_locations(cert)
        _shake_hands(client, server)
    except ssl.SSLCertVerificationError as found:
        return _OUT_OF_DATE.get(found.verify_code)
    except ssl.SSLError:  # whatever else a client may dislike is between the two
        return None
    return None


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Let the two meet in memory until the client has judged. Raises `ssl.SSLError`."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(down, up)
    far = server.wrap_bio(up, down, server_side=True)
    for end in (near, far, near):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
