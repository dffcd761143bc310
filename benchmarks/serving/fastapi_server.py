"""`fastapi_server.py port workers`: uvicorn with one process or several, each with a socket of its own on the same port.

uvicorn's own --workers share one socket, of which one worker takes most connections, and open it without naming its protocol,
so that asyncio leaves TCP_NODELAY unset and every answer waits 40 ms. Here several workers are measured at their best.
"""

import os
import socket
import sys

import uvicorn

port, workers = (int(argument) for argument in sys.argv[1:])
for _ in range(workers - 1):
    if os.fork() == 0:
        break
with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(2048)
    config = uvicorn.Config("fastapi_service:app", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])
