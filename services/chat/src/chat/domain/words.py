"""The words of a text as they are compared: folded, without endings, without stop words."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_FEWEST_LETTERS: Final = 3
_DOUBLED: Final = frozenset("bdgklmnprt")

# The last two rows ask or are polite, and say nothing about what is asked for.
_STOP_TEXT: Final = """
    a about above after all also am an and any are as at be because been before being below between
    both but by can cannot did do does doing don't down during each few for from further had has
    have having he her here hers him his i i'm if in into is isn't it it's its just me more most my
    no nor not now of off on once only or other our ours out over own same she should so some such
    than that the their theirs them then there these they this those through to too under until up
    us very was we were will with you your yours
    could get happen happened happens know like many may much please tell want would
    how what what's when where which who whom whose why
"""
_STOP_WORDS: Final = frozenset(_STOP_TEXT.split())


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, each once, in order."""
    return list(dict.fromkeys(_stem(word) for word in _words(text) if word not in _STOP_WORDS))


def numbers(text: str) -> set[str]:
    """The numbers and clock times of a text; 1,200 is 1200."""
    return {
        re.sub(r",(?=\d{3}\b)", "", match).rstrip(".,:") for match in _NUMBER.findall(_folded(text))
    }


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(_folded(text)):
        word = match[0].replace("’", "'")  # noqa: RUF001
        yield word.removesuffix("'s")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _stem(word: str) -> str:
    """The word without the commonest English endings: cancels, cancelled, cancelling → cancel."""
    if not word.isalpha():
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith(("ss", "us", "is")):
            word = _shorten(word, ending, instead)
            break
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            return _single(_shorten(word, ending, "")).removesuffix("e")
    return word.removesuffix("e") if len(word) > _FEWEST_LETTERS + 1 else word


def _shorten(word: str, ending: str, instead: str) -> str:
    stem = word.removesuffix(ending) + instead
    has_vowel = any(letter in "aeiouy" for letter in stem)
    return stem if len(stem) >= _FEWEST_LETTERS and has_vowel else word


def _single(word: str) -> str:
    """Without a consonant doubled before its ending; `fill` and `sell` lose theirs alike."""
    is_doubled = len(word) > _FEWEST_LETTERS and word[-1] == word[-2] and word[-1] in _DOUBLED
    return word[:-1] if is_doubled else word
