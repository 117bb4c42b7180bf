"""/v1/trisa: envelopes that the provider's own TRISA node sends and receives."""

from typing import Final

import msgspec

from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.requests import parse_body
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.trisa import answer_envelope, seal_verification
from strongroom.travel_rule.enclave.operations.trisa_result import record_envelope
from strongroom.travel_rule.enclave.routes.route import Call, Route

PATH: Final = "/v1/trisa/envelopes"


async def seal(means: Means, call: Call) -> shapes.SecureEnvelope:
    """Seal a verification for another provider's RSA key, as an envelope of TRISA."""
    asked = parse_body(call.body, shapes.AskedSealing)
    sealed = await seal_verification(means=means, uuid=asked.verification_uuid, public_key=asked.public_key)
    return shapes.SecureEnvelope(envelope=msgspec.Raw(sealed))


async def answer(means: Means, call: Call) -> shapes.SecureEnvelope:
    """Open an envelope, verify what it asks, and seal the answer; an error envelope if it does not pass."""
    asked = parse_body(call.body, shapes.AskedAnswer)
    answered = await answer_envelope(
        means=means,
        body=bytes(asked.envelope),
        from_vasp=asked.originating_vasp_id,
        public_key=asked.public_key,
    )
    return shapes.SecureEnvelope(envelope=msgspec.Raw(answered))


async def record(means: Means, call: Call) -> shapes.Accepted:
    """Open the envelope that answers a verification of ours, and record what it says as the result."""
    asked = parse_body(call.body, shapes.AskedRecording)
    return await record_envelope(means=means, body=bytes(asked.envelope), from_vasp=asked.beneficiary_vasp_id)


ROUTES: Final = (
    Route(method="POST", path=PATH, handle=seal, asks=shapes.AskedSealing, answers=shapes.SecureEnvelope),
    Route(method="POST", path=f"{PATH}/answer", handle=answer, asks=shapes.AskedAnswer, answers=shapes.SecureEnvelope),
    Route(method="POST", path=f"{PATH}/result", handle=record, asks=shapes.AskedRecording, answers=shapes.Accepted),
)
