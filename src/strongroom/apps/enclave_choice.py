"""Which Travel Rule enclave a data folder goes with: a later start keeps it until it is told otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from strongroom.apps.embedded.layout import Layout, replace_private
from strongroom.apps.serve import TravelRuleSettings, load_travel_rule
from strongroom.kernel.errors import Code, StrongroomError

_WHAT_TO_DO: Final = "Give --travel-rule FILE, or --simulate-travel-rule to go on with a simulated counterparty."


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRule:
    """An enclave.

    Args:
        file: absolute; read again at each start.
        settings: as it says now.
        is_remembered: whether an earlier start named the file, and not this one.
    """

    file: Path
    settings: TravelRuleSettings
    is_remembered: bool

    def describe(self) -> str:
        """For people."""
        enclave = self.settings.enclave
        assert enclave is not None, "loaded with one"
        since = ", as at an earlier start; --simulate-travel-rule goes back" if self.is_remembered else ""
        return f"Travel Rule enclave at {enclave.url}, by {self.file}{since}"


class _Platform(msgspec.Struct, frozen=True):
    """As much of the platform's settings as says whether it ran with an enclave."""

    travel_rule: object = None


def choose_travel_rule(data_dir: Path, *, file: Path | None = None, is_simulated: bool = False) -> TravelRule | None:
    """The enclave for this start; None for a simulated counterparty. Changes nothing.

    Args:
        data_dir: which may be absent.
        file: the settings that this start names; without them those that an earlier one named are used.
        is_simulated: go back from an earlier start's enclave.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, also for a folder that ran with an enclave whose settings are not known any
            more: to simulate it silently would let payments pass that nobody was told of.
    """
    if is_simulated:
        if file is not None:
            raise StrongroomError(
                Code.CONFIG_INVALID, "--travel-rule and --simulate-travel-rule cannot be given together."
            )
        return None
    if file is not None:
        return TravelRule(file=file.absolute(), settings=load_travel_rule(file), is_remembered=False)
    layout = Layout(data_dir.absolute())
    known = _remembered(layout)
    if known is not None:
        try:
            return TravelRule(file=known, settings=load_travel_rule(known), is_remembered=True)
        except StrongroomError as error:
            detail = f"An earlier start named {known} for the Travel Rule: {error.detail.rstrip('.')}. {_WHAT_TO_DO}"
            raise StrongroomError(Code.CONFIG_INVALID, detail) from None
    if _ran_with_one(layout):
        detail = f"{layout.data_dir} last ran with a Travel Rule enclave. {_WHAT_TO_DO}"
        raise StrongroomError(Code.CONFIG_INVALID, detail)
    return None


def remember_travel_rule(layout: Layout, chosen: TravelRule | None) -> None:
    """Have later starts choose the same; None forgets it."""
    if chosen is None:
        layout.travel_rule.unlink(missing_ok=True)
    else:
        replace_private(layout.travel_rule, str(chosen.file).encode())


def _remembered(layout: Layout) -> Path | None:
    try:
        return Path(layout.travel_rule.read_text("utf-8"))
    except OSError:
        return None


def _ran_with_one(layout: Layout) -> bool:
    try:
        settings = msgspec.json.decode(layout.platform_settings.read_bytes(), type=_Platform)
    except (OSError, msgspec.DecodeError):
        return False
    return settings.travel_rule is not None
