"""How Slack says no."""

from typing import Any


class SlackError(Exception):
    """The Web API answers `ok: false` with this error; `extra` joins the answer, `reason` only the ledger."""

    def __init__(
        self,
        error: str,
        reason: str = "",
        *,
        messages: list[str] | None = None,
        status: int = 200,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.reason = reason or error
        self.messages = messages or []
        self.status = status
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error": self.error}
        if self.messages:
            answer["response_metadata"] = {"messages": self.messages}
        return answer


class NotThere(Exception):
    """A person asked the sandbox for something that is not on their screen: a 4xx of the control routes."""

    def __init__(self, code: str, message: str, *, field: str | None = None, status: int = 404) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}
