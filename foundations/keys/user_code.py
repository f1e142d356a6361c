"""Which code is the user's, and so counts by content; all other code counts by the environment that it is part of."""

import os
import sys
import sysconfig
import types
from collections.abc import Sequence
from pathlib import Path

from foundations.outside import outside_folders

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_OURS = os.path.realpath(Path(__file__).parents[1])
_DISTRIBUTION = Path(_OURS).parent  # where it is installed as editable, all our rooms are on the path
_COMPILED = (".so", ".pyd", ".dylib")


class UserCode:
    """The model directory, and what is beside it: folders on the import path, packages installed as editable."""

    def __init__(self, root: Path, outside: Sequence[Path] = ()) -> None:
        self.root = Path(os.path.realpath(root))
        self.folders = (self.root, *(Path(os.path.realpath(folder)) for folder in outside))
        self._prefixes = tuple(os.path.join(folder, "") for folder in self.folders)
        paths = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._installed = tuple(os.path.join(path, "") for path in (*paths, _OURS))
        self._real: dict[str, str] = {}
        self._owned: dict[str, bool] = {}
        self._relative: dict[str, str] = {}
        self._modules: dict[str, tuple[types.ModuleType, bool]] = {}

    @classmethod
    def of(cls, root: Path, paths: Sequence[str]) -> "UserCode":
        """Return the code of the model directory `root`, of the folders `paths`, and of all else outside of it."""
        outside = (folder for folder in outside_folders(root) if not folder.is_relative_to(_DISTRIBUTION))
        return cls(root, [*(Path(path) for path in paths), *outside])

    def owns(self, file: str | None) -> bool:
        """Tell whether the code in a file is the user's; a relative path is that of a driver, which is."""
        if not file or (file.startswith("<") and file.endswith(">")):
            return False
        if file not in self._owned:
            self._owned[file] = self._is_inside(file)
        return self._owned[file]

    def owns_module(self, name: str | None) -> bool:
        """Tell whether a module, by its name, is the user's; one that nobody can import any more is."""
        module = sys.modules.get(name) if isinstance(name, str) else None
        if name is None or name == "__main__" or not isinstance(module, types.ModuleType):
            return module is None or name == "__main__"
        known = self._modules.get(name)
        if known is None or known[0] is not module:
            known = self._modules[name] = module, self._is_users(module, name)
        return known[1]

    def is_compiled(self, module: types.ModuleType | None) -> bool:
        """Tell whether a module of the user's is an extension, which only has its file to tell it from others."""
        file = vars(module).get("__file__") if isinstance(module, types.ModuleType) else None
        return isinstance(file, str) and file.endswith(_COMPILED) and self.owns(file)

    def relative(self, file: str) -> str:
        """Return a path for people: relative to the model directory, or to the folder that it is found in."""
        if file not in self._relative:
            self._relative[file] = self._shown(file)
        return self._relative[file]

    def _shown(self, file: str) -> str:
        if not os.path.isabs(file):
            return Path(file).as_posix()
        real = self._resolved(file)
        inside = next((real[len(prefix) :] for prefix in self._prefixes if real.startswith(prefix)), real)
        return inside.replace(os.sep, "/")

    def _resolved(self, file: str) -> str:
        if file not in self._real:
            self._real[file] = os.path.realpath(file)
        return self._real[file]

    def _is_inside(self, file: str) -> bool:
        if not os.path.isabs(file):
            return True
        real = self._resolved(file)
        for prefix in self._prefixes:
            if real.startswith(prefix):
                inside = real[len(prefix) :].split(os.sep)
                if _INSTALLED.isdisjoint(inside) and not self._is_installed(real, prefix):
                    return True
        return False

    def _is_installed(self, real: str, prefix: str) -> bool:
        """Tell whether a file belongs to a Python whose folders lie inside the model directory."""
        return any(real.startswith(path) and path.startswith(prefix) for path in self._installed)

    def _is_users(self, module: types.ModuleType, name: str) -> bool:
        held = vars(module)  # asking the module itself could run its own __getattr__
        file = held.get("__file__")
        if isinstance(file, str):
            return self.owns(file)
        folders = held.get("__path__")
        if folders is not None:
            return any(self.owns(os.path.join(folder, "__init__.py")) for folder in list(folders))
        if held.get("__spec__") is not None or name in sys.builtin_module_names:
            return False
        parent = name.partition(".")[0]
        return parent == name or self.owns_module(parent)
