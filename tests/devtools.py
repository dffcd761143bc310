"""A headless Chromium that is told what to do: pages that load by JavaScript are waited for, measured and drawn.

It speaks the DevTools protocol over a pair of pipes (`--remote-debugging-pipe`), which needs no port and no library.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Of a browser that only draws.
QUIET_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
)
# Chromium reads commands from 3 and answers on 4.
COMMANDS, ANSWERS = 3, 4
# Above what a process has open at its start, so that no copy below falls on another.
SPARE = 64
PATIENCE = 60.0
Scheme = Literal["light", "dark"]


def find_program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A running Chromium; use `launching()`."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._received = bytearray()
        self._number = 0

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer.

        Raises:
            RuntimeError: Chromium refuses it, ends, or is silent for PATIENCE seconds.
        """
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        message = json.dumps(command).encode() + b"\0"
        while message:
            message = message[os.write(self._commands, message) :]
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._read_message(deadline, method)
            if answer.get("id") != self._number:
                continue  # an event, which nobody waits for
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def _read_message(self, deadline: float, method: str) -> dict[str, Any]:
        while (end := self._received.find(b"\0")) < 0:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            received = os.read(self._answers, 1 << 20) if ready else b""
            if not received:
                raise RuntimeError(f"{method}: Chromium {'has ended' if ready else 'does not answer'}")
            self._received += received
        message = json.loads(self._received[:end])
        del self._received[: end + 1]
        return message

    @contextlib.contextmanager
    def opening(
        self, address: str, width: int, height: int, scheme: Scheme = "light", storage: Mapping[str, str] | None = None
    ) -> Iterator["Page"]:
        """A page in a profile of its own; `storage` is what its local storage holds before the first script runs."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        try:
            target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
            session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            page = Page(self, session, width)
            page.resize(height)
            self.call(
                "Emulation.setEmulatedMedia",
                session,
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            self.call("Page.enable", session)
            for key, value in (storage or {}).items():
                script = f"localStorage.setItem({json.dumps(key)}, {json.dumps(value)})"
                self.call("Page.addScriptToEvaluateOnNewDocument", session, source=f"try {{ {script} }} catch {{}}")
            self.call("Page.navigate", session, url=address)
            yield page
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page of a browser."""

    def __init__(self, browser: Browser, session: str, width: int) -> None:
        self._browser, self._session, self._width = browser, session, width

    def resize(self, height: int) -> None:
        self._browser.call(
            "Emulation.setDeviceMetricsOverride",
            self._session,
            width=self._width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, a promise's once it is there.

        Raises:
            RuntimeError: The script throws.
        """
        answer = self._browser.call(
            "Runtime.evaluate", self._session, expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str, patience: float = 30.0) -> None:
        """Wait until a JavaScript expression is true.

        Raises:
            TimeoutError: It is not, `patience` seconds long.
        """
        deadline = time.monotonic() + patience
        while not self.evaluate(expression):
            if time.monotonic() > deadline:
                shown = " ".join(str(self.evaluate("document.body?.innerText ?? ''")).split())[:300]
                raise TimeoutError(f"{expression} did not come true within {patience:g} s; the page says: {shown}")
            time.sleep(0.1)

    def settle(self, quiet: float = 0.6) -> None:
        """Wait until nothing has changed in the page for `quiet` seconds; what draws itself for ever is not waited for longer than 10."""
        self.evaluate(
            f"""new Promise(resolve => {{
              const finish = () => {{ observer.disconnect(); resolve(true); }};
              let timer = setTimeout(finish, {quiet * 1000});
              const observer = new MutationObserver(() => {{ clearTimeout(timer); timer = setTimeout(finish, {quiet * 1000}); }});
              observer.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
              setTimeout(finish, 10000);
            }})"""
        )

    def draw(self) -> bytes:
        """What the window shows, as PNG."""
        picture = self._browser.call("Page.captureScreenshot", self._session, format="png")
        return base64.b64decode(picture["data"])


@contextlib.contextmanager
def launching() -> Iterator[Browser]:
    """A Chromium with an empty profile, ended at the end.

    Raises:
        FileNotFoundError: There is none on PATH.
    """
    program = find_program()
    if program is None:
        raise FileNotFoundError(f"no Chromium: expected one of {', '.join(NAMES)} on PATH")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, contextlib.ExitStack() as opened:
        theirs_to_read, commands = _open_pipe(opened)
        answers, theirs_to_write = _open_pipe(opened)

        def place() -> None:
            os.dup2(theirs_to_read, COMMANDS)
            os.dup2(theirs_to_write, ANSWERS)

        process = subprocess.Popen(
            [program, *QUIET_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(COMMANDS, ANSWERS),
            preexec_fn=place,  # noqa: PLW1509 (nothing else runs here that could hold a lock)
        )
        try:
            browser = Browser(commands, answers)
            yield browser
            browser.call("Browser.close")
            process.wait(timeout=10)
        finally:
            process.kill()
            process.wait()


def _open_pipe(opened: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends have numbers that no copy falls on."""
    ends = []
    for low in os.pipe():
        high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, SPARE)
        os.close(low)
        opened.callback(os.close, high)
        ends.append(high)
    return ends[0], ends[1]
