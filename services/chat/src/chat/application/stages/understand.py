"""Stage 1: what is being asked, if anything."""

import re
import unicodedata
from typing import Final

from chat.application import replies
from chat.domain.message import Answer
from chat.domain.words import content_stems

_LONGEST_SEARCHED: Final = 500
_GREETING: Final = (
    r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: there| everyone| team)?"
)
_HOW_ARE_YOU: Final = r"how are you(?: today| doing)?"
_THANKS: Final = (
    r"(?:ok(?:ay)? |great |perfect |no )*(?:thanks?|thank you|thx|cheers)"
    r"(?: you)?(?: (?:so|very) much| a lot| again)?"
)
_FAREWELL: Final = r"(?:good)?bye(?: bye)?|see you(?: later| soon)?|good night"
_INTRODUCTION: Final = (
    r"(?:who|what) are you|are you (?:a )?(?:bot|robot|human|person)|what can you do"
    r"|(?:can you )?help(?: me)?|how can you help(?: me)?"
)
_SOMEBODY: Final = (
    r"(?:a |an |the )?(?:real |human )?(?:person|human|somebody|someone|agent|staff|being)"
)
_PERSON: Final = (
    r"(?:i |d |(?:would )?like to |want to |need to |wish to |can |could |may |please |let me )*"
    rf"(?:speak|talk|chat)(?: to| with) {_SOMEBODY}(?: please)?|{_SOMEBODY}(?: please)?"
)
_SMALL_TALK: Final = (
    (rf"{_GREETING}(?: {_HOW_ARE_YOU})?|{_HOW_ARE_YOU}", replies.greeting),
    (_THANKS, replies.thanks),
    (_FAREWELL, replies.farewell),
    (_INTRODUCTION, replies.introduction),
    (_PERSON, replies.person_offered),
)
_OPENING: Final = re.compile(rf"^(?:{_GREETING}[\s,.!:;-]+)+", re.IGNORECASE)


def understand(content: str) -> str | Answer:
    """The question to search for, or the reply to what needs no search."""
    text = _normalised(content)
    if reply := _small_talk(text):
        return reply
    question = _OPENING.sub("", text)
    if not content_stems(question):
        return replies.clarification()
    return question[:_LONGEST_SEARCHED]


def _normalised(content: str) -> str:
    printable = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Cf"} else letter
        for letter in unicodedata.normalize("NFKC", content)
    )
    return " ".join(printable.split())


def _small_talk(text: str) -> Answer | None:
    said = " ".join(re.findall(r"\w+", text.lower()))
    for pattern, reply in _SMALL_TALK:
        if re.fullmatch(pattern, said):
            return reply()
    return None
