from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class RankFusion:
    """Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).

    What stands high in both rankings comes first. The lexical one weighs more, since a reader's
    words, names and numbers are usually the document's own; the dense one mends what was said in
    other words.
    """

    lexical_weight: float = 1.0
    dense_weight: float = 0.7
    smoothing: int = 5

    def fuse(self, lexical: Sequence[UUID], dense: Sequence[UUID]) -> Mapping[UUID, float]:
        """The share of the best possible score, in (0, 1], of each chunk, best first."""
        scores: dict[UUID, float] = {}
        rankings = ((self.lexical_weight, lexical), (self.dense_weight, dense))
        best = (self.lexical_weight + self.dense_weight) / (self.smoothing + 1)
        for weight, ranking in rankings:
            for rank, chunk_id in enumerate(ranking, start=1):
                share = weight / (self.smoothing + rank) / best
                scores[chunk_id] = scores.get(chunk_id, 0.0) + share
        return dict(sorted(scores.items(), key=lambda item: item[1], reverse=True))
