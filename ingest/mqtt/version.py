"""Which version of MQTT is spoken with a broker that may not speak the newest."""

from enum import Enum, auto

from ingest.mqtt.line import LineLost, OldProtocol


class Guess(Enum):
    """What is thought of the broker, and so what the next connection is for."""

    NEW = auto()  # it speaks MQTT 5
    PERHAPS_OLD = auto()  # it hung up on MQTT 5 without a word: an old one does, and one that is being restarted
    ALIVE = auto()  # it has let us in on 3.1.1 after that, so it is not being restarted
    ONCE_MORE = auto()  # it is asked for MQTT 5 once more
    OLD = auto()  # it speaks 3.1.1 only, until that connection is lost: then it may be another one


class Version:
    """Follows what connections say of the broker, so that nobody stays on the slower version by mistake."""

    def __init__(self) -> None:
        """Think well of the broker."""
        self._guess = Guess.NEW

    @property
    def is_old(self) -> bool:
        """Whether the next connection, or the present one, speaks 3.1.1."""
        return self._guess in (Guess.PERHAPS_OLD, Guess.ALIVE, Guess.OLD)

    @property
    def is_known(self) -> bool:
        """Whether there is no reason to wait with the next connection."""
        return self._guess in (Guess.ONCE_MORE, Guess.OLD)

    def let_in(self) -> bool:
        """Note that the present connection is open; say whether it is worth keeping."""
        if self._guess is Guess.PERHAPS_OLD:
            self._guess = Guess.ALIVE
        return self._guess is not Guess.ALIVE

    def lost(self, how: LineLost) -> None:
        """Note how the present connection ended."""
        if self._guess is Guess.ALIVE:
            self._guess = Guess.ONCE_MORE
        elif not isinstance(how, OldProtocol):
            self._guess = Guess.NEW
        elif how.certain or self._guess is Guess.ONCE_MORE:
            self._guess = Guess.OLD
        else:
            self._guess = Guess.PERHAPS_OLD
