"""The HTTP interface under /api."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Path, Query, Response

from ioc.model.alerts import Severity
from ioc.model.incidents import Condition, Incident, WorkState, incident_to_json
from ioc.model.instant import Instant
from ioc.model.quantities import Catalogue
from ioc.store import incidents as store_incidents
from ioc.store.incidents import Incidents, UnknownIncident
from ui.server import schemas
from ui.server.answers import BLANK_IS_ALL, describe_answer, describe_errors, json_of, written_json
from ui.server.hub import Hub
from ui.server.pictures_api import pictures_of
from ui.server.problems import Problem, unknown
from ui.server.settings import UiSettings
from ui.server.views import assets_view, basemap_view, city_view, quantities_view
from ui.server.world import array

IncidentId = Annotated[str, Path(description="The incident's id.", max_length=64, examples=["5f2c7a90d1e84b36"])]
AssetId = Annotated[
    str, Path(description="The asset's id; it may have slashes in it.", max_length=256, examples=["cam-17"])
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Names the command: sent again with the same key within 24 hours, it is carried out once.",
        pattern=r"^[\x21-\x7e]{1,128}$",
        examples=["6b2f9f0e-7c57-4f0e-a7b1-0d3c5f1f8f6e"],
    ),
]


_AWAY: Final = "The store does not answer; nothing was done, or it cannot be said. Ask again."
_COMMAND_ERRORS: Final = describe_errors(
    e400="The body cannot be read.",
    e403="The command comes from a page of another origin.",
    e404="There is no such incident.",
    e409="The incident as it stands forbids it, or the key was used for another command; the body says which.",
    e413="The body is larger than 64 KiB.",
    e422="A field is missing, too long, or not plain text.",
    e503=_AWAY,
)


def router(
    *,
    incidents: Incidents,
    hub: Hub,
    health: Callable[[], dict[str, Any]],
    catalogue: Catalogue,
    settings: UiSettings,
    now: Callable[[], Instant],
) -> APIRouter:
    """Make the routes.

    Args:
        incidents: where commands go, and what is looked up by id.
        hub: with the world that lists are read from; told at once of what a command changed.
        health: judges how the program is.
        catalogue: the quantities.
        settings: base map and demo mark.
        now: the wall clock.
    """
    api = APIRouter(prefix="/api")
    world = hub.world
    quantities = msgspec.json.encode(quantities_view(catalogue))
    basemap = basemap_view(settings.basemap, optional=settings.basemap_optional)

    @api.get(
        "/health",
        tags=["program"],
        summary="How the program is",
        responses=describe_answer(schemas.HealthView, "What each process says of itself, and what is wrong.")
        | describe_errors(),
    )
    async def get_health() -> Response:
        """Answers 200 also where something is wrong: `state` and `messages` say so, as on the page's status bar."""
        return json_of(health())

    @api.get(
        "/city",
        tags=["city"],
        summary="The city",
        responses=describe_answer(schemas.CityView, "Names, bounds, areas, the sketch and the base map.")
        | describe_errors(),
    )
    async def get_city() -> Response:
        """The city as the program was told it; a nameless one where nobody has said which it is."""
        return json_of(city_view(world.city, basemap, demo=settings.demo))

    @api.get(
        "/quantities",
        tags=["city"],
        summary="The known quantities",
        responses=describe_answer(dict[str, schemas.QuantityView], "Each quantity by its name.") | describe_errors(),
    )
    async def get_quantities() -> Response:
        """Types, units and titles of the values that assets report; there may be values that are not listed here."""
        return written_json(quantities)

    @api.get(
        "/assets",
        tags=["assets"],
        summary="All assets",
        responses=describe_answer(schemas.AssetCollection, "GeoJSON, one feature an asset.") | describe_errors(),
    )
    async def get_assets() -> Response:
        """Every registered asset with its last state, and those that spoke without being registered."""
        return written_json(assets_view(world, world.asset_ids()))

    @api.get(
        "/assets/{id:path}",
        tags=["assets"],
        summary="One asset",
        responses=describe_answer(schemas.AssetItem, "The asset with its place and latest values.")
        | describe_errors(e404="Nothing is known of such an asset.", e422="The id is too long."),
    )
    async def get_asset(id: AssetId) -> Response:  # noqa: A002 - the name in the path
        """An asset by its id, registered or not."""
        written = world.asset_json(id)
        if written is None:
            raise unknown(
                f"Nothing is known of an asset {id!r}.", "path: id", "the id of an asset, see GET /api/assets"
            )
        return written_json(written)

    @api.get(
        "/incidents",
        tags=["incidents"],
        summary="Find incidents",
        responses=describe_answer(schemas.IncidentList, "The incidents, the latest raised first.")
        | describe_errors(e422="A filter has a value that does not exist; the body names those that do."),
    )
    async def get_incidents(
        condition: Annotated[
            Condition | None, BLANK_IS_ALL, Query(description="Only those that hold, or only the others.")
        ] = None,
        work_state: Annotated[
            WorkState | None, BLANK_IS_ALL, Query(description="Only those where people are that far.")
        ] = None,
        severity: Annotated[Severity | None, BLANK_IS_ALL, Query(description="Only those this bad.")] = None,
        area: Annotated[
            str | None,
            Query(description="Only those in this area or an area within it.", max_length=64),
            BLANK_IS_ALL,
        ] = None,
        inhibited_by: Annotated[
            str | None,
            Query(description="Those for which this incident speaks, in place of those that stand by themselves."),
            BLANK_IS_ALL,
        ] = None,
    ) -> Response:
        """All open incidents, and those that were closed within the last hour, that fit every given filter.

        Those for which a larger incident speaks are found under that one only.
        """
        areas = None if area is None else world.areas_within(area)
        if area is not None and areas is None:
            raise Problem(
                422,
                "invalid",
                what=f"The city has no area {area!r}.",
                where="query: area",
                expected="the id of an area, see area_tree of GET /api/city",
            )
        found = world.find(
            condition=condition, work_state=work_state, severity=severity, areas=areas, under=inhibited_by
        )
        return written_json(b'{"incidents":' + array(found) + b',"total":' + str(len(found)).encode() + b"}")

    @api.get(
        "/incidents/{id}",
        tags=["incidents"],
        summary="One incident",
        responses=describe_answer(schemas.FullIncident, "The incident with evidence and timeline.")
        | describe_errors(e404="There is no such incident.", e422="The id is too long.", e503=_AWAY),
    )
    async def get_incident(id: IncidentId) -> Response:  # noqa: A002
        """An incident with its evidence and timeline; closed ones are found for 30 days."""
        incident = await incidents.get(id)
        if incident is None:
            raise UnknownIncident(id)
        return json_of(full_incident(incident))

    async def command(
        incident_id: str, what: store_incidents.Command, said: schemas.Command, key: str | None
    ) -> Response:
        incident: Incident = await incidents.command(
            incident_id, what, who=said.who, text=said.text, now=now(), idempotency_key=key
        )
        # Whoever asks next, by HTTP or on a screen, sees it: the log's word comes a moment later.
        if world.take_incident(incident):
            hub.incidents_changed()
        return json_of(full_incident(incident))

    done = describe_answer(schemas.FullIncident, "The incident as it now stands.") | _COMMAND_ERRORS

    @api.post("/incidents/{id}/acknowledge", tags=["commands"], summary="Take an incident", responses=done)
    async def acknowledge(
        id: IncidentId,  # noqa: A002
        said: schemas.Command,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Says that somebody has seen it and takes it: new → acknowledged, and it is theirs.

        Refused where another has it, or where it is resolved. Taking what is one's own changes nothing.
        """
        return await command(id, "acknowledge", said, idempotency_key)

    @api.post("/incidents/{id}/comment", tags=["commands"], summary="Comment on an incident", responses=done)
    async def comment(
        id: IncidentId,  # noqa: A002
        said: schemas.Comment,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Adds an operator's words to the timeline, whatever the incident's state."""
        return await command(id, "comment", said, idempotency_key)

    @api.post("/incidents/{id}/resolve", tags=["commands"], summary="Resolve an incident", responses=done)
    async def resolve(
        id: IncidentId,  # noqa: A002
        said: schemas.Command,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Says that the work is done. While the machine still finds it active, it stays among the open ones.

        Refused where it is resolved already.
        """
        return await command(id, "resolve", said, idempotency_key)

    return api


def full_incident(incident: Incident) -> dict[str, Any]:
    """Write an incident with all that is known of it, and the pictures that its evidence carries."""
    return incident_to_json(incident, full=True) | {"pictures": pictures_of(incident.evidence)}
