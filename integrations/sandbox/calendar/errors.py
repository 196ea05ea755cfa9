"""Refusals as Calendar words them: older than Gmail's, without a status word."""

from typing import Any

from integrations.sandbox.calls import Refusal
from integrations.sandbox.faults import Fault


def calendar_error(code: int, message: str, reason: str, *, domain: str = "global", **more: str) -> Refusal:
    error: dict[str, Any] = {"domain": domain, "reason": reason, "message": message, **more}
    return Refusal(code, {"error": {"errors": [error], "code": code, "message": message}}, reason=message)


def invalid(message: str, reason: str = "invalid") -> Refusal:
    return calendar_error(400, message, reason)


def not_found() -> Refusal:
    return calendar_error(404, "Not Found", "notFound")


def duplicate() -> Refusal:
    return calendar_error(409, "The requested identifier already exists.", "duplicate")


def deleted() -> Refusal:
    return calendar_error(410, "Resource has been deleted", "deleted")


def sync_token_too_old() -> Refusal:
    message = "Sync token is no longer valid, a full sync is required."
    return calendar_error(410, message, "fullSyncRequired", locationType="parameter", location="syncToken")


def condition_not_met() -> Refusal:
    return calendar_error(412, "Precondition Failed", "conditionNotMet", locationType="header", location="If-Match")


def faulty(fault: Fault) -> Refusal:
    match fault.kind:
        case "rate_limit":
            return calendar_error(429, "Rate Limit Exceeded", "rateLimitExceeded", domain="usageLimits")
        case "unavailable":
            return calendar_error(503, "Backend Error", "backendError")
        case "error":
            return calendar_error(500, "Backend Error", "backendError")
        case _:
            return invalid("Bad Request", "badRequest")
