"""What the fixture `caseyos` of tests/bot is: it runs a command as a terminal would."""

from collections.abc import Awaitable, Callable

from typer.testing import Result

Caseyos = Callable[..., Awaitable[Result]]
