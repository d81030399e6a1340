import pytest
from services.catalog.tests.unit.conftest import MakeProduct

from catalog.domain.search import search_text, search_words


@pytest.mark.parametrize("query", ["mug", "MUG-7", "blue  Éclair", "straße", "STRASSE", ""])
def test_a_product_is_found_by_the_words_of_its_sku_name_and_description(
    make_product: MakeProduct, query: str
) -> None:
    product = make_product(sku="MUG-7", name="Blue éclair", description="From the Straße")
    assert all(word in search_text(product) for word in search_words(query))


@pytest.mark.parametrize("query", ["mug green", "mug%", "eclair"])
def test_every_word_counts_and_none_is_a_pattern(make_product: MakeProduct, query: str) -> None:
    product = make_product(sku="MUG-7", name="Blue éclair")
    assert not all(word in search_text(product) for word in search_words(query))
