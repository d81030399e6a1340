from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ingest.domain.chunking import ChunkSizes, chunk_document
from ingest.domain.chunks import Chunk
from ingest.domain.parsed import Block, Page
from ingest.domain.sentences import estimate_tokens

DOCUMENT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
TITLE = "Handbook"

words = st.text(alphabet="abcdé漢.,!-", min_size=1, max_size=90)
paragraphs = st.lists(words, min_size=1, max_size=120).map(" ".join)
blocks = st.one_of(
    st.builds(Block, paragraphs),
    st.builds(Block, st.lists(words, min_size=1, max_size=5).map(" ".join), st.integers(1, 3)),
)
pages = st.lists(st.lists(blocks, max_size=6), max_size=4).map(
    lambda found: [Page(number, tuple(page)) for number, page in enumerate(found, start=1)]
)


def test_a_section_becomes_a_chunk_that_knows_the_headings_above_it() -> None:
    page = Page(3, (Block("Boats", 1), Block("Booking", 2), Block("Seven days ahead. " * 20)))

    (chunk,) = chunk_document(DOCUMENT, TITLE, [page])

    assert chunk.heading_path == ("Boats", "Booking")
    assert chunk.page == 3
    assert chunk.text.startswith("Seven days ahead. Seven")
    assert chunk.searchable_text.startswith("Handbook\nBoats\nBooking\nSeven days")


def test_short_sections_share_a_chunk_and_keep_their_headings_in_its_text() -> None:
    page = Page(
        None,
        (
            Block("Fees", 1),
            Block("Adults", 2),
            Block("EUR 360."),
            Block("Juniors", 2),
            Block("EUR 150."),
        ),
    )

    (chunk,) = chunk_document(DOCUMENT, TITLE, [page])

    assert chunk.heading_path == ("Fees",)
    assert chunk.text == "Adults\n\nEUR 360.\n\nJuniors\n\nEUR 150."


def test_a_heading_also_stands_above_the_text_of_the_next_page() -> None:
    first = Page(1, (Block("Safety", 1), Block("Wear a life jacket.")))
    second = Page(2, (Block("Never row in fog."),))

    chunks = chunk_document(DOCUMENT, TITLE, [first, second])

    assert [(chunk.page, chunk.heading_path) for chunk in chunks] == [
        (1, ("Safety",)),
        (2, ("Safety",)),
    ]


def test_a_long_paragraph_is_cut_between_sentences_and_repeats_the_last_one() -> None:
    sentences = [f"Sentence number {number} says a little more." for number in range(60)]
    page = Page(1, (Block(" ".join(sentences)),))

    chunks = chunk_document(DOCUMENT, TITLE, [page])

    assert len(chunks) > 1
    for before, after in pairwise(chunks):
        assert after.text.partition(". ")[0] == before.text.rpartition(". ")[2].rstrip(".")


def test_the_same_document_gets_the_same_ids_again() -> None:
    page = Page(1, (Block("One. " * 900),))

    once, again = (chunk_document(DOCUMENT, TITLE, [page]) for _ in range(2))

    assert [chunk.id for chunk in once] == [chunk.id for chunk in again]
    assert len({chunk.id for chunk in once}) == len(once)


@given(pages)
def test_no_chunk_is_empty_or_larger_than_allowed(found: list[Page]) -> None:
    sizes = ChunkSizes(most_tokens=60, least_tokens=20, overlap_tokens=10)

    for chunk in chunk_document(DOCUMENT, TITLE, found, sizes):
        assert chunk.text.strip()
        assert estimate_tokens(chunk.text) <= max(60, _longest_heading_tokens(found))


@given(pages)
def test_every_word_of_a_document_is_in_a_chunk_of_its_page(found: list[Page]) -> None:
    chunks = chunk_document(DOCUMENT, TITLE, found, ChunkSizes(60, 20, overlap_tokens=0))

    for page in found:
        body = "".join(_letters(chunk.text) for chunk in chunks if chunk.page == page.number)
        for block in page.blocks:
            if block.heading_level is None:
                assert _letters(block.text) in body


@given(pages)
def test_every_heading_is_in_a_heading_path_or_in_a_text(found: list[Page]) -> None:
    chunks = chunk_document(DOCUMENT, TITLE, found, ChunkSizes(60, 20, 10))

    shown = [_letters(" ".join((*chunk.heading_path, chunk.text))) for chunk in chunks]
    for page in found:
        for block in page.blocks:
            if block.heading_level is not None:
                assert any(_letters(block.text) in text for text in shown)


@given(pages)
def test_chunks_are_numbered_in_reading_order(found: list[Page]) -> None:
    chunks: list[Chunk] = chunk_document(DOCUMENT, TITLE, found)

    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.page for chunk in chunks] == sorted(chunk.page or 0 for chunk in chunks)


def _letters(text: str) -> str:
    return "".join(text.split())


def _longest_heading_tokens(found: list[Page]) -> int:
    headings = [
        estimate_tokens(block.text)
        for page in found
        for block in page.blocks
        if block.heading_level is not None
    ]
    return max(headings, default=0)


def test_a_heading_as_long_as_a_book_is_text_and_not_repeated_by_every_chunk() -> None:
    page = Page(None, (Block("heading " * 2_000, 1), Block("word " * 2_000)))

    chunks = chunk_document(DOCUMENT, TITLE, [page])

    assert len(chunks) > 10
    assert max(len(chunk.searchable_text) for chunk in chunks) < 2_000
