"""Stage 3: is that good enough to answer from?"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.application import replies
from chat.application.thresholds import BESIDE_THE_BEST, ENOUGH_EVIDENCE
from chat.domain.message import Answer
from contracts.ingest import Passage


@dataclass(frozen=True)
class Evidence:
    """The passages to answer from, best first. There is at least one."""

    passages: tuple[Passage, ...]
    confidence: float


def judge(passages: Sequence[Passage]) -> Evidence | Answer:
    """The evidence, or an honest "I don't know"."""
    ranked = sorted(passages, key=strength, reverse=True)
    confidence = round(strength(ranked[0]), 3) if ranked else 0.0
    if confidence < ENOUGH_EVIDENCE:
        return replies.dont_know(replies.RULES, confidence)
    least = max(ENOUGH_EVIDENCE, BESIDE_THE_BEST * strength(ranked[0]))
    good = [passage for passage in ranked if strength(passage) >= least]
    return Evidence(tuple(good), confidence)


def strength(passage: Passage) -> float:
    """The mean of similarity and term overlap, 0 to 1: meaning and words, each mends the other."""
    return min(1.0, max(0.0, (passage.similarity + passage.term_overlap) / 2))
