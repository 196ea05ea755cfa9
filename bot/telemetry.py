"""The one place that emits events: as structured lines, as counters on `/metrics`, and as breadcrumbs of errors."""

import logging
import sys

from prometheus_client import Counter

from core.telemetry import Happened

CATEGORY = "caseyos"
"""Of our breadcrumbs: no others are kept, since they hold what people wrote."""

log = logging.getLogger("caseyos.events")
EVENTS = Counter("caseyos_events_total", "What happened to recommendations.", ["event", "of"])


def emit(happened: Happened) -> None:
    EVENTS.labels(event=happened.event, of=happened.of).inc()
    told = {"move": str(happened.move) if happened.move else None, "of": happened.of or None}
    told = {name: value for name, value in told.items() if value is not None}
    log.info(str(happened.event), extra=told)
    if "sentry_sdk" in sys.modules:  # only where errors are reported
        sys.modules["sentry_sdk"].add_breadcrumb(category=CATEGORY, message=str(happened.event), data=told)
