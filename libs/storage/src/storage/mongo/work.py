"""The unit of work of a MongoDB store."""

from messaging.work import Postbox
from storage.mongo.documents import Documents
from storage.work import PostingWork


class MongoWork(PostingWork):
    """On a MongoDB store; a service's own work adds its repositories on `documents`."""

    def __init__(self, documents: Documents, postbox: Postbox) -> None:
        super().__init__(postbox)
        self.documents = documents
