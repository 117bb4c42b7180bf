"""EVM chains: ``transaction`` and ``rlp`` build and read, ``fees`` prices, ``observed`` types what a node says.

``node`` alone talks to a node, and only ``custody.nodes`` may import it. Addresses are ``kernel.addresses``.
"""
