"""`caseyos up`: the product in one process tree, on the services that the settings name, or on embedded servers."""

from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from bot import schema
from bot.embedded import servers
from bot.process_tree import Process, Tree, caseyos, environment
from bot.settings import Settings

DATA = Path(".caseyos") / "up"


def run(settings: Settings) -> None:
    """Migrates, then keeps a bot and a worker running until SIGTERM or SIGINT."""
    console = Console(stderr=True)
    with ExitStack() as stack:
        extra: dict[str, str] = {}
        if settings.database_url is None or settings.redis_url is None:
            console.print(f"No database is set: running PostgreSQL and Valkey here, data in {DATA}")
            extra = stack.enter_context(servers.running(DATA)).settings()
        else:
            schema.migrate_now(settings)
        env = environment(extra)
        Tree([Process("bot", caseyos("bot"), env), Process("worker", caseyos("worker"), env)], console.print).run()
