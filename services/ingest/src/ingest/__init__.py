"""Documents, chunks, vectors and search."""
