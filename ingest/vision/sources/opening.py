"""Opens a camera's source, whatever its address names."""

from pathlib import Path

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.sources.capture import prepare_opencv
from ingest.vision.sources.contract import PictureLost, Source, SourceFailed, SourceRefused
from ingest.vision.sources.files import FileSource, UsbSource
from ingest.vision.sources.folders import FolderSource
from ingest.vision.sources.hls import HlsSource
from ingest.vision.sources.rtsp import RtspSource
from ingest.vision.sources.web_pictures import open_web_pictures

__all__ = ["PictureLost", "Source", "SourceFailed", "SourceRefused", "open_source", "prepare_opencv"]


def open_source(camera: Camera, allowed: AllowedNetworks) -> Source:
    """Open where a camera's pictures come from; waits at most some tens of seconds.

    Raises:
        SourceRefused: its address must not or cannot be used; soon trying again is of no use.
        SourceFailed: it does not work now; try again later.
    """
    prepare_opencv()
    try:
        url = parse_camera_url(camera.url)
    except ValueError as error:
        raise SourceRefused(str(error)) from None
    if url.scheme in {"rtsp", "rtsps"}:
        return RtspSource(url, allowed)
    if url.scheme == "file":
        return FileSource(Path(url.path), loop=camera.loop)
    if url.scheme == "folder":
        return FolderSource(Path(url.path), camera.rate, loop=camera.loop)
    if url.scheme == "usb":
        return UsbSource(int(url.path))
    if url.is_hls:
        return HlsSource(url, allowed, camera.width)
    return open_web_pictures(url, allowed, camera.rate)
