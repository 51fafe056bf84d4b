"""The built page, the base map's file, and a word to whoever has not built the page yet."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import ui
from ioc.model.faults import Fault
from ui.server import schemas
from ui.server.problems import unknown

BUILT: Final = Path(ui.__file__).parent / "web" / "dist"

NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>IOC</title>
<style>
body { background: #0e141b; color: #dce5ee; font: 1.1rem/1.6 system-ui, sans-serif; margin: 20vh auto;
  max-width: 34rem }
code { background: #1c2733; padding: .1em .4em; border-radius: .2em }
</style>
<h1>The page is not built yet</h1>
<p lang="vi">Giao diện chưa được dựng. Hãy chạy <code>make setup</code> rồi tải lại trang này.</p>
<p>Run <code>make setup</code>, then reload this page. The interface under <code>/api</code> works already.</p>
</html>
"""


class _Page(StaticFiles):
    """The built files; those whose names carry a hash may be kept for ever, the others are asked for anew."""

    async def check_config(self) -> None:
        """Accept a folder that is not there yet."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path == "." and not self.lookup_path("index.html")[0]:
            return HTMLResponse(NOT_BUILT)
        response = await super().get_response(path, scope)
        hashed = path.startswith("assets/") and response.status_code == 200
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response


def install(app: FastAPI, *, folder: Path, basemap: str | None) -> None:
    """Serve the page at / and the base map's file beside it; call it last, it takes every path that is left.

    Raises:
        Fault: the base map is a path, and there is no file.
    """
    app.include_router(_basemap(basemap))
    app.mount("/", _Page(directory=folder, html=True, check_dir=False), name="page")


def _basemap(basemap: str | None) -> APIRouter:
    path = Path(basemap) if basemap is not None and "://" not in basemap else None
    if path is not None and not path.is_file():
        raise Fault(
            f"ui.basemap = {path}: there is no such file; give the path of a PMTiles file or the URL of a map style."
        )
    router = APIRouter()

    @router.get(
        "/basemap.pmtiles",
        tags=["city"],
        summary="The base map",
        response_class=FileResponse,
        responses={
            200: {"description": "The whole file.", "content": {"application/vnd.pmtiles": {}}},
            206: {"description": "The bytes that the Range header asks for."},
            404: {"model": schemas.ErrorBody, "description": "The base map is not a file of this machine."},
            416: {"model": schemas.ErrorBody, "description": "The file has no such bytes."},
            421: {"model": schemas.ErrorBody, "description": "The server was asked under a name that is not its own."},
        },
    )
    async def get_basemap() -> Response:
        """The PMTiles file that ui.basemap names; map libraries read it in pieces, by Range."""
        if path is None:
            raise unknown("There is no base map here.", "path", "the url of basemap in GET /api/city")
        return FileResponse(path, media_type="application/vnd.pmtiles", headers={"cache-control": "no-cache"})

    return router
