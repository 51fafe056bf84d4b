"""Why an alert that a timeline expects did not come: the nearest miss, for whoever reads the difference."""

from ioc.model.quantities import Catalogue
from rules.bench.explaining import Asked, explain
from rules.book import RuleBook
from rules.expressions import Scope
from rules.timelines import Verdict


def hints(verdict: Verdict, book: RuleBook, scope: Scope, catalogue: Catalogue) -> list[str]:
    """Say for each missing alert which of its conditions did not hold; nothing where that cannot be told."""
    timeline = verdict.timeline
    rules = {rule.name: rule for rule in book.rules}
    found = []
    for wanted in verdict.missing:
        asked = Asked(rules[wanted.rule], timeline.start + wanted.raised[1], wanted.key)
        why = explain(asked, [timeline.events], in_force=book, scope=scope, catalogue=catalogue, registry={})
        wrong = [one for one in why.conditions if one.holds is not True]
        found += [f"{wanted.rule} for {wanted.key}: {one.text}: {one.sentence['en']}" for one in wrong]
    return found
