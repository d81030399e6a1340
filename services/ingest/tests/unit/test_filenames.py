import pytest

from ingest.domain.filenames import clean_filename


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("handbook.pdf", "handbook.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.md", "plan.md"),
        ('a"b\r\nX-Header: 1.txt', "a_b_X-Header_ 1.txt"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("Übersicht 2026.md", "Übersicht 2026.md"),
        ("...", "document"),
        ("/", "document"),
    ],
)
def test_a_file_name_keeps_its_words_and_loses_what_could_do_harm(given: str, cleaned: str) -> None:
    assert clean_filename(given) == cleaned


def test_a_long_file_name_keeps_its_ending() -> None:
    cleaned = clean_filename("a" * 500 + ".pdf")

    assert len(cleaned) == 200
    assert cleaned.endswith(".pdf")
