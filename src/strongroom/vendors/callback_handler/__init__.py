"""A co-signer's callback handler: the customer's own web server, which is asked before its co-signer consents.

Source: reference/custody_api.md section 5, the protocol of Fireblocks' co-signer with JWT public keys. Question and
answer are bare JWTs, RS256, each signed by its sender (``tokens``). ``client`` asks; ``simulator`` stands in for a
customer's handler and misbehaves on command.
"""
