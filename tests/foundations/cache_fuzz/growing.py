"""Random programs, grown from their last module up, so that no two modules import each other."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.foundations.cache_fuzz.features import CLASS_USES, FEATURES, QUIET
from tests.foundations.cache_fuzz.program import MODULES, Definition, Program, Style

_FEATURES_A_MODULE = 4
_SLOT = re.compile(r"\b(module_of_F|name_of_F|BEFORE\d|E|C|F|T)\b")


def random_program(chance: random.Random) -> Program:
    """Return a random program of several modules; every third is `quiet`: a function's name and place mean nothing."""
    growing, quiet, features = _Growing(chance, []), chance.random() < 1 / 3, {"function"}
    names = QUIET if quiet else tuple(FEATURES)
    for module in reversed(range(len(MODULES))):
        growing.add("function", module=module)
        for name in chance.choices(names, k=_FEATURES_A_MODULE):
            growing.add(name, module=module)
            features.add(name)
    growing.add_entry()
    definitions = tuple(growing.definitions)
    styles: dict[tuple[int, int], Style] = {
        (module, one.number): chance.choice(("name", "name", "alias", "module", "re-export"))
        for module in range(len(MODULES))
        for one in definitions
    }
    return Program(definitions, styles, quiet=quiet, features=frozenset(features))


def add_unused(program: Program, chance: random.Random) -> Program:
    """Return the program with one more function, which nothing uses."""
    growing = _Growing(chance, list(program.definitions))
    growing.add("function", module=chance.randrange(len(MODULES)))
    return replace(program, definitions=tuple(growing.definitions))


@dataclass
class _Growing:
    """A program that is being made."""

    chance: random.Random
    definitions: list[Definition]

    def add(self, feature: str, *, module: int) -> None:
        """Add the definitions of a feature to a module, with all that they need filled in."""
        parts = FEATURES[feature].parts
        if any(re.search(r"\bT\b", part.text) for part in parts) and not self._classes(module):
            parts = FEATURES["class"].parts + parts
        for part in parts:
            number = len(self.definitions)
            name = f"{'Kind' if part.kind == 'class' else part.kind[0]}{number}_{self.chance.randrange(1000)}"
            text = _SLOT.sub(self._slot(module, number), part.text).replace("OWN", f"ref_{number}_")
            self.definitions.append(Definition(number, name, part.kind, text, module, part.uses, float(number)))

    def add_entry(self) -> None:
        """Add the stage: its answer comes from most definitions, asked with several numbers; some it never reaches."""
        number, usable = len(self.definitions), self._usable(0)
        lines = [f"def ref_{number}_():", "    found = []", "    for x in (0, 1, 5, 8):"]
        for one in usable[len(usable) // 3 :]:
            lines += [
                "        try:",
                f"            found.append({self._use(one, 'x')})",
                "        except Exception as error:",
                "            found.append(type(error).__name__)",
            ]
        lines.append("    return found")
        self.definitions.append(Definition(number, "entry", "function", "\n".join(lines), 0, (), float(number)))

    def _number(self) -> str:
        return str(self.chance.choice((0, 1, 1, 2, 3, 4, 5, 7, 11)))

    def _usable(self, module: int) -> list[Definition]:
        return [one for one in self.definitions if one.uses and one.module >= module]

    def _functions(self, module: int) -> list[Definition]:
        return [one for one in self._usable(module) if "OWN(ARG)" in one.uses and one.kind != "class"]

    def _classes(self, module: int) -> list[Definition]:
        return [one for one in self._usable(module) if one.uses == CLASS_USES]

    def _use(self, one: Definition, argument: str) -> str:
        text = self.chance.choice(one.uses).replace("OWN", f"ref_{one.number}_")
        return re.sub(r"\bC\b", lambda _: self._number(), text).replace("ARG", argument)

    def _expression(self, module: int, depth: int = 2) -> str:
        draw = self.chance.random()
        usable = self._usable(module)
        if usable and draw < 0.5:
            # the newer ones lead on to the older ones
            one = usable[-1 - min(int(self.chance.expovariate(0.25)), len(usable) - 1)]
            return self._use(one, f"(x + {self._number()}) % 13")
        if depth and draw < 0.9:
            sign = self.chance.choice("+-*")
            left, right = (self._expression(module, depth - 1) for _ in range(2))
            return f"(({left} {sign} {right}) % 1009)"
        return self.chance.choice(("x", self._number()))

    def _slot(self, module: int, number: int) -> Callable[[re.Match[str]], str]:
        functions, classes = self._functions(module), self._classes(module)
        imported = self.chance.choice(functions) if functions else None

        def filled(match: re.Match[str]) -> str:
            match match[1]:
                case "C":
                    return self._number()
                case "E":
                    return self._expression(module)
                case "T":
                    return f"ref_{self.chance.choice(classes[-3:]).number}_"
                case "F":
                    return f"ref_{self.chance.choice(functions[-6:]).number}_" if functions else "abs"
                case "module_of_F" | "name_of_F":
                    assert imported is not None, "every module begins with a function"
                    return f"{match[1][:-1]}{imported.number}_"
            return f"ref_{number - int(match[1].removeprefix('BEFORE'))}_"

        return filled
