"""Whether two names may be one company's."""

import re
import unicodedata
from collections.abc import Mapping
from itertools import product

from strongroom.travel_rule.names import hangul
from strongroom.travel_rule.names.spelling import distance
from strongroom.travel_rule.names.verdict import Comparison, Reason, best, close, matched, unmatched
from strongroom.travel_rule.names.words import Script, Words, Written, scripts_of

_FORMS: Mapping[str, tuple[str, ...]] = {
    "corporation": ("inc", "incorporated", "corp", "corporation"),
    "limited": ("ltd", "limited", "co ltd", "company limited", "ltd co", "co limited", "corp ltd", "inc ltd"),
    "private limited": ("pte ltd", "pvt ltd", "private limited", "pte limited"),
    "proprietary limited": ("pty ltd", "proprietary limited"),
    "public limited": ("plc", "public limited company"),
    "llc": ("llc", "limited liability company"),
    "llp": ("llp", "limited liability partnership"),
    "lp": ("lp", "limited partnership"),
    "company": ("co", "company"),
    "gmbh": ("gmbh", "gesellschaft mit beschrankter haftung"),
    "ag": ("ag", "aktiengesellschaft"),
    "kg": ("kg", "gmbh co kg", "gmbh and co kg"),
    "ug": ("ug",),
    "sa": ("sa", "societe anonyme", "sociedad anonima"),
    "sas": ("sas",),
    "sarl": ("sarl",),
    "srl": ("srl", "s r l"),
    "spa": ("spa", "societa per azioni"),
    "sl": ("sl",),
    "bv": ("bv",),
    "nv": ("nv",),
    "ab": ("ab", "aktiebolag"),
    "oy": ("oy", "oyj"),
    "as": ("as", "asa"),
    "aps": ("aps",),
    "sp zoo": ("sp zoo", "sp z oo", "sp z o o"),
    "oo": ("ooo",),
    "kk": ("kk", "kabushiki kaisha"),
    "주식회사": ("주식회사", "주"),
    "유한회사": ("유한회사", "유"),
    "유한책임회사": ("유한책임회사",),
    "합자회사": ("합자회사",),
    "합명회사": ("합명회사",),
    "재단법인": ("재단법인", "재"),
    "사단법인": ("사단법인", "사"),
}
_BY_WORDS: Mapping[Words, str] = {
    tuple(words.split()): form for form, spellings in _FORMS.items() for words in spellings
}
_LONGEST = max(len(words) for words in _BY_WORDS)
_LEADING = frozenset(("kk", "oo"))
# One company is called by each of these in its own country's translations and registers.
_ONE_FORM = frozenset(("corporation", "limited", "company", "주식회사", "kk"))
_WRITTEN_OUT = {
    "intl": "international",
    "bros": "brothers",
    "mfg": "manufacturing",
    "natl": "national",
    "assoc": "associates",
    "svcs": "services",
    "mgmt": "management",
    "dept": "department",
    "govt": "government",
    "univ": "university",
    "centre": "center",
    "und": "and",
    "et": "and",
    "y": "and",
}
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_SIGNS = re.compile(r"[&+]")
_DOTTED = re.compile(r"(?<=\b\w)[./](?=\w\b)")


def compare_companies(left: str, right: str) -> Comparison:
    """Two names of legal persons. Order counts, and numbers do; the legal form counts where both give one.

    Symmetric, and a name matches itself. Never raises.
    """
    one, other = _read(left), _read(right)
    if not one or not other:
        return unmatched(Reason.EMPTY)
    return best([_compare(a, b) for a, b in product(one, other)])


def has_legal_form(name: str) -> bool:
    """Whether a name says that it is a company's."""
    return any(_apart(_plain_words(written.words))[1] for written in _read(name))


def _read(name: str) -> tuple[Written, ...]:
    whole = _SIGNS.sub(" and ", _DOTTED.sub("", unicodedata.normalize("NFKC", name[:400])))
    return scripts_of(whole, numbers=True)


def _compare(one: Written, other: Written) -> Comparison:
    if {one.script, other.script} == {Script.LATIN}:
        spellings = product((one.words, one.spelled), (other.words, other.spelled))
        return best([_compare_words(_plain_words(a), _plain_words(b)) for a, b in spellings])
    if one.script is other.script:
        return _compare_words(one.words, other.words)
    korean, latin = (one, other) if one.script is Script.HANGUL else (other, one)
    core, spelling = "".join(_apart(korean.words)[0]), "".join(_apart(_plain_words(latin.words))[0])
    is_sound = korean.script is Script.HANGUL and len(core) > 1 and hangul.sounds_spelled(core, spelling)
    return close(70, Reason.ROMANISATION) if is_sound else unmatched()


def _compare_words(one: Words, other: Words) -> Comparison:
    (a, forms_a), (b, forms_b) = _apart(one), _apart(other)
    same = _compare_cores(a, b)
    if not same.score or not forms_a or not forms_b or forms_a == forms_b or forms_a | forms_b <= _ONE_FORM:
        return same
    return close(min(same.score, 72), Reason.LEGAL_FORM)


def _compare_cores(one: Words, other: Words) -> Comparison:
    if one == other:
        return matched(100, Reason.SAME)
    joined = "".join(one), "".join(other)
    if joined[0] == joined[1]:
        return matched(96, Reason.SPACING)
    if _numbers(one) != _numbers(other):
        return unmatched(Reason.SUFFIX)
    if min(map(len, joined)) >= 8 and len(one) == len(other) and distance(*joined) <= 1:
        return close(70, Reason.SPELLING)
    return unmatched()


def _numbers(words: Words) -> tuple[str, ...]:
    """Numbers and single letters: Fund II is not Fund III, and Trust A not Trust B."""
    return tuple(word for word in words if len(word) == 1 or not word.isalpha())


def _plain_words(words: Words) -> Words:
    written_out = (*words[:1], *(_NUMERALS.get(word, _WRITTEN_OUT.get(word, word)) for word in words[1:]))
    return written_out[1:] if len(written_out) > 1 and written_out[0] == "the" else written_out


def _apart(words: Words) -> tuple[Words, frozenset[str]]:
    """The name without its legal forms at either end, and those; a name of nothing else keeps it."""
    forms: set[str] = set()
    trimmed = True
    while trimmed:
        trimmed = False
        for count in range(min(_LONGEST, len(words) - 1), 0, -1):
            for taken, rest in ((words[-count:], words[:-count]), (words[:count], words[count:])):
                if not trimmed and taken in _BY_WORDS and _may_lead(taken, words):
                    forms.add(_BY_WORDS[taken])
                    words, trimmed = rest, True
    return words, frozenset(forms)


def _may_lead(taken: Words, words: Words) -> bool:
    """Latin forms stand at the end; Korean, Japanese and Russian ones at either."""
    return words[-len(taken) :] == taken or not taken[0].isascii() or _BY_WORDS[taken] in _LEADING
