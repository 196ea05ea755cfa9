"""Refusals in Google's words and shape."""

from datetime import timedelta

from aiohttp import web

from integrations.sandbox.calls import Refusal
from integrations.sandbox.faults import Fault
from integrations.sandbox.store import rfc3339, utc_now

TOKEN = "ya29.sandbox"  # noqa: S105  a stand-in's published token
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def google_error(
    code: int,
    message: str,
    reason: str,
    *,
    domain: str = "global",
    status: str | None = None,
    detail: str | None = None,
) -> Refusal:
    body = {
        "error": {
            "code": code,
            "message": message,
            "errors": [{"message": detail or message, "domain": domain, "reason": reason}],
            "status": status or STATUS_WORDS[code],
        }
    }
    return Refusal(code, body, reason=message)


def invalid(message: str, reason: str = "invalidArgument") -> Refusal:
    return google_error(400, message, reason)


def not_found() -> Refusal:
    return google_error(404, "Requested entity was not found.", "notFound")


def check_token(request: web.Request) -> Refusal | None:
    if request.headers.get("Authorization") == f"Bearer {TOKEN}":
        return None
    refusal = google_error(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid"
        " authentication credential.",
        "authError",
        detail="Invalid Credentials",
    )
    refusal.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return refusal


def faulty(fault: Fault) -> Refusal:
    match fault.kind:
        case "rate_limit":
            until = rfc3339(utc_now() + timedelta(seconds=fault.seconds))
            message = f"User-rate limit exceeded.  Retry after {until}"
            return google_error(429, message, "rateLimitExceeded", domain="usageLimits")
        case "unavailable":
            return google_error(503, "The service is currently unavailable.", "backendError")
        case "error":
            return google_error(500, "Internal error encountered.", "backendError")
        case _:
            return google_error(400, "Precondition check failed.", "failedPrecondition", status="FAILED_PRECONDITION")
