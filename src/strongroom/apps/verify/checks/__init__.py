"""Every check there is, in the order of the report. A new one is a function and a line here."""

from collections.abc import Callable
from dataclasses import dataclass

from strongroom.apps.verify.books import Books
from strongroom.apps.verify.checks import callbacks, evidence, history, journals, onchain, payloads, slots, tombstones
from strongroom.apps.verify.findings import Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: its name for programs, what it says for people, and the function that makes it."""

    name: str
    title: str
    make: Callable[[Books, Notes], None]


def _check(name: str, title: str, make: Callable[[Books, Notes], None]) -> Check:
    return Check(name=name, title=title, make=make)


CHECKS: tuple[Check, ...] = (
    _check("status-history", "every status follows legally from the one before", history.check_moves),
    _check("one-end", "a transaction ends once, and nothing follows its end", history.check_ends),
    _check("final-stays", "what was final or set once while we looked has stayed", history.check_stays),
    _check("one-request", "one request, one externalTxId and one key name one transaction", history.check_requests),
    _check("intent", "every row says what its intent says", payloads.check_intents),
    _check("one-payload", "a transaction has one payload, and its raw bytes say the same", payloads.check_payloads),
    _check("one-digest", "vault, engine and nodes hold that payload and no other", payloads.check_neighbours),
    _check("slots", "slots are contiguous from 0, each with one owner in the right state", slots.check_slots),
    _check("slots-on-chain", "lanes and chain agree how many nonces are used", slots.check_nonces),
    _check("paid-as-asked", "what COMPLETED says is on chain, and nothing else is paid", onchain.check_outcomes),
    _check("proven-ends", "no other end without a proof that it can never pay", onchain.check_endings),
    _check("tombstones", "every tombstone is signed by the co-signer that it names", tombstones.check_signatures),
    _check("chain-is-ours", "every transaction of our addresses on chain is one of ours", onchain.check_ours),
    _check("balances", "balance on chain = received - sum of amounts and fees", onchain.check_balances),
    _check("steps", "a completed transaction has walked every arrow of the flow", evidence.check_steps),
    _check("handoffs", "every arrow of a recorded step has its handoff at the callee", evidence.check_handoffs),
    _check("handoff-tokens", "every handoff's token says what its row says", evidence.check_tokens),
    _check("step-rows", "every recorded step has the row that the flow names", evidence.check_rows),
    _check("statements", "every signature has the statements of three co-signers", evidence.check_statements),
    _check("callbacks", "what a callback handler rejected was not signed", callbacks.check_reports),
    _check("journal-chain", "every co-signer's journal is one unbroken chain", journals.check_chain),
    _check("journal-slots", "no slot has two finished digests at any co-signer", journals.check_slots),
    _check(
        "journal-closed",
        "no co-signer released what it had closed, or closed what it had released",
        journals.check_closed,
    ),
    _check(
        "journal-callbacks",
        "a callback handler's answer was heard once, and what it rejected was never consented to",
        callbacks.check_journals,
    ),
    _check("journal-finished", "every co-signer has finished what was signed", journals.check_finished),
    _check("journal-known", "whatever a co-signer promised or closed is a transaction", journals.check_known),
)
