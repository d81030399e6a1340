"""What ingest's refusals are called outside."""

from typing import Final

from contracts.problems import Problem, ProblemTable, ProblemType, problem_of
from ingest.domain import refusals
from storage.pages import BadCursor

PROBLEMS: Final[ProblemTable] = {
    refusals.DocumentNotFound: ProblemType("document-not-found", 404, "No such document"),
    refusals.AlreadyExists: ProblemType("already-exists", 409, "It exists already"),
    refusals.DuplicateDocument: ProblemType(
        "duplicate-document", 409, "A document has this content already"
    ),
    refusals.UploadMissing: ProblemType("upload-missing", 409, "The content is not here"),
    refusals.StaleDocument: ProblemType(
        "stale-version", 412, "Somebody else has changed this meanwhile"
    ),
    refusals.FileTooLarge: ProblemType("content-too-large", 413, "The file is too large"),
    refusals.DocumentTooLarge: ProblemType("content-too-large", 413, "The document is too large"),
    refusals.UnsupportedMediaType: ProblemType(
        "unsupported-media-type", 415, "This kind of file isn't taken"
    ),
    refusals.UnreadableDocument: ProblemType(
        "unreadable-document", 422, "The document can't be read"
    ),
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}


def problem_for(refusal: refusals.Refusal) -> Problem:
    problem = problem_of(refusal, PROBLEMS)
    assert problem, "every refusal is in the table"
    return problem
