"""Opens a camera's source, whatever its address names."""

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.sources.contract import Source, SourceFailed, SourceRefused

__all__ = ["Source", "SourceFailed", "SourceRefused", "open_source"]


def open_source(camera: Camera, allowed: AllowedNetworks) -> Source:
    """Open where a camera's pictures come from; waits at most some ten seconds.

    Raises:
        SourceRefused: its address must not or cannot be used; soon trying again is of no use.
        SourceFailed: it does not work now; try again later.
    """
    try:
        url = parse_camera_url(camera.url)
    except ValueError as error:
        raise SourceRefused(str(error)) from None
    raise SourceRefused(f"{url.scheme} cannot be read yet")
