"""What is said of a payload: editions, profiles, violations and warnings."""

from dataclasses import dataclass
from enum import StrEnum


class Edition(StrEnum):
    """Which issue of the standard a payload follows."""

    V2020 = "2020"
    V2023 = "2023"


class Constraint(StrEnum):
    """What can be broken: C1 to C12 as the standard numbers them (5.2.1.2), and the faults of structure below them."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    C5 = "C5"
    C6 = "C6"
    C7 = "C7"
    C8 = "C8"
    C9 = "C9"
    C10 = "C10"
    C11 = "C11"
    C12 = "C12"
    JSON = "JSON"
    """Not JSON, a name given twice, too large or too deep."""
    TYPE = "TYPE"
    """Another kind of JSON value than the element's."""
    MULTIPLICITY = "MULTIPLICITY"
    """An element is missing, or stands there too often."""
    CHOICE = "CHOICE"
    """A person is natural or legal: one of them, never both (5.2.1.1)."""
    LENGTH = "LENGTH"
    """Fewer or more characters than the datatype allows (5.3); characters, never bytes."""
    CHARACTERS = "CHARACTERS"
    """A character outside the datatype's: printable ASCII but in local names (5.3)."""
    CODE = "CODE"
    """Not in the datatype's code list (5.3)."""
    DATE = "DATE"
    """Not a day of the calendar written YYYY-MM-DD."""
    EDITION = "EDITION"
    """Of the other edition than was asked for."""
    PROFILE = "PROFILE"
    """Something that the chosen profile asks for beyond the standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A violation or a warning. ``path`` leads into the input as given: ``$.originator.accountNumber[0]``."""

    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Custom beside the standard.

    Attributes:
        hangul_names: ``nameIdentifier`` may hold Hangul (practice between Korean providers; travel_rule.md 2.4).
        originator_birth: an originator who is a natural person has a name and a date of birth (Korea, from 2024-08-07).
        representatives: a natural person beside a legal person represents it and is not the originator (C1 not asked).
        lei_checksum: an LEI that fails ISO 17442's check digits is refused rather than warned of.
    """

    name: str
    hangul_names: bool = False
    originator_birth: bool = False
    representatives: bool = False
    lei_checksum: bool = False


STANDARD = Profile(name="standard")
KOREA = Profile(name="korea", hangul_names=True, originator_birth=True, representatives=True)
STRICT_LEI = Profile(name="strict-lei", lei_checksum=True)
PROFILES = {profile.name: profile for profile in (STANDARD, KOREA, STRICT_LEI)}
