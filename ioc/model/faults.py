"""Faults that a person must mend: one sentence that says what, where, what was expected and what to do."""


class Fault(Exception):
    """Something that only a person can mend; its text is shown as it is, without a traceback.

    Attributes:
        wrong_use: the command was called wrongly (exit 2), rather than something being found (exit 1).
    """

    def __init__(self, sentence: str, *, wrong_use: bool = True) -> None:
        """Take the sentence for the person."""
        super().__init__(sentence)
        self.wrong_use = wrong_use
