"""``strongroom``: the command line.

``up`` and ``demo`` import ``strongroom.apps``, because they start things. Every other command is about a running system
and reaches it as any program of a customer would: through ``strongroom.client``, with an API key, and nothing else.
"""
