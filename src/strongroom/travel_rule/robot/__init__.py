"""The robot: a VASP's back end that answers an enclave's four calls, so that a newcomer can try everything alone.

It speaks for two made-up customers (reference 1.8): user 1 has passed KYC and is VERIFIED, user 2 has not and is
DENIED with UNVERIFIED-KYC; each has an ETH address and an XRP address with a destination tag. For tests it can be told
to be late, to fail or to answer nonsense, and it remembers every callback it was given.

A simulation: its customers, addresses and decisions are nobody's.
"""
