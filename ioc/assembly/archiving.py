"""The history beside the rules: one process, since a further one would cost more memory than the archiver needs."""

from typing import Any

from ioc.assembly.handover import Handover


def for_rules(handover: Handover) -> dict[str, Any]:
    """Give the rules the past, and whoever writes it; nothing where none is kept."""
    settings = handover.history_settings()
    if settings is None or settings.folder is None:
        return {}
    from ioc.store.history import History  # noqa: PLC0415 - only where one is kept
    from ioc.store.history.archiver import Archiver  # noqa: PLC0415

    return {"history": History(settings.folder), "archiver": Archiver(settings.folder, settings)}
