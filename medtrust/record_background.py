"""The service for other hospitals while something else runs: for demonstrations, and for tests of one's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medtrust.errors import MedtrustError, ToolMissing
from medtrust.record_server import application
from medtrust.record_service import RecordService

__all__ = ["serving", "serving_application"]

_STARTS_WITHIN = 10.0


@contextmanager
def serving(service: RecordService) -> Iterator[str]:
    """Answer on a free port of this machine until the end of the block; yields the URL.

    Raises `ToolMissing` where the extra `serve` is not installed, and `MedtrustError` if it does not start.
    """
    with serving_application(application(service)) as url:
        yield url


@contextmanager
def serving_application(app: Any) -> Iterator[str]:
    """Answer as any ASGI application, such as one of several services; like `serving` in all else."""
    try:
        import uvicorn
    except ImportError:
        raise ToolMissing("uvicorn", "pip install 'medtrust[serve]'") from None
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _STARTS_WITHIN
        while not server.started:
            if time.monotonic() > deadline:
                raise MedtrustError("the service for records did not start")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
