"""What keeps an alert that holds from operators: a larger incident that speaks for it."""

from collections.abc import Mapping, Sequence

from ioc.model.incidents import Incident
from rules.bench.explaining.findings import Finding
from rules.bench.explaining.words import say


def standing_of(incidents: Sequence[Incident], rule: str, key: str | None) -> tuple[Finding, ...]:
    """Say of the incidents of a rule and a key which others speak for them.

    Args:
        incidents: those that hold, of all rules.
        rule: the rule's name.
        key: None: nothing can be said.
    """
    known: Mapping[str, Incident] = {incident.id: incident for incident in incidents}
    found = []
    for incident in incidents:
        if incident.rule == rule and incident.key == key and incident.inhibited_by is not None:
            larger = known.get(incident.inhibited_by)
            name = incident.inhibited_by if larger is None else f"{larger.rule} ({larger.key})"
            sentence = say(
                "đang được gộp vào vụ việc lớn hơn: {name}", "inhibited by the larger incident {name}", name=name
            )
            found.append(Finding("inhibited", False, sentence))
    return tuple(found)
