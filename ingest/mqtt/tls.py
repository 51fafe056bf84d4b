"""What is needed for an encrypted connection: whom we trust, and who we are."""

import ssl

from ingest.settings import IngestSettings
from ioc.model.faults import Fault
from ioc.runtime.broker_address import Address


def tls_context(settings: IngestSettings, address: Address) -> ssl.SSLContext | None:
    """Prepare encrypted connections; None where the address asks for none.

    The broker's certificate is always checked, and so is that it was made for the host's name.

    Raises:
        Fault: a file cannot be read, or is not what it should be, or is given without need.
    """
    files = {"mqtt_ca": settings.mqtt_ca, "mqtt_certificate": settings.mqtt_certificate, "mqtt_key": settings.mqtt_key}
    given = [name for name, path in files.items() if path is not None]
    if not address.tls:
        if given:
            raise Fault(f"{given[0]} is set, but {address} is not encrypted; write mqtts:// in the broker's URL.")
        return None
    if settings.mqtt_key is not None and settings.mqtt_certificate is None:
        raise Fault("mqtt_key is set without mqtt_certificate; a key proves who we are only with its certificate.")
    try:
        context = ssl.create_default_context(cafile=settings.mqtt_ca)
    except (OSError, ssl.SSLError) as problem:
        raise Fault(
            f"mqtt_ca {settings.mqtt_ca} cannot be used: {_told(problem)}; give a file of PEM certificates."
        ) from None
    if settings.mqtt_certificate is not None:
        try:
            # Without a password of its own, a locked key must fail instead of asking on the terminal.
            context.load_cert_chain(settings.mqtt_certificate, settings.mqtt_key, password="")
        except (OSError, ssl.SSLError, ValueError) as problem:
            raise Fault(
                f"mqtt_certificate {settings.mqtt_certificate} cannot be used with mqtt_key {settings.mqtt_key}: "
                f"{_told(problem)}; give PEM files that belong together, the key without a password."
            ) from None
    return context


def _told(problem: Exception) -> str:
    return (isinstance(problem, OSError) and problem.strerror) or str(problem)
