from contracts.ingest import DocumentView, Passage
from ingest.application.ports import IndexHit
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document


def document_view(document: Document) -> DocumentView:
    return DocumentView(
        id=document.id,
        version=document.version,
        created_at=document.created_at,
        title=document.title,
        filename=document.filename,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        content_hash=document.content_hash,
        status=document.status.value,
        page_count=document.page_count,
        chunk_count=document.chunk_count,
        embedding_model=document.embedding_model,
        error=document.error,
    )


def passage_view(chunk: Chunk, hit: IndexHit) -> Passage:
    return Passage(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        title=chunk.title,
        heading=" > ".join(chunk.heading_path),
        page=chunk.page,
        text=chunk.text,
        score=hit.score,
        similarity=hit.similarity,
        term_overlap=hit.term_overlap,
    )
