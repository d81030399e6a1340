from ingest.adapters.parsing_text import read_markdown, read_plain_text
from ingest.domain.parsed import Block


def blocks_of(markdown: str) -> list[Block]:
    (page,) = read_markdown(markdown)
    assert page.number is None
    return list(page.blocks)


def test_markdown_headings_of_both_kinds_have_their_level() -> None:
    text = "Handbook\n========\n\n## Fees ##\nDue in April.\n\nPaying\n------\nBy card."

    assert blocks_of(text) == [
        Block("Handbook", 1),
        Block("Fees", 2),
        Block("Due in April."),
        Block("Paying", 2),
        Block("By card."),
    ]


def test_wrapped_lines_are_joined_and_items_of_lists_are_not() -> None:
    text = "The boathouse\nis open.\n\n- green\n- red, for\n  racing"

    assert blocks_of(text) == [
        Block("The boathouse is open."),
        Block("- green\n- red, for racing"),
    ]


def test_a_row_of_a_table_names_its_columns() -> None:
    text = (
        "| Way | Cost | Time |\n|---|---|---|\n| Post | EUR 4.90 | 3 days |\n| Collect | free | |"
    )

    assert blocks_of(text) == [Block("Post: Cost EUR 4.90; Time 3 days\nCollect: Cost free")]


def test_marks_within_a_line_are_removed_and_their_words_kept() -> None:
    text = "Write to **the office** or see [the rules](https://club.example/rules). <!-- old -->"

    assert blocks_of(text) == [Block("Write to the office or see the rules.")]


def test_a_hash_in_code_is_no_heading() -> None:
    assert blocks_of("```\n# comment\nrun\n```") == [Block("# comment\nrun")]


def test_plain_text_keeps_short_lines_and_joins_wrapped_ones() -> None:
    text = "Opening hours\nfrom six\n\nA paragraph that was wrapped at its margin by\nan editor."

    (page,) = read_plain_text(text)

    assert [block.text for block in page.blocks] == [
        "Opening hours\nfrom six",
        "A paragraph that was wrapped at its margin by an editor.",
    ]
