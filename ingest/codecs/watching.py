"""Watching: codecs compiled so that each step of a decoding can be looked at, taken by the very code that decodes.

Where codecs are compiled inside `watching()`, what the decorators here stand before gives functions that note what
they were asked and what they found, while a `recording()` is on. Compiled outside of it, they are left as they are: it
costs a decoding nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Final, TypeVar

from ioc.runtime.marked_yaml import YamlNode

MAX_STEPS: Final = 4_000
"""Steps of one decoding that are noted; a message of thousands of events is not looked at to its end."""

Compile = TypeVar("Compile", bound=Callable[..., Any])


@dataclass(slots=True)
class Step:
    """One thing that was done.

    Attributes:
        what: `payload`, `when`, `condition`, `code`, `each`, `item`, `field`, `path` or `rest`.
        node: where it is said in the codec; None where a codec says nothing and the usual is done.
        said: what was asked, in words; empty where the node says it all.
        found: what it gave; for an item, its key or number.
        error: why it could not be done.
        inner: what was done for it.
    """

    what: str
    node: YamlNode | None
    said: str = ""
    found: Any = None
    error: str | None = None
    inner: list["Step"] = field(default_factory=list)


@dataclass(slots=True)
class Book:
    """What was compiled while somebody was watching.

    Attributes:
        claims: every message's claims on topics, each with the message's place in its codec.
    """

    claims: list[tuple[Any, YamlNode]] = field(default_factory=list)


@dataclass(slots=True)
class Recording:
    """The steps of one decoding, in their order."""

    steps: list[Step] = field(default_factory=list)
    missing: int = 0
    _open: list[Step] = field(default_factory=list)
    _count: int = 0

    def note(self, what: str, node: YamlNode | None, found: Any = None, said: str = "") -> Step:
        """Add a step to what is being done."""
        step = Step(what, node, said, found)
        self._count += 1
        if self._count > MAX_STEPS:
            self.missing += 1
        else:
            (self._open[-1].inner if self._open else self.steps).append(step)
        return step

    @contextmanager
    def doing(self, what: str, node: YamlNode | None, said: str) -> Iterator[Step]:
        """Add a step, and within it what is done for it."""
        step = self.note(what, node, said=said)
        self._open.append(step)
        try:
            yield step
        except ValueError as error:
            step.error = str(error)
            raise
        finally:
            self._open.pop()


_BOOK: ContextVar[Book | None] = ContextVar("what is compiled to be watched", default=None)
_RECORDING: ContextVar[Recording | None] = ContextVar("what is being decoded", default=None)


@contextmanager
def watching() -> Iterator[Book]:
    """Let what is compiled in this block be watched later."""
    book = Book()
    token = _BOOK.set(book)
    try:
        yield book
    finally:
        _BOOK.reset(token)


@contextmanager
def recording() -> Iterator[Recording]:
    """Note what watched codecs do in this block."""
    record = Recording()
    token = _RECORDING.set(record)
    try:
        yield record
    finally:
        _RECORDING.reset(token)


def is_watching() -> bool:
    """Whether what is compiled now is to be watched: short cuts that would go around the decorators must not be."""
    return _BOOK.get() is not None


def watched(what: str) -> Callable[[Compile], Compile]:
    """Stand before a function that compiles a node to a closure, or to a description and a closure."""

    def decorate(compile_node: Compile) -> Compile:
        @wraps(compile_node)
        def compile_watched(node: Any, *arguments: Any, **named: Any) -> Any:
            made = compile_node(node, *arguments, **named)
            if _BOOK.get() is None:
                return made
            if isinstance(made, tuple):
                said, do = made
                return said, _watch(what, node, said, do)
            return _watch(what, node, "", made)

        return compile_watched  # type: ignore[return-value]

    return decorate


def watched_message(compile_node: Compile) -> Compile:
    """Stand before the function that compiles a message to its claims on topics."""

    @wraps(compile_node)
    def compile_watched(node: Any, *arguments: Any, **named: Any) -> Any:
        claims = compile_node(node, *arguments, **named)
        book = _BOOK.get()
        if book is not None:
            claims = [_watch_code(claim, node) for claim in claims]
            book.claims += [(claim, node) for claim in claims]
        return claims

    return compile_watched  # type: ignore[return-value]


def _watch(what: str, node: YamlNode | None, said: str, do: Callable[..., Any]) -> Callable[..., Any]:
    if what == "each":
        return _watch_items(node, do)

    def watched_do(*arguments: Any) -> Any:
        record = _RECORDING.get()
        if record is None:
            return do(*arguments)
        with record.doing(what, node, said) as step:
            before = dict(arguments[2]) if what == "rest" else {}
            step.found = do(*arguments)
            if what == "rest":
                # It adds to the values, which stand third, and gives nothing.
                step.found = {name: value for name, value in arguments[2].items() if name not in before}
                return None
            return step.found

    return watched_do


def _watch_code(claim: Any, node: YamlNode) -> Any:
    code = claim.target.code
    if code is None:
        return claim
    return replace(claim, target=replace(claim.target, code=_watch("code", node, "", code)))


def _watch_items(node: YamlNode | None, fan_out: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def watched_fan_out(item: Any, frame: Any) -> Iterator[Any]:
        record = _RECORDING.get()
        if record is None:
            yield from fan_out(item, frame)
            return
        step = record.note("each", node, 0)
        for part, part_frame in fan_out(item, frame):
            step.found += 1
            record.note("item", node, part_frame.key)
            yield part, part_frame

    return watched_fan_out
