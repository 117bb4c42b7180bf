"""Texts as all four databases keep them: MySQL's ``utf8`` ends at U+FFFF, PostgreSQL's has no NUL."""

from strongroom.kernel.errors import Code, StrongroomError

_LAST = "\uffff"
_VASP_ID_MAX = 2**64 - 1


def fitting(name: str, text: str | None, length: int) -> str | None:
    """The text itself.

    Raises:
        StrongroomError: ``INVALID_FORMAT`` naming the field when it is longer than ``length`` characters, or holds one
            that a database would refuse.
    """
    if text is None:
        return None
    if len(text) > length:
        raise StrongroomError(Code.INVALID_FORMAT, f"{name} is longer than {length} characters.")
    if _replaced(text) != text:
        raise StrongroomError(Code.INVALID_FORMAT, f"{name} holds a character that cannot be kept.")
    return text


def fitting_vasp_id(name: str, vasp_id: str) -> str:
    """The id itself; ``INVALID_FORMAT`` naming the field when it is no unsigned number of 64 bits."""
    if int(vasp_id) > _VASP_ID_MAX:
        raise StrongroomError(Code.INVALID_FORMAT, f"{name} exceeds 2^64 - 1.")
    return vasp_id


def cut(text: str | None, length: int) -> str | None:
    """As much of a remark as fits, with U+FFFD for what a database would refuse."""
    return None if text is None else _replaced(text)[:length]


def _replaced(text: str) -> str:
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return "".join("\ufffd" if each > _LAST or each == "\0" or "\ud800" <= each <= "\udfff" else each for each in text)
