"""EIP-1559 transactions: what is signed, what is sent, and who signed it. Pure."""

from dataclasses import dataclass

from coincurve import PublicKey

from strongroom.chains.evm import rlp
from strongroom.kernel.addresses import address_bytes, checksum_address, parse_evm_address
from strongroom.kernel.derivation import evm_address
from strongroom.kernel.digest import keccak256
from strongroom.kernel.documents.payload import NATIVE_TRANSFER_GAS
from strongroom.kernel.errors import Code, StrongroomError

_TYPE = b"\x02"
_UINT256 = 1 << 256
_UINT64 = 1 << 64
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True, kw_only=True)
class Eip1559Transaction:
    """One transaction of type 2 without an access list, to an existing address.

    ``to`` is in EIP-55 form; ``value_units``, ``max_fee_per_gas`` and ``max_priority_fee_per_gas`` are in wei.

    Raises:
        StrongroomError: AMOUNT_TOO_LARGE for a value beyond uint256, ADDRESS_INVALID for a malformed ``to``,
            REQUEST_INVALID for any other field out of bounds (EIP-1559; the nonce: EIP-2681).
    """

    chain_id: int
    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas_limit: int
    to: str
    value_units: int
    data: bytes = b""

    def __post_init__(self) -> None:
        """Refuses what no chain would take."""
        if not 0 <= self.value_units < _UINT256:
            raise StrongroomError(Code.AMOUNT_TOO_LARGE, "The value is not an unsigned 256-bit integer.")
        if parse_evm_address(self.to) != self.to:
            raise StrongroomError(Code.ADDRESS_INVALID, "The address is not in its EIP-55 form.")
        bounds = (
            ("chain id", 1, self.chain_id, _UINT64),
            ("nonce", 0, self.nonce, _UINT64 - 1),
            ("gas limit", NATIVE_TRANSFER_GAS, self.gas_limit, _UINT64),
            ("fee", 0, self.max_fee_per_gas, _UINT256 // self.gas_limit if self.gas_limit > 0 else 0),
            ("priority fee", 0, self.max_priority_fee_per_gas, self.max_fee_per_gas + 1),
        )
        for name, least, value, beyond in bounds:
            if not least <= value < beyond:
                raise StrongroomError(Code.REQUEST_INVALID, f"The {name} {value} is out of bounds.")


def _fields(transaction: Eip1559Transaction) -> tuple[rlp.Item, ...]:
    """The fields in the order of EIP-1559, with an empty access list."""
    numbers = (
        transaction.chain_id,
        transaction.nonce,
        transaction.max_priority_fee_per_gas,
        transaction.max_fee_per_gas,
        transaction.gas_limit,
    )
    value = rlp.encode_integer(transaction.value_units)
    return (*map(rlp.encode_integer, numbers), address_bytes(transaction.to), value, transaction.data, ())


def signing_digest(transaction: Eip1559Transaction) -> bytes:
    """What the key signs, 32 bytes: Keccak-256 of type and fields (EIP-1559)."""
    return keccak256(unsigned_bytes(transaction))


def unsigned_bytes(transaction: Eip1559Transaction) -> bytes:
    """Type and fields without a signature (EIP-1559): what ``signing_digest`` is the hash of."""
    return _TYPE + rlp.encode(_fields(transaction))


def assemble(transaction: Eip1559Transaction, signature: bytes) -> bytes:
    """The raw transaction as it is sent.

    Args:
        transaction: what was signed.
        signature: 65 bytes, r, s and the recovery id (0 or 1), s in the lower half (EIP-2).

    Raises:
        StrongroomError: SIGNATURE_INVALID for a signature that no chain would take.
    """
    r, s, parity = _split(signature)
    return _TYPE + rlp.encode((*_fields(transaction), *map(rlp.encode_integer, (parity, r, s))))


def transaction_hash(raw: bytes) -> str:
    """The hash by which chains and explorers know a raw transaction: 0x and 64 digits."""
    return "0x" + keccak256(raw).hex()


def recover_sender(transaction: Eip1559Transaction, signature: bytes) -> str:
    """The EIP-55 address whose key made the signature (any valid signature has one: compare it with the expected).

    Args:
        transaction: what was signed.
        signature: 65 bytes, as for ``assemble``.

    Raises:
        StrongroomError: SIGNATURE_INVALID if no key could have made it.
    """
    _split(signature)
    try:
        key = PublicKey.from_signature_and_message(signature, signing_digest(transaction), hasher=None)
    except Exception as error:  # coincurve raises bare Exception for a point that is not on the curve
        raise StrongroomError(Code.SIGNATURE_INVALID, "No key can have made this signature.") from error
    return evm_address(key.format(compressed=True))


def parse_raw(raw: bytes) -> tuple[Eip1559Transaction, bytes]:
    """The transaction and its 65-byte signature, such that ``assemble`` gives the same bytes again.

    Raises:
        StrongroomError: REQUEST_INVALID for anything but a canonical signed type 2 transaction without access list;
            SIGNATURE_INVALID for a signature that no chain would take.
    """
    fields = rlp.decode(raw[1:]) if raw[:1] == _TYPE else ()
    if isinstance(fields, bytes) or len(fields) != 12:
        raise StrongroomError(Code.REQUEST_INVALID, "The bytes are not a signed EIP-1559 transaction.")
    *numbers, to, value, data, access_list = fields[:9]
    if not (isinstance(to, bytes) and len(to) == 20 and isinstance(data, bytes) and access_list == ()):
        raise StrongroomError(Code.REQUEST_INVALID, "The transaction makes a contract, or has an access list.")
    chain_id, nonce, priority, fee, gas_limit = map(rlp.decode_integer, numbers)
    transaction = Eip1559Transaction(
        chain_id=chain_id,
        nonce=nonce,
        max_priority_fee_per_gas=priority,
        max_fee_per_gas=fee,
        gas_limit=gas_limit,
        to=checksum_address(to),
        value_units=rlp.decode_integer(value),
        data=data,
    )
    return transaction, join_signature(*map(rlp.decode_integer, fields[9:]))


def join_signature(parity: int, r: int, s: int) -> bytes:
    """The 65 bytes r, s, recovery id of a signature's numbers.

    Raises:
        StrongroomError: SIGNATURE_INVALID for numbers that no chain would take.
    """
    if parity not in (0, 1) or not 0 < r < _ORDER or not 0 < s <= _HALF_ORDER:
        raise StrongroomError(Code.SIGNATURE_INVALID, "r, s or the recovery id is out of bounds (EIP-2).")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((parity,))


def _split(signature: bytes) -> tuple[int, int, int]:
    if len(signature) != 65:
        raise StrongroomError(Code.SIGNATURE_INVALID, "A signature is 65 bytes: r, s and the recovery id.")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    join_signature(signature[64], r, s)
    return r, s, signature[64]
