"""Answers in the documents' own sentences: no key, no network, nothing made up."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chat.application.ports import Statement
from chat.application.stages.judge import strength
from chat.application.thresholds import LONGEST_QUOTE, MOST_STATEMENTS
from chat.domain.days import days_named
from chat.domain.expectation import expected_in
from chat.domain.quotes import as_said, clip, spans_of
from chat.domain.sentences import Sentence, split_sentences
from chat.domain.words import content_stems
from contracts.ingest import Passage

# What a sentence earns beside the words it shares with the question, which earn up to 1.
_HEADING_SHARE: Final = 0.5
_NEIGHBOUR_SHARE: Final = 0.25
_EXPECTED_FACT: Final = 0.3
_SAME_DAY: Final = 0.3
_BETTER_PASSAGE: Final = 0.7
_LATER_SENTENCE: Final = 0.01

_WORTH_ADDING: Final = 0.85
"""A sentence is added if it earns this share of what the best one earns, with the next two."""

_NEXT_TO_THE_BEST: Final = 0.2
_FROM_ELSEWHERE: Final = -0.2


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    passage: Passage
    position: int
    sentence: Sentence
    own: frozenset[str]
    heading: frozenset[str]
    neighbours: frozenset[str]


class ExtractiveModel:
    """Picks the one to three sentences that answer best, and quotes them."""

    name = "extractive"

    async def answer(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        candidates = [each for passage in passages for each in _candidates(passage)]
        scores = _scores(question, candidates)
        for passage, sentences in _chosen(candidates, scores):
            for start, end in spans_of(sentences, passage.text, longest=LONGEST_QUOTE):
                whole = passage.text[start:end]
                quote = clip(whole, content_stems(question), longest=LONGEST_QUOTE)
                yield Statement(text=as_said(quote, whole), passage=passage, quote=quote)


def _candidates(passage: Passage) -> Iterator[_Candidate]:
    sentences = split_sentences(passage.text)
    words = [frozenset(content_stems(sentence.text)) for sentence in sentences]
    above = content_stems(f"{passage.title} {passage.heading}")
    for position, sentence in enumerate(sentences):
        around = [*words[max(0, position - 1) : position], *words[position + 1 : position + 2]]
        yield _Candidate(
            passage=passage,
            position=position,
            sentence=sentence,
            own=words[position],
            heading=frozenset([*above, *content_stems(sentence.heading)]),
            neighbours=frozenset().union(*around),
        )


def _scores(question: str, candidates: Sequence[_Candidate]) -> list[float]:
    weights = _weights(content_stems(question), candidates)
    expected, days = expected_in(question), days_named(question)
    best = max((strength(candidate.passage) for candidate in candidates), default=0.0) or 1.0
    scores = []
    for candidate in candidates:
        sentence_days = days_named(candidate.sentence.text)
        score = _shared(candidate, weights)
        score += _BETTER_PASSAGE * strength(candidate.passage) / best
        score -= _LATER_SENTENCE * candidate.position
        if expected and expected.search(candidate.sentence.text):
            score += _EXPECTED_FACT
        if days and sentence_days:
            score += _SAME_DAY if days <= sentence_days else -_SAME_DAY
        scores.append(score)
    return scores


def _weights(asked: Sequence[str], candidates: Sequence[_Candidate]) -> Mapping[str, float]:
    """How much each word of the question tells these sentences apart; all words together 1."""
    counts = Counter(word for candidate in candidates for word in candidate.own)
    rarity = {word: math.log(1 + len(candidates) / (1 + counts[word])) for word in asked}
    total = sum(rarity.values()) or 1.0
    return {word: weight / total for word, weight in rarity.items()}


def _shared(candidate: _Candidate, weights: Mapping[str, float]) -> float:
    shared = 0.0
    for word, weight in weights.items():
        if word in candidate.own:
            shared += weight
        elif word in candidate.heading:
            shared += _HEADING_SHARE * weight
        elif word in candidate.neighbours:
            shared += _NEIGHBOUR_SHARE * weight
    return shared


def _chosen(
    candidates: Sequence[_Candidate], scores: Sequence[float]
) -> list[tuple[Passage, list[Sentence]]]:
    """The best sentences, grouped by passage, the best one's passage first."""
    if not candidates:
        return []
    best = max(range(len(candidates)), key=scores.__getitem__)
    enough = _WORTH_ADDING * scores[best]
    earned = [
        (score + _beside(candidates[best], candidate), -index)
        for index, (candidate, score) in enumerate(zip(candidates, scores, strict=True))
        if index != best
    ]
    added = [-index for score, index in sorted(earned, reverse=True) if score >= enough]
    chosen = [candidates[index] for index in (best, *added)][:MOST_STATEMENTS]
    groups: dict[str, tuple[Passage, list[Sentence]]] = {}
    for candidate in chosen:
        key = str(candidate.passage.chunk_id)
        groups.setdefault(key, (candidate.passage, []))[1].append(candidate.sentence)
    return list(groups.values())


def _beside(best: _Candidate, other: _Candidate) -> float:
    """The next sentence often goes on with the best one; what stands elsewhere seldom does."""
    if other.passage is not best.passage:
        return _FROM_ELSEWHERE
    between = best.passage.text[best.sentence.end : other.sentence.start]
    is_next = other.position == best.position + 1 and not between.strip(" ")
    return _NEXT_TO_THE_BEST if is_next else 0.0
