"""A customer's callback handler to try things with: ``POST /v2/tx_sign_request`` as custody_api.md 5 has it.

It verifies every question with the co-signer's public key, answers as it was told to, and remembers what it was asked.
``POST /told`` changes what it says, ``GET /questions`` lists what it was asked; ``/simulator/misbehave`` makes it slow,
silent or confused (``vendors.simulated``).
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cyclopts import App, Parameter

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.kms import write_once
from strongroom.vendors.callback_handler.tokens import (
    make_private_key,
    open_token,
    parse_private_key,
    parse_public_key,
    public_key_pem,
    write_token,
)
from strongroom.vendors.simulated import Reply, Request, Simulator, serve

PATH: Final = "/v2/tx_sign_request"
_OTHER_QUESTION: Final = str(UUID(int=0))
app = App(
    name="python -m strongroom.vendors.callback_handler.simulator",
    help="Stand in for a customer's callback handler, on loopback.",
)


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to say.

    ``signed_by`` a stranger's key, and ``answering`` another question, are what a co-signer must not take for an
    answer; any text may be the action.
    """

    action: str = "APPROVE"
    reason: str = ""
    signed_by: Literal["handler", "stranger"] = "handler"
    answering: Literal["this", "other"] = "this"


class CallbackHandlerSimulator(Simulator):
    """A callback handler.

    Args:
        key: signs its answers.
        cosigner_key: of the co-signer that it serves.
        told: what it says.
        reject_above: amounts beyond that are rejected, whatever it was told; None for none.
    """

    def __init__(
        self,
        *,
        key: RSAPrivateKey,
        cosigner_key: RSAPublicKey,
        told: Told | None = None,
        reject_above: Decimal | None = None,
    ) -> None:
        super().__init__()
        self._key, self._cosigner_key = key, cosigner_key
        self._stranger: RSAPrivateKey | None = None
        self.told = told or Told()
        self._reject_above = reject_above
        self.questions: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        """401 for a question that the co-signer did not sign; else the signed answer."""
        match request.method, request.path:
            case "POST", "/told":
                self.told = msgspec.json.decode(request.body, type=Told)
                return Reply()
            case "GET", "/questions":
                return Reply(value=self.questions)
            case "POST", path if path.endswith(PATH):
                return self._decide(request.body)
            case _:
                return Reply(status=404)

    def _decide(self, body: bytes) -> Reply:
        try:
            claims = open_token(body, self._cosigner_key)
            question = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(claims)
        except (StrongroomError, msgspec.DecodeError):
            return Reply(status=401)
        self.questions.append(question)
        told = self._told_of(question)
        said = {
            "action": told.action,
            "requestId": question["requestId"] if told.answering == "this" else _OTHER_QUESTION,
            "rejectionReason": told.reason,
        }
        key = self._key if told.signed_by == "handler" else self._strangers_key()
        return Reply(page=write_token(msgspec.json.encode(said), key).encode())

    def _told_of(self, question: dict[str, Any]) -> Told:
        if self._reject_above is not None and Decimal(str(question["amountStr"])) > self._reject_above:
            return Told(action="REJECT", reason=f"more than {self._reject_above}")
        return self.told

    def _strangers_key(self) -> RSAPrivateKey:
        if self._stranger is None:
            self._stranger = parse_private_key(make_private_key())
        return self._stranger


@app.default
def main(
    *,
    key: Annotated[Path, Parameter(help="This handler's private key, PEM; made if absent, its public half beside it.")],
    cosigner_key: Annotated[Path, Parameter(help="The co-signer's public key: strongroom-cosigner callback key.")],
    port: Annotated[int, Parameter(help="Where to listen; 0 for a free port, which is printed.")] = 0,
    action: Annotated[str, Parameter(help="What it says: APPROVE, REJECT, RETRY or IGNORE.")] = "APPROVE",
    reject_above: Annotated[Decimal | None, Parameter(help="Reject amounts beyond that, such as 0.5.")] = None,
) -> None:
    """Serve until it is told to end."""
    write_key_pair(key)
    handler = CallbackHandlerSimulator(
        key=parse_private_key(key.read_bytes()),
        cosigner_key=parse_public_key(cosigner_key.read_bytes()),
        told=Told(action=action),
        reject_above=reject_above,
    )
    serve(handler, port=port)


def write_key_pair(path: Path) -> Path:
    """The handler's key at ``path`` unless there is one, and its public half beside it; the latter's path."""
    if not path.exists():
        write_once(path, make_private_key())
    public = path.with_suffix(".pub.pem")
    public.write_bytes(public_key_pem(parse_private_key(path.read_bytes())))
    return public


if __name__ == "__main__":
    app()
