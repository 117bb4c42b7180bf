"""Outside companies: a client of each one's real wire format, and a server that stands in for it and misbehaves.

``faults`` tells apart how a company fails, ``http`` is the one way to call, ``simulated`` what all stand-ins share.
Nothing here knows a service of Strongroom.
"""
