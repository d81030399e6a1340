"""How sure is sure enough. Figures were measured; the service's README says on what."""

from typing import Final

PASSAGES_SEARCHED: Final = 5

ENOUGH_EVIDENCE: Final = 0.4
"""The mean of similarity and term overlap, from which on a passage is worth answering from."""

BESIDE_THE_BEST: Final = 0.75
"""A passage is read beside the best one if it has this share of its evidence, and enough."""

MOST_STATEMENTS: Final = 3

LONGEST_QUOTE: Final = 300

SUPPORTED_SHARE: Final = 0.6
"""How many of a statement's content words its quote must hold, for a model that rephrases."""
