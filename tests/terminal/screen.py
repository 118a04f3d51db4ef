"""A program in a pseudo-terminal of a fixed size, and its screen. The emulator is pyte, fetched once into a folder of its own."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from browser import in_python_with

PYTE = "0.8.2"


def with_pyte():
    """Goes on in a Python that has pyte."""
    in_python_with("pyte", PYTE, Path.home() / ".cache" / "cc-orchestrator-terminal")


class Screen:
    """Starts a command; `rename` replaces texts of what it prints, where no column depends on them."""

    def __init__(self, command, columns, rows, cwd, env, rename=()):
        import pyte

        self.cells, self.rename = pyte.Screen(columns, rows), rename
        self.stream = pyte.ByteStream(self.cells)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen([str(word) for word in command], cwd=cwd, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**env, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)})
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        os.close(self.master)

    def read(self, seconds):
        """Takes in what comes in so many seconds; false: it has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                continue
            try:
                bytes = os.read(self.master, 1 << 16)
            except OSError:
                return False
            if not bytes:
                return False
            for old, new in self.rename:
                bytes = bytes.replace(old.encode(), new.encode())
            self.stream.feed(bytes)
        return True

    def lines(self):
        """Not pyte's own `display`, which fails where half of a wide character was overwritten."""
        rows = (self.cells.buffer[row] for row in range(self.cells.lines))
        return ["".join(row[column].data for column in range(self.cells.columns)) for row in rows]

    def text(self):
        return "\n".join(self.lines())

    def shows(self, text, seconds=60):
        end = time.monotonic() + seconds
        while text not in self.text():
            if not self.read(0.2) and text not in self.text():
                raise RuntimeError(f"it ended without {text!r}:\n{self.text()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{text!r} was not shown:\n{self.text()}")

    def press(self, keys):
        os.write(self.master, keys.encode())

    def to_the_end(self, seconds=120):
        end = time.monotonic() + seconds
        while self.read(0.2) and time.monotonic() < end:
            pass
