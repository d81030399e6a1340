"""Application factory, problem details, token check, ETag, pages and health."""
