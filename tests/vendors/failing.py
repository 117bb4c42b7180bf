"""Every way an outside company fails, and what a client must make of it."""

from strongroom.vendors.faults import Fault
from strongroom.vendors.simulated import Order

WAYS: tuple[tuple[Order, Fault], ...] = (
    (Order(way="unauthorized"), Fault.CREDENTIALS),
    (Order(way="forbidden-html"), Fault.CREDENTIALS),
    (Order(way="rate-limited", seconds=7), Fault.RATE_LIMITED),
    (Order(way="server-error"), Fault.UNAVAILABLE),
    (Order(way="unavailable-html"), Fault.UNAVAILABLE),
    (Order(way="refused"), Fault.REFUSED),
    (Order(way="not-found"), Fault.REFUSED),
    (Order(way="redirect"), Fault.CHANGED),
    (Order(way="slow"), Fault.UNAVAILABLE),
    (Order(way="half-body"), Fault.UNAVAILABLE),
    (Order(way="hang-up"), Fault.UNAVAILABLE),
    (Order(way="wrapped"), Fault.CHANGED),
    (Order(way="nulled"), Fault.CHANGED),
    (Order(way="no-json"), Fault.CHANGED),
)
WAY_NAMES = tuple(order.way for order, _ in WAYS)
