"""From chosen sentences to quotes: verbatim pieces of a passage, short enough to be shown."""

from collections.abc import Collection, Sequence
from itertools import pairwise

from chat.domain.sentences import Sentence, split_sentences
from chat.domain.words import content_stems

_WORDS_BEFORE = 8


def spans_of(sentences: Sequence[Sentence], passage: str, *, longest: int) -> list[tuple[int, int]]:
    """The places of these sentences in reading order.

    Neighbours in one paragraph share a place if that is short enough, and a sentence that leans
    on the one before brings it along.
    """
    before = {later.start: earlier for earlier, later in pairwise(split_sentences(passage))}
    spans: list[tuple[int, int]] = []
    for sentence in sorted(sentences, key=lambda each: each.start):
        start, end = sentence.start, sentence.end
        earlier = before.get(start)
        if spans and _can_share(passage, spans[-1], start, end, longest):
            spans[-1] = (spans[-1][0], end)
        elif (
            sentence.leans_on_the_one_before
            and earlier
            and not (spans and spans[-1][1] > earlier.start)
            and _can_share(passage, (earlier.start, earlier.end), start, end, longest)
        ):
            spans.append((earlier.start, end))
        else:
            spans.append((start, end))
    return spans


def clip(sentence: str, wanted: Collection[str], *, longest: int) -> str:
    """At most `longest` characters of it, cut between words, around the first word wanted."""
    if len(sentence) <= longest:
        return sentence
    words = sentence.split(" ")
    stems = ({*content_stems(word)} for word in words)
    first = next((place for place, found in enumerate(stems) if found & {*wanted}), 0)
    start = len(" ".join(words[: max(0, first - _WORDS_BEFORE)]))
    rest = sentence[start:].lstrip()
    if len(rest) <= longest:
        return rest
    return rest[: longest + 1].rsplit(" ", 1)[0][:longest]


def as_said(quote: str, sentence: str) -> str:
    """The quote on one line, with an ellipsis where the sentence begins before or goes on."""
    said = " ".join(quote.split())
    if not sentence.startswith(quote):
        said = f"… {said}"
    if not sentence.endswith(quote):
        return f"{said} …"
    return said if said.endswith((".", "!", "?", "…", '"', "”")) else f"{said}."


def _can_share(passage: str, span: tuple[int, int], start: int, end: int, longest: int) -> bool:
    gap = passage[span[1] : start]
    return not gap.strip(" ") and end - span[0] <= longest
