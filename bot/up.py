"""`caseyos up`: the product in one process tree, on the services that the settings name, or on embedded servers."""

from pathlib import Path

from rich.console import Console

from bot.embedded import servers
from bot.process_tree import Process, Tree, caseyos, environment
from bot.settings import Settings

DATA = Path(".caseyos") / "up"


def run(settings: Settings) -> None:
    """Migrates, then keeps a bot and a worker running until SIGTERM or SIGINT."""
    console = Console(stderr=True)
    if settings.database_url is None or settings.redis_url is None:
        console.print(f"Running what is not set here: PostgreSQL or Valkey, data in {DATA}")
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    with servers.running(DATA, database=servers.given(settings), redis_url=redis_url) as found:
        env = environment(found.settings())
        Tree([Process("bot", caseyos("bot"), env), Process("worker", caseyos("worker"), env)], console.print).run()
