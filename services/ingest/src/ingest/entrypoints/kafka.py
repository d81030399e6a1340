from typing import Final

from contracts.ingest import RemoveDocument
from contracts.topics import INGEST_COMMANDS
from ingest.application.remove_document import remove_document
from messaging.work import Handlers

TOPICS: Final = (INGEST_COMMANDS,)

HANDLERS: Final[Handlers] = {RemoveDocument: remove_document}
