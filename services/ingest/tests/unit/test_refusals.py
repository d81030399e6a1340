import pytest

from ingest.domain.refusals import (
    DocumentTooLarge,
    FileTooLarge,
    UnfitDocument,
    Unreadable,
    UnreadableDocument,
    UnsupportedMediaType,
)
from ingest.entrypoints.problems import problem_for


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (Unreadable.DAMAGED, "The file is damaged: it can't be read as a PDF."),
        (Unreadable.NO_TEXT, "The document holds no text (is it scanned?)."),
        (Unreadable.ENCRYPTED, "The file is protected by a password: upload one without."),
    ],
)
def test_an_unreadable_document_is_refused_in_a_sentence_and_by_a_reason(
    reason: Unreadable, detail: str
) -> None:
    problem = problem_for(UnreadableDocument(reason))

    assert problem.detail == detail
    assert problem.model_dump()["reason"] == reason.value


@pytest.mark.parametrize("reason", Unreadable)
def test_every_reason_has_a_sentence(reason: Unreadable) -> None:
    problem = problem_for(refusal_for(reason))

    assert problem.detail is not None
    assert problem.detail.endswith(".")
    assert problem.model_dump()["reason"] == reason.value


def refusal_for(reason: Unreadable) -> UnfitDocument:
    match reason:
        case Unreadable.UNSUPPORTED:
            return UnsupportedMediaType("image/png")
        case Unreadable.TOO_MANY_PAGES | Unreadable.TOO_MUCH_TEXT | Unreadable.TOO_MANY_PASSAGES:
            return DocumentTooLarge(reason, limit=9, found=10)
    return UnreadableDocument(reason)


def test_what_was_not_counted_to_its_end_is_more_than_the_limit() -> None:
    refusal = DocumentTooLarge(Unreadable.TOO_MUCH_TEXT, limit=1_000_000)

    assert str(refusal) == (
        "The document is too large: it has more than 1,000,000 characters of text, and 1,000,000 "
        "are the most that is taken. Split it into several."
    )


def test_a_file_of_too_many_bytes_is_refused_with_the_limit() -> None:
    problem = problem_for(FileTooLarge(limit_bytes=26_214_400))

    assert problem.detail == "The file is too large: 26,214,400 bytes are the most that is taken."
    assert problem.model_dump()["limit_bytes"] == 26_214_400
