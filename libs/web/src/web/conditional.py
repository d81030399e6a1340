"""Strong ETags from versions (RFC 9110): If-None-Match on reads, If-Match on writes."""

import re
from typing import Annotated, Final

from fastapi import Header, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from contracts.contract import VersionedView
from web.problems import BAD_HEADER, PRECONDITION_REQUIRED, ProblemError

_ETAG: Final = re.compile(r'"v(\d{1,18})"')


def etag(version: int) -> str:
    """`"v7"` for version 7."""
    return f'"v{version}"'


def versioned(view: VersionedView, request: Request) -> Response:
    """The view with its ETag, or 304 when the client has that version already."""
    tag = etag(view.version)
    given = request.headers.get("if-none-match", "")
    if given and tag in [part.strip() for part in given.split(",")]:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(jsonable_encoder(view), headers={"ETag": tag})


async def expected_version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version in If-Match: 428 without one, 400 for what was never an ETag of ours."""
    if if_match is None:
        raise ProblemError(PRECONDITION_REQUIRED.problem("send the ETag that you have read"))
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise ProblemError(BAD_HEADER.problem('If-Match is not an ETag of ours, like "v7"'))
    return int(match[1])
