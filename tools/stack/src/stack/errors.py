class StackError(Exception):
    """Something the operator can act on, said in one or a few clear sentences."""


class ServerMissing(StackError):
    """This machine can't run one of the servers; `why` is half a sentence."""

    def __init__(self, server: str, why: str) -> None:
        super().__init__(f"Nothing was started, because {server} can't be had: {why}.")
        self.server = server
        self.why = why
