import re

_LONGEST = 200
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def clean_filename(given: str) -> str:
    """The last part of a client's file name, without what would mean something to a system.

    Marks that turn the direction of writing go too: they hide what a name really ends in.
    """
    last = re.split(r"[\\/]", given)[-1]
    name = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if dot and len(suffix) < 16:
        name = stem[: _LONGEST - len(suffix) - 1] + dot + suffix
    return name[:_LONGEST] or "document"
