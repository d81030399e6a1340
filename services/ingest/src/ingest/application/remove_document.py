from contracts.ingest import DocumentRemoved, RemoveDocument
from ingest.application.ports import IngestWork


async def remove_document(command: RemoveDocument, work: IngestWork) -> None:
    document = await work.documents.get(command.document_id)
    document.require_version(command.expected_version)
    await work.documents.remove(document.id)
    work.announce(DocumentRemoved(document_id=document.id), version=document.version + 1)
