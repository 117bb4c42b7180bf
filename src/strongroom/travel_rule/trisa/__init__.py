"""TRISA's secure envelope: sealed, opened, and what it carries read as IVMS101 and a transfer (travel_rule.md 5).

``envelope`` is the JSON form, ``sealing`` the cryptography, ``keys`` the keys' files, ``wire`` the protobuf encoding,
``schema`` the messages in it, ``payload`` what they mean here, ``problems`` the error codes. TRISA's own transport,
gRPC between members of its directory, is not here: an envelope is handed over as bytes. Pure but for the entropy given.
"""
