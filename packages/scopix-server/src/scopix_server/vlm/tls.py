"""Whom to trust when an engine is reached over TLS, and who we are to it."""

import ssl

import certifi

from scopix_server.domain.engines import EngineSpec

__all__ = ["tls_context"]


def tls_context(spec: EngineSpec) -> ssl.SSLContext:
    """Return the authorities that an engine's certificate is checked against, and the certificate that we show it.

    The engine's own `ca_file` counts, else what `SSL_CERT_FILE` and `SSL_CERT_DIR` name as everywhere (the registry put
    that in its place), else the public authorities that come with Python's certifi.

    Raises:
        ValueError: a file is not there, cannot be read, or holds something else; the message names it.
    """
    file, folder = spec.ca_file, spec.ca_folder
    if not (file or folder):
        file = certifi.where()
    try:
        context = ssl.create_default_context(cafile=file or None, capath=folder or None)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(_unusable(spec, "authorities", file or folder or "", error)) from None
    if spec.client_certificate:
        try:
            # Without a password of our own OpenSSL would ask for one on the terminal, and wait.
            context.load_cert_chain(spec.client_certificate, spec.client_key or None, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            files = " and ".join(filter(None, (spec.client_certificate, spec.client_key)))
            raise ValueError(_unusable(spec, "client certificate", files, error)) from None
    return context


def _unusable(spec: EngineSpec, what: str, where: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = f"it is no PEM file that fits ({error.reason or error}); an encrypted key has to be decrypted first"
    else:
        reason = getattr(error, "strerror", None) or str(error)
    return f"the engine '{spec.name}': its {what} in {where} cannot be used: {reason}"
