import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict, dataclass
from typing import Any

from ingest.domain.media_types import MediaType
from ingest.domain.parsed import Block, Page, ParsedDocument
from ingest.domain.refusals import (
    DocumentTooLarge,
    Unreadable,
    UnreadableDocument,
    UnsupportedMediaType,
)

_WORKER = "ingest.adapters.parsing_worker"
# JSON escapes a character to six bytes at most, and a block adds its brackets.
_ANSWER_BYTES_PER_CHARACTER = 16
# PDFium doesn't report that it gets no more memory: it aborts, or runs into a trap of its own.
_SIGNALS_OF_A_LIMIT = {
    -signal.SIGKILL,
    -signal.SIGXCPU,
    -signal.SIGABRT,
    -signal.SIGTRAP,
    -signal.SIGILL,
}


@dataclass(frozen=True)
class ParsingLimits:
    """What one document may cost."""

    memory_bytes: int = 1 << 30
    cpu_s: int = 20
    deadline_s: int = 30
    most_pages: int = 1_000
    most_characters: int = 1_000_000


class SubprocessParser:
    """Parses each document in a process of its own: confined, without secrets, soon ended."""

    def __init__(self, limits: ParsingLimits = ParsingLimits(), at_once: int = 2) -> None:
        self._limits = limits
        self._places = asyncio.Semaphore(at_once)

    async def parse(self, content: bytes) -> ParsedDocument:
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", "-m", _WORKER, json.dumps(asdict(self._limits))),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
            )
            try:
                answer = await asyncio.wait_for(
                    self._exchange(process, content), self._limits.deadline_s
                )
            except TimeoutError:
                raise UnreadableDocument(Unreadable.TOO_COSTLY) from None
            finally:
                await _end(process)
        return _understand(answer, process.returncode)

    async def _exchange(self, process: Process, content: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        feeding = asyncio.create_task(_feed(process.stdin, content))
        try:
            answer = await self._read_answer(process.stdout)
            await feeding
            await process.wait()
        finally:
            feeding.cancel()
        return answer

    async def _read_answer(self, stdout: asyncio.StreamReader) -> bytes:
        most = self._limits.most_characters
        answer = bytearray()
        while piece := await stdout.read(1 << 16):
            answer += piece
            if len(answer) > most * _ANSWER_BYTES_PER_CHARACTER:
                raise DocumentTooLarge(Unreadable.TOO_MUCH_TEXT, limit=most)
        return bytes(answer)


async def _feed(stdin: asyncio.StreamWriter, content: bytes) -> None:
    try:
        stdin.write(content)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        # The worker has ended before it read everything; its exit code says why.
        return


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _understand(answer: bytes, exit_code: int | None) -> ParsedDocument:
    if exit_code != 0:
        is_limit = exit_code in _SIGNALS_OF_A_LIMIT
        raise UnreadableDocument(Unreadable.TOO_COSTLY if is_limit else Unreadable.DAMAGED)
    found: dict[str, Any] = json.loads(answer)
    if "unsupported" in found:
        raise UnsupportedMediaType(found["unsupported"])
    if "too_large" in found:
        raise DocumentTooLarge(
            Unreadable(found["too_large"]), limit=found["limit"], found=found["found"]
        )
    if "unreadable" in found:
        raise UnreadableDocument(Unreadable(found["unreadable"]))
    return ParsedDocument(
        media_type=MediaType(found["media_type"]),
        pages=tuple(
            Page(page["number"], tuple(Block(text, level) for text, level in page["blocks"]))
            for page in found["pages"]
        ),
    )
