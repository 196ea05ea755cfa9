"""`python -m integrations.sandbox --data DIR` runs the sandbox in the foreground."""

import asyncio
import sys

from integrations.sandbox.server import arguments, run

if __name__ == "__main__":
    asyncio.run(run(arguments(sys.argv[1:])))
