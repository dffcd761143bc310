"""uvicorn with one or several worker processes, each with a socket of its own on the same port (SO_REUSEPORT).

    python fastapi_server.py PORT WORKERS

The workers of uvicorn's own --workers share one socket, from which one worker takes most connections, and which is opened
without naming its protocol, so that asyncio does not set TCP_NODELAY and every answer is delayed by 40 ms. This is the fair
configuration to compare with.
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
