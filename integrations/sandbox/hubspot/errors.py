"""Refusals in HubSpot's words and shape."""

import json
import uuid
from typing import Any

from aiohttp import web

from integrations.sandbox.calls import Refusal
from integrations.sandbox.faults import Fault

TOKEN = "pat-sandbox"  # noqa: S105  a stand-in's published token


def hubspot_error(status: int, message: str, category: str, **more: Any) -> Refusal:
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category, **more}
    return Refusal(status, body, reason=message)


def invalid(message: str) -> Refusal:
    return hubspot_error(400, message, "VALIDATION_ERROR")


def property_problem(name: str, message: str, code: str) -> Refusal:
    """A property cannot have this value; HubSpot says it twice, once as JSON inside the sentence."""
    problem = {"isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message}
    said = f"Property values were not valid: {json.dumps([problem], separators=(',', ':'))}"
    details = [{"message": message, "code": code, "context": {"propertyName": [name]}}]
    return hubspot_error(400, said, "VALIDATION_ERROR", errors=details)


def conflict(message: str) -> Refusal:
    return hubspot_error(409, message, "OBJECT_ALREADY_EXISTS")


def not_found(message: str = "resource not found") -> Refusal:
    return hubspot_error(404, message, "OBJECT_NOT_FOUND")


def check_token(request: web.Request) -> Refusal | None:
    if request.headers.get("Authorization") == f"Bearer {TOKEN}":
        return None
    return hubspot_error(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and private app tokens.",
        "INVALID_AUTHENTICATION",
    )


def faulty(fault: Fault) -> Refusal:
    match fault.kind:
        case "rate_limit":
            message = "You have reached your ten_secondly_rolling limit."
            body = {
                "status": "error",
                "message": message,
                "errorType": "RATE_LIMIT",
                "correlationId": str(uuid.uuid4()),
                "policyName": "TEN_SECONDLY_ROLLING",
                "requestId": str(uuid.uuid4()),
            }
            return Refusal(429, body, reason=message)
        case "unavailable":
            return hubspot_error(503, "Service temporarily unavailable", "SERVICE_UNAVAILABLE")
        case "error":
            return hubspot_error(500, "internal error", "INTERNAL_ERROR")
        case _:
            return invalid("There was a problem with the request.")
