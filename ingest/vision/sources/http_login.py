"""Logs in to a web server that asks for it: Basic (RFC 7617) and Digest (RFC 7616), as cameras have them."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from ingest.vision.sources.camera_url import CameraUrl

_PAIR: Final = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


def _md5(text: str) -> str:
    # What cameras ask for; it guards the password on a cable, and nothing else.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_HASHES: Final[dict[str, Callable[[str], str]]] = {"SHA-256": _sha256, "MD5": _md5}


def authorization(challenges: Sequence[str], url: CameraUrl) -> str:
    """Answer a server's challenges with the best of those that are known.

    Args:
        challenges: the `WWW-Authenticate` headers.
        url: of the request, with its user and password.

    Returns:
        The `Authorization` header; empty where no challenge is known.
    """
    digests = [dict(_pairs(each)) for each in challenges if each[:7].lower() == "digest "]
    for algorithm in _HASHES:
        for asked in digests:
            if asked.get("algorithm", "MD5").upper() == algorithm and "nonce" in asked:
                return _digest(asked, url, algorithm)
    if any(each[:6].lower() == "basic " for each in challenges):
        return "Basic " + base64.b64encode(f"{url.user}:{url.password}".encode()).decode()
    return ""


def _pairs(challenge: str) -> list[tuple[str, str]]:
    return [
        (found[1].lower(), found[2] if found[2] is not None else found[3]) for found in _PAIR.finditer(challenge[7:])
    ]


def _digest(asked: dict[str, str], url: CameraUrl, algorithm: str) -> str:
    hashed = _HASHES[algorithm]
    realm, nonce = asked.get("realm", ""), asked["nonce"]
    who = hashed(f"{url.user}:{realm}:{url.password}")
    what = hashed(f"GET:{url.path}")
    fields = [
        f'username="{_quoted(url.user)}"',
        f'realm="{_quoted(realm)}"',
        f'nonce="{_quoted(nonce)}"',
        f'uri="{url.path}"',
        f"algorithm={algorithm}",
    ]
    if "auth" in re.split(r"[\s,]+", asked.get("qop", "")):
        ours, count = secrets.token_hex(8), "00000001"
        response = hashed(f"{who}:{nonce}:{count}:{ours}:auth:{what}")
        fields += ["qop=auth", f"nc={count}", f'cnonce="{ours}"']
    else:
        response = hashed(f"{who}:{nonce}:{what}")
    fields.append(f'response="{response}"')
    if "opaque" in asked:
        fields.append(f'opaque="{_quoted(asked["opaque"])}"')
    return "Digest " + ", ".join(fields)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
