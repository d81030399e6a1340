"""How products are found by words, alike in every store."""

from unicodedata import normalize

from catalog.domain.product import Product


def search_text(product: Product) -> str:
    """What is searched in: SKU, name and description, without case."""
    return _folded(f"{product.sku}\n{product.name}\n{product.description}")


def search_words(query: str) -> list[str]:
    """What must all occur in a product's search text, each as a part of it."""
    return _folded(query).split()


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()
