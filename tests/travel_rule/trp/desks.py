"""A provider at TRP's desk: answers as it is told to and remembers what it took."""

from dataclasses import dataclass, field

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.trp.desk import Sender
from strongroom.travel_rule.trp.messages import (
    Acknowledged,
    Answer,
    Asset,
    Confirmation,
    Identity,
    Inquiry,
    Resolution,
    write_inquiry,
)
from tests.travel_rule.ivms101.samples import DEMANDS, base, dumps

CALLBACK = "https://localhost/resolutions/token"
TOKEN = "0123456789abcdef"
INQUIRY = write_inquiry(asset=Asset(slip0044=0), amount="0.000021", callback=CALLBACK, ivms101=dumps(base()))


@dataclass
class MemoryDesk:
    answer: Answer = field(default_factory=lambda: Acknowledged(version="3.2.1"))
    taken: list[tuple[object, str, Sender]] = field(default_factory=list[tuple[object, str, Sender]])
    is_broken: bool = False

    def demands(self) -> Demands:
        return DEMANDS

    def identity(self) -> Identity:
        return Identity(name="Acme VASP", lei="TVYD005I7Q5IJK0EMI53")

    async def take_inquiry(self, inquiry: Inquiry, *, place: str, sender: Sender) -> Answer:
        if self.is_broken:
            raise RuntimeError("a name: Johnny Post")
        if place != "12345":
            raise StrongroomError(Code.NOT_FOUND)
        self.taken.append((inquiry, place, sender))
        return self.answer

    async def take_resolution(self, resolution: Resolution, *, token: str, sender: Sender) -> None:
        self._take(resolution, token, sender)

    async def take_confirmation(self, confirmation: Confirmation, *, token: str, sender: Sender) -> None:
        self._take(confirmation, token, sender)

    def _take(self, message: object, token: str, sender: Sender) -> None:
        if token != TOKEN:
            raise StrongroomError(Code.NOT_FOUND)
        self.taken.append((message, token, sender))
