"""The REST door: ``door`` lets requests in, the others translate them and answer."""

from strongroom.gateway.routes.door import Door
from strongroom.gateway.routes.table import make_application

__all__ = ["Door", "make_application"]
