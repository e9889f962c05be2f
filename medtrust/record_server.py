"""The service for other hospitals over HTTP, for the machine of a hospital's IT; needs the extra `serve`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Final

from medtrust.encryption_key import public_to_json
from medtrust.errors import ChainError, CheckRefused, InputError, MedtrustError, ToolMissing
from medtrust.json_fields import hex_text
from medtrust.record_service import RecordService
from medtrust.record_wire import Asked

__all__ = ["application", "log_line", "serve"]

_LARGEST_REQUEST: Final = 64 * 1024

_logger = logging.getLogger("medtrust.records")


def serve(service: RecordService, *, host: str = "127.0.0.1", port: int = 8444) -> None:
    """Answer until interrupted. Put a proxy that speaks TLS before it: what goes over the wire names patients.

    Raises `ToolMissing` where the extra is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise ToolMissing("uvicorn", "pip install 'medtrust[serve]'") from None
    uvicorn.run(application(service), host=host, port=port, access_log=False, log_level="warning")


def application(service: RecordService) -> Any:
    """Make the ASGI application: POST /challenge, /ticket, /release, /find, /break-glass and /share, JSON in and out.

    A refusal is status 403 with `reason` and `sentence`, a request that cannot be read 400, a chain that does not
    answer 503. Raises `ToolMissing` where the extra is not installed.
    """
    try:
        from fastapi import FastAPI
        from fastapi.concurrency import run_in_threadpool
        from fastapi.responses import JSONResponse
    except ImportError:
        raise ToolMissing("fastapi", "pip install 'medtrust[serve]'") from None
    app = FastAPI(title="medtrust records", docs_url=None, redoc_url=None, openapi_url=None)

    def add(path: str, act: Callable[[bytes], Any]) -> None:
        async def respond(request: Any) -> JSONResponse:
            body = bytearray()
            async for part in request.stream():
                body += part
                if len(body) > _LARGEST_REQUEST:
                    return JSONResponse({"error": "InputError", "message": "the request is too large"}, 413)
            status, value = await run_in_threadpool(_answer, act, bytes(body))
            return JSONResponse(value, status, headers={"Cache-Control": "no-store"})

        app.add_route(path, respond, methods=["POST"])

    add("/challenge", lambda _: _greeting(service))
    add("/ticket", lambda body: service.ticket(_read(body)).to_json())
    add("/release", lambda body: service.release(_read(body)).to_json())
    add("/break-glass", lambda body: service.break_glass(_read(body)).to_json())
    add("/share", lambda body: service.share(_read(body)).to_json())
    add("/find", lambda body: {"found": [one.to_json() for one in service.find(_read(body))]})
    return app


def log_line(line: dict[str, Any]) -> None:
    """Write one act to the log `medtrust.records`, as one line of JSON."""
    _logger.info(json.dumps(line, sort_keys=True))


def _greeting(service: RecordService) -> dict[str, Any]:
    custodian = service.custodian
    return {
        "nonce": hex_text(service.challenge()),
        "custodian": hex_text(custodian.organisation),
        "chainId": custodian.suite.chain.id,
        "registry": custodian.suite.records.address,
        "publicKey": public_to_json(custodian.key.public),
    }


def _answer(act: Callable[[bytes], Any], body: bytes) -> tuple[int, Any]:
    """Do one act and turn our exceptions into a status: the only place where this is done."""
    try:
        return 200, act(body)
    except CheckRefused as error:
        return 403, {"error": "CheckRefused", "reason": error.reason, "sentence": error.sentence}
    except InputError as error:
        return 400, {"error": "InputError", "message": str(error)}
    except ChainError:
        return 503, {"error": "ChainError", "message": "the chain does not answer"}
    except MedtrustError as error:
        return 500, {"error": type(error).__name__, "message": "the service cannot do this now"}


def _read(body: bytes) -> Asked:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError(place="request", found="no JSON", expected="a JSON object") from None
    return Asked.from_json(raw)
