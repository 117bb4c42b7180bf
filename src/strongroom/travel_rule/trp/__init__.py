"""OpenVASP's Travel Rule Protocol, 3.0 to 3.2.1: messages, travel addresses, a client and a server (travel_rule.md 4).

``address`` is where an inquiry goes, ``messages`` what is said, ``amounts`` how much, ``headers`` and ``versions`` what
stands around it, ``client`` asks, ``server`` answers through a ``desk.Desk``. Who the other side is comes from mutual
TLS, beneath this. Nothing here decides or stores.
"""
