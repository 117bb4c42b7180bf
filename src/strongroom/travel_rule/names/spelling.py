"""How far two Latin words are apart, and which differences change who is meant."""

import re

_VOWELS = frozenset("aeiouy")
_SOUNDS = (
    ("tsch", "c"),
    ("tch", "c"),
    ("sch", "s"),
    ("sh", "s"),
    ("ch", "c"),
    ("ph", "f"),
    ("kh", "h"),
    ("gh", "g"),
    ("dj", "j"),
    ("zh", "j"),
    ("ck", "k"),
    ("ks", "x"),
    ("qu", "k"),
    ("q", "k"),
    ("w", "v"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ie", "i"),
    ("ii", "i"),
    ("iy", "i"),
    ("ei", "ai"),
    ("y", "i"),
)


def distance(left: str, right: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            step = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                step = min(step, older[j - 2] + 1)
            row.append(step)
    return row[-1]


def is_misspelt(left: str, right: str) -> bool:
    """Whether one word may be a slip or another transliteration of the other.

    One letter of five or more, two of nine or more. Not where only the vowel at the end differs, which in most
    languages of Europe is another person's name: Maria and Mario, Daniel and Daniela.
    """
    longest = max(len(left), len(right))
    most = 2 if longest >= 9 else 1
    if longest < 5 or longest - min(len(left), len(right)) > most or _differ_at_end(left, right):
        return False
    return distance(left, right) <= most


def sounds_alike(left: str, right: str) -> bool:
    """Whether the consonants sound the same and few vowels differ: Mohammed and Muhammad, Sergey and Sergei."""
    if left[:1] != right[:1] and not ({left[:1], right[:1]} <= _VOWELS or {left[:1], right[:1]} <= set("ckq")):
        return False
    one, other = _folded(left), _folded(right)
    if one == other:
        return True
    if _differ_at_end(one, other) or _consonants(one) != _consonants(other):
        return False
    return len(_consonants(one)) >= 3 and distance(one, other) <= (2 if min(len(one), len(other)) >= 6 else 1)


def is_transliterated(left: str, right: str) -> bool:
    """Whether two words of four letters or more differ only as transliterations do.

    For example Sergey and Sergei, Mohamed and Mohammed, Alexey and Aleksey.
    """
    return min(len(left), len(right)) >= 4 and _strictly_folded(left) == _strictly_folded(right)


def _strictly_folded(word: str) -> str:
    word = re.sub(r"(?<=[aeou])y|i?y$|ii$", "i", word.replace("ph", "f").replace("ks", "x").replace("ck", "k"))
    return re.sub(r"(.)\1", r"\1", word)


def _folded(word: str) -> str:
    for spelling, sound in _SOUNDS:
        word = word.replace(spelling, sound)
    hard = "".join(
        "k" if letter == "c" and following not in "ieh" and len(word) > 1 else letter
        for letter, following in zip(word, f"{word[1:]}#", strict=True)
    )
    return "".join(letter for letter, following in zip(hard, f"{hard[1:]}#", strict=True) if letter != following)


def _consonants(word: str) -> str:
    return word[:1].translate(str.maketrans("eiouy", "aaaaa")) + "".join(
        each for each in word[1:] if each not in "aeiou"
    )


def _differ_at_end(left: str, right: str) -> bool:
    """Whether the words are the same up to a vowel at the end of one of them or of both."""
    if left == right:
        return False
    stems = [word[:-1] if word[-1:] in "aeio" else word for word in (left, right)]
    return stems[0] == stems[1]
