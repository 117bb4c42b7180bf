"""The Travel Rule: what two virtual asset service providers tell each other about who sends and who receives.

``ivms101`` reads, checks and writes the payload; ``names`` says whether two names are the same person's; ``rules`` says
what a jurisdiction asks for. The three are pure: no clock, no network, no file but their own data. ``trp`` and
``trisa`` are two public protocols, ``messages`` is our own; ``enclave`` speaks them for one provider, past the ``hub``
or directly.
"""
