"""Korean names in Hangul and in the Latin spellings that people use for them.

Spellings are those of the Revised Romanisation (Ministry of Culture 2000-8), of McCune-Reischauer without its marks,
and those common in passports (Kim, Lee, Park, Young). One spelling may stand for several syllables, so names are
compared by whether some Korean name can be written both ways.
"""

from collections.abc import Iterator, Mapping
from functools import cache

_FIRST = 0xAC00
_MEDIALS = 21
_FINALS = 28
MAX_GIVEN = 3
"""Syllables of a given name; nearly all have two."""

# By the number of the jamo within a syllable (Unicode 3.12); an empty text is the silent initial or an open syllable.
_INITIAL: Mapping[int, tuple[str, ...]] = {
    0: ("g", "k"),
    1: ("kk",),
    2: ("n",),
    3: ("d", "t"),
    4: ("tt",),
    5: ("r", "l"),
    6: ("m",),
    7: ("b", "p"),
    8: ("pp",),
    9: ("s",),
    10: ("ss",),
    11: ("",),
    12: ("j", "ch"),
    13: ("jj",),
    14: ("ch",),
    15: ("k",),
    16: ("t",),
    17: ("p",),
    18: ("h",),
}
_MEDIAL: Mapping[int, tuple[str, ...]] = {
    0: ("a", "ah"),
    1: ("ae", "ai", "ay"),
    2: ("ya",),
    3: ("yae",),
    4: ("eo", "uh", "eoh"),
    5: ("e", "ei", "ay"),
    6: ("yeo", "you", "yuh"),
    7: ("ye",),
    8: ("o", "oh"),
    9: ("wa",),
    10: ("wae",),
    11: ("oe", "oi", "oy"),
    12: ("yo",),
    13: ("u", "oo", "ou"),
    14: ("wo", "weo"),
    15: ("we",),
    16: ("wi", "hui"),
    17: ("yu", "yoo", "you"),
    18: ("eu",),
    19: ("ui", "eui"),
    20: ("i", "ee"),
}
_FINAL: Mapping[int, tuple[str, ...]] = {
    0: ("",),
    1: ("k", "g", "ck"),
    4: ("n",),
    7: ("t", "d"),
    8: ("l",),
    16: ("m",),
    17: ("p", "b"),
    19: ("t", "s"),
    21: ("ng",),
}
_BEFORE_A_FINAL: Mapping[int, tuple[str, ...]] = {4: ("u",), 6: ("yu",)}
"""What ㅓ and ㅕ are written as in a closed syllable alone: 정 is Jung, 엽 is Yup, but 서 is not Su."""
_RARE_FINAL: Mapping[int, tuple[str, ...]] = {2: ("k",), 20: ("t",), 22: ("t",), 23: ("t",), 25: ("t",), 26: ("p",)}
# What the tables above would not give: whole syllables as they are commonly spelled.
_COMMON: Mapping[str, tuple[str, ...]] = {
    "희": ("hee", "hi", "hui", "heui"),
    "시": ("shi", "si", "see"),
    "신": ("shin", "sin"),
    "식": ("shik", "sik", "shick"),
    "실": ("shil", "sil"),
    "심": ("shim", "sim"),
    "승": ("seung", "sung"),
    "현": ("hyeon", "hyun", "hyoun", "hyon"),
    "영": ("yeong", "young", "yung"),
    "경": ("gyeong", "kyung", "kyeong", "kyoung", "gyung", "kyong"),
    "연": ("yeon", "youn", "yun", "yon"),
    "병": ("byeong", "byung", "byoung", "pyong"),
    "명": ("myeong", "myung", "myoung", "myong"),
    "형": ("hyeong", "hyung", "hyoung", "hyong"),
    "정": ("jeong", "jung", "joung", "chung", "cheong", "chong"),
    "준": ("jun", "joon", "june", "chun"),
    "우": ("u", "woo", "wu", "ou"),
    "운": ("un", "woon", "wun"),
    "욱": ("uk", "wook", "ook"),
    "원": ("won", "weon"),
    "은": ("eun", "un"),
    "근": ("geun", "keun", "kun"),
    "철": ("cheol", "chul", "chol"),
    "선": ("seon", "sun"),
    "성": ("seong", "sung"),
    "석": ("seok", "suk", "seog"),
    "혁": ("hyeok", "hyuk", "hyok"),
    "열": ("yeol", "yul", "yol", "youl"),
    "율": ("yul", "yool"),
    "빈": ("bin", "been"),
    "의": ("ui", "eui", "yi"),
    "이": ("i", "lee", "yi", "ee", "yee"),
    "별": ("byeol", "byul"),
}
# The family names of nearly all Koreans, with the spellings of passports beyond those of their syllables.
_FAMILY: Mapping[str, str] = {
    "김": "kim gim",
    "이": "lee yi rhee ree rhie yee ri li i",
    "박": "park pak bak bahk pack",
    "최": "choi choe choy chey",
    "정": "jung jeong chung cheong joung chong",
    "강": "kang gang",
    "조": "cho jo joe",
    "윤": "yoon yun youn",
    "장": "jang chang",
    "임": "lim im yim rim",
    "한": "han",
    "오": "oh o",
    "서": "seo suh so sur",
    "신": "shin sin",
    "권": "kwon gwon kweon",
    "황": "hwang whang",
    "안": "ahn an",
    "송": "song",
    "류": "ryu yoo yu you ryoo lyu",
    "유": "yoo yu you ryu",
    "홍": "hong",
    "전": "jeon chun jun chon cheon",
    "고": "ko go koh",
    "문": "moon mun",
    "양": "yang ryang",
    "손": "son sohn",
    "배": "bae pae bai",
    "백": "baek paik baik paek back",
    "허": "heo hur huh her hu",
    "남": "nam",
    "심": "shim sim",
    "노": "noh roh no ro",
    "하": "ha",
    "곽": "kwak gwak",
    "성": "sung seong",
    "차": "cha",
    "주": "joo ju chu",
    "우": "woo wu u",
    "구": "koo gu ku goo",
    "민": "min",
    "진": "jin chin",
    "나": "na ra",
    "지": "ji jee chi chee",
    "엄": "eom um uhm om",
    "채": "chae chai",
    "원": "won weon",
    "천": "cheon chun",
    "방": "bang pang",
    "공": "kong gong",
    "현": "hyun hyeon",
    "함": "ham",
    "변": "byun byeon pyon",
    "염": "yeom yum",
    "여": "yeo yuh",
    "추": "choo chu",
    "도": "do to",
    "소": "so",
    "석": "seok suk sok",
    "선": "sun seon",
    "설": "seol sul",
    "마": "ma",
    "길": "gil kil",
    "연": "yeon yon youn",
    "위": "wi wee",
    "표": "pyo",
    "명": "myung myeong",
    "기": "ki gi kee",
    "반": "ban pan",
    "왕": "wang",
    "금": "geum keum",
    "옥": "ok",
    "육": "yuk yook",
    "맹": "maeng",
    "제": "je",
    "모": "mo",
    "탁": "tak",
    "국": "kook guk kuk",
    "은": "eun",
    "용": "yong",
    "피": "pi",
    "남궁": "namgung namkung namgoong",
    "황보": "hwangbo hwangpo",
    "선우": "sunwoo seonu sunu",
    "사공": "sagong sakong",
    "독고": "dokgo dokko",
    "제갈": "jegal jekal",
}
# A North Korean or clan spelling of an initial that the South drops or turns into ㄴ (Hangul Orthography, article 11).
_SOFTENED = {"류": "유", "리": "이", "림": "임", "라": "나", "로": "노", "량": "양", "려": "여", "련": "연", "렴": "염"}
_SOUNDS = {1: 5, 3: 7, 10: 11, 15: 11}
"""Medials that speakers no longer tell apart: ㅐ ㅔ, ㅒ ㅖ, ㅙ ㅚ ㅞ; after a consonant also ㅖ ㅔ."""
_SILENT = 11

Name = tuple[str, str]
"""Family and given name in Hangul."""


def softened(name: str) -> str:
    """The name with its first syllable as the South writes it: 류현진 is 유현진."""
    return _SOFTENED.get(name[:1], name[:1]) + name[1:]


def sounding(name: str) -> str:
    """The name with one syllable for all those that sound the same: 재 and 제."""
    return "".join(_merge(syllable) for syllable in softened(name))


def splits(name: str) -> Iterator[Name]:
    """Family and given name of a name in Hangul, family name first; both ways where two syllables may be a family's."""
    for count in (2, 1):
        if len(name) > count and (count == 1 or name[:2] in _FAMILY):
            yield name[:count], name[count:]


def is_spelled(name: str, latin: str) -> bool:
    """Whether ``latin``, small letters without spaces, family name first, is a spelling of a name in Hangul."""
    for family, given in splits(name):
        spellings = {*_FAMILY.get(softened(family), "").split(), *_syllables_of(family)}
        for spelling in spellings:
            if latin.startswith(spelling) and _spells(given, latin[len(spelling) :]):
                return True
    return False


def is_initialled(name: str, words: tuple[str, ...]) -> bool:
    """Whether the words are a family name and the initials of the given name: "kim m j" of 김민준."""
    initials = "".join(words[1:])
    for family, given in splits(name):
        known = {*_FAMILY.get(softened(family), "").split(), *_syllables_of(family)}
        if words[0] in known and len(given) == len(initials) and all(len(word) <= 2 for word in words[1:]):
            return all(
                any(each.startswith(letter) for each in _syllable(one))
                for one, letter in zip(given, initials, strict=True)
            )
    return False


def sounds_spelled(text: str, latin: str) -> bool:
    """Whether ``latin`` is a spelling of any text in Hangul, syllable by syllable."""
    return _spells(text, latin)


def readings(family: str, given: str) -> frozenset[Name]:
    """Every Korean name that the Latin spelling of a family name and a given name may stand for; empty if none."""
    names = _families().get(family, ())
    return frozenset((name, syllables) for name in names for syllables in _given(given, MAX_GIVEN))


def _spells(name: str, latin: str) -> bool:
    ends = {0}
    for syllable in name:
        ends = {
            end + len(spelling) for end in ends for spelling in _syllable(syllable) if latin.startswith(spelling, end)
        }
    return len(latin) in ends


def _given(latin: str, most: int) -> frozenset[str]:
    """Given names in Hangul that a spelling may stand for."""
    if not latin:
        return frozenset({""})
    if not most:
        return frozenset()
    found: set[str] = set()
    for length in range(1, min(len(latin), _LONGEST) + 1):
        for syllable in _by_spelling().get(latin[:length], ()):
            found.update(syllable + rest for rest in _given(latin[length:], most - 1))
    return frozenset(found)


@cache
def _by_spelling() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for initial in _INITIAL:
        for medial in _MEDIAL:
            for final in _FINAL:
                syllable = chr(_FIRST + (initial * _MEDIALS + medial) * _FINALS + final)
                for spelling in _syllable(syllable):
                    table.setdefault(spelling, []).append(syllable)
    return {spelling: tuple(syllables) for spelling, syllables in table.items()}


@cache
def _families() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for name, spellings in _FAMILY.items():
        for spelling in spellings.split():
            table.setdefault(spelling, []).append(softened(name))
    return {spelling: tuple(dict.fromkeys(names)) for spelling, names in table.items()}


def _syllables_of(text: str) -> frozenset[str]:
    """Spellings of one or two syllables."""
    spellings = {""}
    for syllable in text:
        spellings = {before + after for before in spellings for after in _syllable(syllable)}
    return frozenset(spellings)


@cache
def _syllable(syllable: str) -> frozenset[str]:
    initial, medial, final = _parts(syllable)
    built = {
        first + middle + last
        for first in _INITIAL[initial]
        for middle in (*_MEDIAL[medial], *(_BEFORE_A_FINAL.get(medial, ()) if final else ()))
        for last in _FINAL.get(final, _RARE_FINAL.get(final, ()))
        if not (middle.endswith("h") and (last or first + middle == "ah"))
    }
    return frozenset({*built, *_COMMON.get(syllable, ())} - {""})


def _parts(syllable: str) -> tuple[int, int, int]:
    number = ord(syllable) - _FIRST
    return number // (_MEDIALS * _FINALS), number // _FINALS % _MEDIALS, number % _FINALS


def _merge(syllable: str) -> str:
    initial, medial, final = _parts(syllable)
    sound = 5 if medial == 7 and initial != _SILENT else _SOUNDS.get(medial, medial)
    return chr(_FIRST + (initial * _MEDIALS + sound) * _FINALS + final)


_LONGEST = 7
