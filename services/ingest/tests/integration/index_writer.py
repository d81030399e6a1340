"""Puts one document after another into an index, and says so, until it is killed."""

import asyncio
import itertools
import sys
from pathlib import Path
from uuid import UUID

import numpy as np

from ingest.adapters.qdrant_edge_index import QdrantEdgeIndex
from ingest.domain.chunking import chunk_document
from ingest.domain.parsed import Block, Page


async def main() -> None:
    index = QdrantEdgeIndex(Path(sys.argv[1]), embedding_model="test")
    for number in itertools.count(1):
        pages = [Page(page, (Block(f"passage {page} of {number}"),)) for page in (1, 2, 3)]
        chunks = chunk_document(UUID(int=number), "A document", pages)
        vectors = np.random.default_rng(number).normal(size=(3, 384)).astype(np.float32)
        await index.put(UUID(int=number), chunks, vectors)
        print(number, flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    asyncio.run(main())
