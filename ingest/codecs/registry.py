"""The library of codecs: those that ship, those of the user, and the one way to read a message with them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ingest.codecs.changes import Pseudonymiser
from ingest.codecs.fields import Scope
from ingest.codecs.memory import Memory
from ingest.codecs.messages import Message, compile_message
from ingest.codecs.readings import Outcome
from ingest.codecs.topics import Captures, Claim, TopicIndex
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import YamlNode, read_marked, read_marked_file, yaml_files
from ioc.store.catalogue import load_catalogue

SHIPPED: Final = Path(__file__).with_name("library")
"""The codecs that come with the program."""

_KEYS: Final = ("codec", "title", "about", "kind", "messages")

RETAINED: Final = "the broker had kept it from before, and such messages of this sort are old news"
NOT_RETAINED: Final = "messages of this sort count only where the broker had kept them from before"


class Codecs:
    """All codecs, ready to read.

    Attributes:
        names: the codecs' names.
        memory: what their readers in code remember; pass it on to the codecs that take the place of these.
    """

    def __init__(self, claims: Iterable[Claim[Message]], names: Iterable[str], memory: Memory | None = None) -> None:
        """Take every message's claims on topics, the codecs' names, and what their readers remember."""
        self.memory = Memory() if memory is None else memory
        self.names = tuple(names)
        self._index = TopicIndex(claims)
        self._known_topics = self._index.remembered

    def reads_alone(self, topic: str) -> tuple[Message, Captures] | None:
        """Give the message in code that everything on a topic is which is not retained; None where it depends."""
        for message, captures in self._index.find(topic):
            if message.retained is not True:
                alone = message.code is not None and message.holds is None and message.start is None
                return (message, captures) if alone else None
        return None

    def candidates(self, topic: str) -> Sequence[tuple[Message, Captures]]:
        """Give the messages that a topic may carry, in the order in which they are tried, with their captures."""
        return self._index.find(topic)

    def decode(self, topic: str, payload: bytes, arrival: Instant = 0, *, retained: bool = False) -> Outcome:
        """Read a message with the first codec whose topic and shape it meets; never raises.

        Args:
            topic: where it came.
            payload: what came.
            arrival: when it arrived.
            retained: whether the broker had kept it from before.
        """
        reads: str | None = None
        read_before: dict[str, tuple[Any, str | None]] = {}
        value: Any = None
        failed: str | None = None
        problems: list[str] = []
        tried: list[tuple[Message, str | None]] = []
        found = self._known_topics.get(topic) or self._index.find(topic)
        for message, captures in found:
            if message.special:
                if message.retained is not None and message.retained is not retained:
                    continue
                if message.holds is None and message.ignore is not None:
                    return Outcome(message.codec, ignored=message.ignore)
                if message.holds is None and message.refuse is not None:
                    if message is _claimed(found):
                        return Outcome(message.codec, refused=message.refuse)
                    # Somebody before it claimed the topic, and could say more precisely what is wrong.
                    break
            if message.reads != reads:
                before = None
                if reads is not None:
                    # An unknown topic is tried with many codecs, of which some read alike, but not one after another.
                    read_before[reads] = value, failed
                    before = read_before.get(message.reads)
                reads = message.reads
                if before is not None:
                    value, failed = before
                else:
                    try:
                        value, failed = message.decode(payload), None
                    except ValueError as error:
                        value, failed = None, str(error)
            if failed is not None:
                tried.append((message, failed))
                continue
            try:
                readings = message.read(value, captures, problems, arrival)
            except ValueError as error:
                return Outcome(message.codec, [], problems, None, str(error), *_hidden(found))
            if readings is None:
                tried.append((message, None))
                problems.clear()
            elif message.ignore is not None:
                return Outcome(message.codec, ignored=message.ignore)
            elif problems:
                return Outcome(message.codec, readings, problems, None, None, *_hidden(found))
            elif readings:
                return Outcome(message.codec, readings, problems)
            else:
                return Outcome(message.codec, ignored="nothing in it is a value that is kept")
        return _unread(found, tried, retained=retained, empty=not payload)


def _unread(
    found: Sequence[tuple[Message, Captures]],
    tried: Iterable[tuple[Message, str | None]],
    *,
    retained: bool,
    empty: bool,
) -> Outcome:
    """Say why none of the messages that a topic may carry was this one."""
    claimed = _claimed(found)
    if claimed is None:
        return Outcome(None, refused="no codec for this topic")
    if empty:
        return Outcome(claimed.codec, ignored="an empty payload takes a retained message away")
    reasons = {
        failed or f"a message {message.name!r} is one where {message.wants}": None
        for message, failed in tried
        if not message.anywhere
    }
    passed_over = [message for message, _ in found if message.retained is not None and message.retained is not retained]
    if passed_over and not reasons:
        return Outcome(passed_over[-1].codec, ignored=RETAINED if retained else NOT_RETAINED)
    return Outcome(claimed.codec, [], [], None, "; ".join(reasons), *_hidden(found))


def _claimed(found: Iterable[tuple[Message, Captures]]) -> Message | None:
    """Give the first message whose own topic it is."""
    return next((message for message, _ in found if not message.anywhere), None)


def _hidden(found: Sequence[tuple[Message, Captures]]) -> tuple[bool, str | None]:
    """Say what nobody must see of a message: its payload, and what in the topic is a key."""
    secret = next((captures["secret"] for _, captures in found if "secret" in captures), None)
    return any(message.private for message, _ in found), secret


def load_codecs(
    shipped: Path | None = SHIPPED,
    user_dir: Path | None = None,
    *,
    catalogue: Catalogue | None = None,
    pseudonyms: Pseudonymiser | None = None,
    memory: Memory | None = None,
) -> Codecs:
    """Read and compile all codecs; the user's come before those that ship where priorities are equal.

    Args:
        shipped: folder of the shipped codecs; None for none.
        user_dir: folder of the user's own; None for none.
        catalogue: the known quantities, whose units values are brought to; None for the shipped ones.
        pseudonyms: stands in for the addresses of people's devices; None: they are dropped.
        memory: what readers in code remember from the codecs whose place these take; None to begin with nothing.

    Raises:
        Misplaced: a mistake in a codec, with file, line and column.
        Fault: the user's folder is not there.
    """
    known = catalogue if catalogue is not None else load_catalogue()
    if user_dir is not None and not user_dir.is_dir():
        raise Fault(f"the folder of codecs {user_dir} is not there; create it, or change codecs_dir")
    memory = Memory() if memory is None else memory
    claims: list[Claim[Message]] = []
    names: dict[str, str] = {}
    for folder in (user_dir, shipped):
        for path in yaml_files(folder) if folder is not None else ():
            document = read_marked_file(path)
            if document is None:
                continue
            name_node = document.mapping(_KEYS, required=("codec", "messages"))["codec"]
            name = name_node.text()
            if name in names and folder is user_dir:
                raise name_node.wrong(f"the codec {name!r} stands in {names[name]} already")
            if name in names:
                # A user's codec of the same name replaces the shipped one.
                continue
            claims += compile_codec(document, len(names), known, pseudonyms, memory)
            names[name] = str(path)
    return Codecs(claims, names, memory)


def codecs_from_text(
    text: str,
    *,
    source: str = "codec.yaml",
    catalogue: Catalogue | None = None,
    pseudonyms: Pseudonymiser | None = None,
) -> Codecs:
    """Compile one codec from its text, for tests and for trying things out.

    Raises:
        Misplaced: a mistake in it, with line and column.
    """
    document = read_marked(text, source)
    if document is None:
        raise Fault(f"{source} is empty")
    known = catalogue if catalogue is not None else load_catalogue()
    memory = Memory()
    return Codecs(compile_codec(document, 0, known, pseudonyms, memory), [document.mapping()["codec"].text()], memory)


def compile_codec(
    document: YamlNode,
    rank: int,
    catalogue: Catalogue,
    pseudonyms: Pseudonymiser | None = None,
    memory: Memory | None = None,
) -> Iterator[Claim[Message]]:
    """Compile one codec's document to claims on topics."""
    nodes = document.mapping(_KEYS, required=("codec", "messages"))
    messages = nodes["messages"].sequence()
    if not messages:
        raise nodes["messages"].wrong("at least one message is needed")
    codec = nodes["codec"].text()
    scope = Scope(catalogue, pseudonyms, memory=Memory() if memory is None else memory)
    for number, message in enumerate(messages):
        yield from compile_message(message, codec, nodes.get("kind"), (rank, number), scope)
