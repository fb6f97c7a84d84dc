"""Whether the kernel can hear the page: while a cell runs, what the page says waits for the cell's end."""

from __future__ import annotations

import sys
from typing import Any


class Cells:
    """Follows the cells of an IPython shell.

    The events of cells alone: `pre_execute` and `post_execute` come with each message of a widget too.
    """

    def __init__(self) -> None:
        self.spell: int | None = 0
        """The number of the spell between two cells; None while a cell runs."""
        self._count = 0
        self._shell: Any = None

    def follow(self, shell: Any) -> None:
        """Follow the cells of this shell, once; a cell of it is taken to run now."""
        if shell is not self._shell:
            self._shell = shell
            self._begin()
            shell.events.register("pre_run_cell", self._begin)
            shell.events.register("post_run_cell", self._end)

    def _begin(self, _info: object = None) -> None:
        self.spell = None

    def _end(self, _result: object = None) -> None:
        self._count += 1
        self.spell = self._count


CELLS = Cells()


def cells() -> Cells:
    """The cells of this process' IPython kernel; where there is none, none ever runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is not None:
        CELLS.follow(shell)
    return CELLS
