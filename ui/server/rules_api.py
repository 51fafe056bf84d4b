"""The HTTP interface to rules: what they are, what they would have done, why not, and which are in force."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Path, Response

from ioc.model.faults import Fault
from ioc.model.instant import DAY, MILLISECOND, Instant
from ui.server import rules_schemas as forms
from ui.server.answers import describe_answer, describe_errors, json_of
from ui.server.problems import Problem, unknown
from ui.server.rules_bench import Draft, NotPublishable, OtherVersion, RulesBench, UnknownRule, WhyQuestion
from ui.server.streaming import NDJSON, Lines

LONGEST_SPAN: Final = 100 * DAY
"""The longest time that a rule is tried on; the history keeps less by itself."""

SLOWEST_S: Final = 30.0
"""Seconds that anything but a trial over history may take."""

MOST_TRIALS: Final = 4
"""How many trials over history may be under way at once: each waits for the same two processors."""

RuleName = Annotated[str, Path(description="The rule's name.", max_length=64, examples=["air-hazard"])]

T = TypeVar("T")

_NO_BENCH: Final = "This server was started without the rules."
_SLOW: Final = "It took too long, or the store does not answer. Ask again."
_LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": forms.WhatIfLine,
        "description": "A line of JSON at a time: progress, then the result, or why there is none.",
        "content": {NDJSON: {}},
    }
}
_POST_ERRORS: Final[dict[str, str]] = {
    "e400": "The body cannot be read.",
    "e403": "It comes from a page of another origin.",
    "e413": "The body is larger than 64 KiB.",
    "e501": _NO_BENCH,
    "e503": _SLOW,
}


def router(*, bench: RulesBench | None) -> APIRouter:
    """Make the routes.

    Args:
        bench: answers; None where this server has none, and all routes answer 501.
    """
    api = APIRouter(prefix="/api/rules", tags=["rules"])
    trials = _Trials()

    async def ask(question: Callable[[RulesBench], Awaitable[T]]) -> T:
        given = _given(bench)
        try:
            async with asyncio.timeout(SLOWEST_S):
                return await question(given)
        except UnknownRule as error:
            raise unknown(
                f"There is no rule or version {str(error)[:64]!r}.", "path: name", "a rule that GET /api/rules lists"
            ) from error
        except NotPublishable as error:
            raise _not_publishable(error) from error
        except Fault as fault:
            raise _fault(fault) from fault
        except TimeoutError:
            raise Problem(
                503,
                "too_slow",
                what=f"The rules had no answer after {SLOWEST_S:.0f} s.",
                where="/api/rules",
                expected="ask again in a moment, or for a shorter time",
            ) from None

    @api.get(
        "",
        summary="The rules",
        responses=describe_answer(forms.RuleList, "Each rule with its state, and what history there is.")
        | describe_errors(e422="The rules or the history cannot be read.", e501=_NO_BENCH, e503=_SLOW),
    )
    async def get_rules() -> Response:
        """All rules in force, those that cannot be read, and the past that rules can be tried on."""
        return json_of(await ask(lambda given: given.rules()))

    @api.get(
        "/words",
        summary="What may stand in a rule",
        responses=describe_answer(forms.RuleWords, "For completion.")
        | describe_errors(e422="The rules cannot be read.", e501=_NO_BENCH, e503=_SLOW),
    )
    async def get_words() -> Response:
        """Kinds of rules and their keys, quantities, functions, columns, and the city's zones, sites and areas."""
        return json_of(await ask(lambda given: given.words()))

    @api.get(
        "/shadow/alerts",
        summary="Alerts of shadow rules",
        responses=describe_answer(forms.ShadowAlerts, "The latest, newest first.")
        | describe_errors(e422="The rules cannot be read.", e501=_NO_BENCH, e503=_SLOW),
    )
    async def get_shadow_alerts() -> Response:
        """What rules that run as shadows have raised lately; operators do not see it."""
        return json_of(await ask(lambda given: given.shadow_alerts()))

    @api.post(
        "/check",
        summary="Read a rule",
        responses=describe_answer(forms.Checked, "Its mistakes by line and column, or what was read.")
        | describe_errors(e422="The text is missing, or not plain text.", **_POST_ERRORS),
    )
    async def post_check(said: forms.RuleDraft) -> Response:
        """Reads a rule as the engine would, and says where its numbers stand; nothing is kept."""
        return json_of(await ask(lambda given: given.check(said.text)))

    @api.post(
        "/what-if",
        summary="Try a rule on the past",
        response_class=Response,
        responses=_LINES | describe_errors(e422="The text is missing, or the time makes no sense.", **_POST_ERRORS),
    )
    async def post_what_if(said: forms.WhatIfRequest) -> Response:
        """Runs a rule over history, beside the one of its name that is in force.

        Whoever closes the connection gives the work up. A rule with mistakes is answered with a `problem`.
        """
        given = _given(bench)
        since, until = said.since * MILLISECOND, said.until * MILLISECOND
        if until <= since or until - since > LONGEST_SPAN:
            raise Problem(
                422,
                "invalid",
                what="Rules are not tried on such a time.",
                where="body: until",
                expected=f"a time after since, and at most {LONGEST_SPAN // DAY} days after it",
            )
        trials.begin()
        return Lines(_tried(given, said.text, since, until), done=trials.finish)

    @api.post(
        "/why",
        summary="Why, or why not",
        responses=describe_answer(forms.WhyAnswer, "Each condition, and how near it came.")
        | describe_errors(
            e404="There is no such rule.",
            e422="Neither text nor name is given, or both, or half a place, or the rule cannot be read.",
            **_POST_ERRORS,
        ),
    )
    async def post_why(said: forms.WhyRequest) -> Response:
        """Says of one key, or of a place, and a time why a rule fired there, or what was missing for it.

        Without key or place, and where several keys are near, `near` says which can be asked for.
        """
        if (said.text is None) == (said.name is None):
            raise _wrong("name", "Which rule is meant is said twice, or not at all.", "either text or name")
        if (said.lat is None) != (said.lon is None):
            raise _wrong("lat", "Half a place is none.", "both lat and lon, or neither")
        question = WhyQuestion(said.text, said.name, said.key, said.lat, said.lon, said.at * MILLISECOND)
        return json_of(await ask(lambda given: given.why(question)))

    @api.post(
        "/publish",
        summary="Put a rule in force",
        responses=describe_answer(forms.Published, "The version that is in force now.")
        | describe_errors(e409="Another version was published meanwhile.", **_POST_ERRORS)
        | {422: {"model": forms.RuleErrorBody, "description": "A field is wrong, the rule cannot be read, or fails."}},
    )
    async def post_publish(said: forms.PublishRequest) -> Response:
        """Puts a rule in force within seconds, or lets it run as a shadow, seen by authors only.

        Refused where it cannot be read, where one of its own timelines fails, and where somebody else published
        another version than the `expected` one.
        """
        draft = Draft(said.text, said.author, said.note, said.shadow, said.expected)
        try:
            return json_of(await ask(lambda given: given.publish(draft)))
        except OtherVersion as error:
            who = "Somebody else" if error.author is None else error.author
            raise Problem(
                409,
                "other_version",
                what=f"{who} has published another version meanwhile.",
                where="body: expected",
                expected=f"the version in force: {error.version}",
            ) from error

    @api.get(
        "/{name}/versions",
        summary="The versions of a rule",
        responses=describe_answer(forms.RuleVersions, "Newest first.")
        | describe_errors(
            e404="There never was such a rule.", e422="The name is too long.", e501=_NO_BENCH, e503=_SLOW
        ),
    )
    async def get_versions(name: RuleName) -> Response:
        """Every version that is kept, who published it and why, and what it changed."""
        return json_of(await ask(lambda given: given.versions(name)))

    @api.post(
        "/{name}/restore",
        summary="Put an earlier version in force",
        responses=describe_answer(forms.Published, "The version that is in force now.")
        | describe_errors(e404="There is no such rule or version.", **_POST_ERRORS)
        | {422: {"model": forms.RuleErrorBody, "description": "A field is wrong, or the rule can no longer be read."}},
    )
    async def post_restore(name: RuleName, said: forms.RestoreRequest) -> Response:
        """Puts the text of an earlier version in force again; nothing that came between is lost."""
        return json_of(await ask(lambda given: given.restore(name, said.version, author=said.author, note=said.note)))

    @api.post(
        "/{name}/stop-shadow",
        summary="End a shadow",
        responses=describe_answer(forms.Published, "What stays in force; version null where nothing does.")
        | describe_errors(e404="No such rule runs as a shadow.", e422="A field is wrong.", **_POST_ERRORS),
    )
    async def post_stop_shadow(name: RuleName, said: forms.StopShadowRequest) -> Response:
        """Ends the version that runs beside the one in force; its alerts stay for authors to read."""
        return json_of(await ask(lambda given: given.stop_shadow(name, author=said.author)))

    @api.get(
        "/{name}",
        summary="One rule",
        responses=describe_answer(forms.RuleDetails, "The rule with its text and its timelines.")
        | describe_errors(e404="There is no such rule.", e422="The name is too long.", e501=_NO_BENCH, e503=_SLOW),
    )
    async def get_rule(name: RuleName) -> Response:
        """A rule as it is in force, or as it stands in its file where it cannot be read."""
        return json_of(await ask(lambda given: given.rule(name)))

    return api


async def _tried(bench: RulesBench, text: str, since: Instant, until: Instant) -> AsyncGenerator[dict[str, Any], None]:
    try:
        async with aclosing(bench.what_if(text, since, until)) as answers:
            async for answer in answers:
                yield answer
    except Fault as fault:
        yield {"problem": {"what": str(fault), "where": "what-if", "expected": "a rule and a history to read"}}


class _Trials:
    """How many trials over history are under way."""

    def __init__(self) -> None:
        self._running = 0

    def begin(self) -> None:
        """Count one more.

        Raises:
            Problem: there are too many.
        """
        if self._running >= MOST_TRIALS:
            raise Problem(
                503,
                "bench_full",
                what=f"{self._running} rules are being tried on the past already.",
                where="/api/rules/what-if",
                expected="ask again when one of them is done",
            )
        self._running += 1

    def finish(self) -> None:
        """Count one less."""
        self._running -= 1


def _given(bench: RulesBench | None) -> RulesBench:
    if bench is None:
        raise Problem(
            501,
            "no_bench",
            what="This server cannot answer about rules: it was started without them.",
            where="/api/rules",
            expected="a server that was started by ioc run or ioc demo, or the commands of ioc rules",
        )
    return bench


def _wrong(field: str, what: str, expected: str) -> Problem:
    return Problem(422, "invalid", what=what, where=f"body: {field}", expected=expected)


def _fault(fault: Fault) -> Problem:
    return Problem(422, "rules", what=str(fault), where="rules", expected="rules and a history that can be read")


def _not_publishable(error: NotPublishable) -> Problem:
    if error.mistakes:
        first = error.mistakes[0]
        return Problem(
            422,
            "mistakes",
            what=str(first.get("sentence", "The rule cannot be read.")),
            where=f"body: text, line {first.get('line')}",
            expected="a rule as docs/rules.md describes it",
            more={"mistakes": error.mistakes},
        )
    failed = ", ".join(str(timeline.get("name")) for timeline in error.timelines)
    return Problem(
        422,
        "timelines",
        what=f"The rule fails its own timelines: {failed}.",
        where="body: text",
        expected="a rule that does what its timelines say, or timelines that say what it now does",
        more={"timelines": error.timelines},
    )
