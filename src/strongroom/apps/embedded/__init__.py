"""Programs that ``strongroom up`` runs beside the platform, so that one machine needs nothing installed.

Each module knows one program (`postgres`, `anvil`); `process` is a child that dies with its parent; `supervisor` keeps
a list of children running. None of them knows a service.
"""
