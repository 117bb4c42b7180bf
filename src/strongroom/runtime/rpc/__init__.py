"""Calls between services: generated gRPC stubs over memory or mTLS, with a signed handoff on every call.

``local`` and ``wire`` carry bytes; ``door`` (callee) and ``caller`` hold everything that must be the same on both.
"""
