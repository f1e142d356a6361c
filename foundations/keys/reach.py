"""What whoever reads code asks of whoever knows what there is."""

from typing import Any, Protocol

from foundations.keys.flow import Streams
from foundations.keys.modules import Module
from foundations.keys.nodes import Node
from foundations.keys.user_code import UserCode

Reference = Node | bytes


class Reach(Protocol):
    """All that there is to be reached; `holder` is the node that refers to it, and gets what has to be said of it."""

    code: UserCode
    streams: Streams

    def refer(self, holder: Node, value: Any, name: str) -> Reference:
        """Return what stands for a value; `name` is for people."""

    def refer_named(self, holder: Node, value: Any, name: str) -> Reference:
        """Return what stands for a value that code names, with a node of its own where it is the user's."""

    def refer_inside(self, holder: Node, module: Module, attribute: str | None) -> Reference:
        """Return what stands for a module that is not loaded, or for one of its names; None: for all of them."""

    def refer_library(self, holder: Node, name: str, value: Any) -> Reference:
        """Return what stands for what a library calls `name`."""

    def refer_everything(self) -> Node:
        """Return the node for all code of the model directory."""

    def refer_data_files(self, folder: str | None = None) -> Node:
        """Return the node for the files of the model directory, or of a folder in it, that are no code."""

    def refer_effects(self, module: Module) -> Node | None:
        """Return the node for what importing a module does beside defining names, None where it does nothing else."""

    def mention(self, holder: Node, text: str) -> None:
        """Take note of a text in code that may name a file."""
