"""Cutting text into pieces of a bounded size, at the least harmful places."""

import re
from collections.abc import Iterator

# A sentence ends at its mark, if something follows that can begin another.
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9À-ÞА-Я])")  # noqa: RUF001
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|No|Nos|Mr|Mrs|Ms|Dr|St|vs|approx|p|pp)\.\s*$"
)
_BYTES_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """Roughly the word pieces of a text. Bytes, so that scripts without spaces count as well."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def split_sentences(text: str) -> list[str]:
    """The sentences of one paragraph; lines of a list or table stand for themselves."""
    return [sentence for line in text.split("\n") for sentence in _sentences_of(line) if sentence]


def _sentences_of(line: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(line):
        if _ABBREVIATION.search(line[start : end.end()]):
            continue
        yield line[start : end.end()].strip()
        start = end.end()
    yield line[start:].strip()


def split_long(sentence: str, most_tokens: int) -> Iterator[str]:
    """Pieces of at most `most_tokens`; only a word longer than that is cut inside."""
    piece = ""
    for word in sentence.split():
        for part in _parts_of(word, most_tokens):
            joined = f"{piece} {part}" if piece else part
            if piece and estimate_tokens(joined) > most_tokens:
                yield piece
                joined = part
            piece = joined
    if piece:
        yield piece


def _parts_of(word: str, most_tokens: int) -> Iterator[str]:
    # The longest character of UTF-8 has four bytes: this many characters always fit.
    if estimate_tokens(word) <= most_tokens:
        yield word
        return
    for start in range(0, len(word), most_tokens):
        yield word[start : start + most_tokens]
