"""Errors are reported to Sentry where a DSN is set: the error and where it came from, never what people wrote."""

from typing import Any

from bot.logs import clean
from bot.settings import Settings
from bot.telemetry import CATEGORY

BREADCRUMBS = 50


def report_errors(settings: Settings) -> None:
    """From here on logged errors are sent. Without CASEYOS_SENTRY_DSN nothing is, and the library is not imported."""
    if settings.sentry_dsn is None:
        return
    import sentry_sdk  # noqa: PLC0415  only where it is used

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        send_default_pii=False,
        include_local_variables=False,  # they hold mails and addresses
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=BREADCRUMBS,
        before_breadcrumb=_ours,
        auto_enabling_integrations=False,  # they would record statements and requests
        before_send=_scrubbed,
    )


def _ours(crumb: Any, _: Any) -> Any:
    """None but the events of `bot/telemetry.py`, which are words of ours."""
    return crumb if crumb.get("category") == CATEGORY else None


def _scrubbed(event: Any, _: Any) -> Any:
    """What every log line goes through as well: no secrets, no addresses."""
    event.pop("request", None)
    event.pop("user", None)
    event.pop("server_name", None)
    return clean(event)
