"""Puts a mutant into a running Python: into its functions and constants, or under a module yet to be imported."""

import gc
import importlib.machinery
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

FUNCTION = 0x1 | 0x2  # CO_OPTIMIZED and CO_NEWLOCALS: of a function, not of a module or a class
PLAIN = (int, float, str, bytes, type(None), type)
Functions = dict[tuple[str, str, int, int], list[FunctionType]]


class NotPatchable(Exception):
    """The change decided more on import than can be put right afterwards."""


def functions() -> Functions:
    """All functions there are, by file and name. Unfreezes the garbage collector, which hides what it has frozen."""
    gc.unfreeze()
    found: Functions = {}
    for each in gc.get_objects():
        if type(each) is FunctionType:  # `isinstance` would ask a proxy for the class of what is no more
            found.setdefault((each.__code__.co_filename, *_name(each.__code__)), []).append(each)
    return found


@dataclass
class Patch:
    """A changed source of an imported module; whatever imported or wraps its functions uses the changed ones."""

    known: Functions
    module: ModuleType
    old: bytes
    new: bytes

    def apply(self) -> None:
        """Change the functions, constants and defaults that differ. Raises `NotPatchable`, with nothing promised."""
        path = str(self.module.__file__)
        old, new = compile(self.old, path, "exec"), compile(self.new, path, "exec")
        pairs = list(_pairs(old, new))
        for pair in pairs:
            if pair is not None:
                self._change(path, *pair)
        if None in pairs or not pairs:
            self._execute(new)

    def _change(self, path: str, old: CodeType, new: CodeType) -> None:
        key = (path, *_name(old))
        if key not in self.known:
            raise NotPatchable()
        for function in self.known[key]:
            try:
                function.__code__ = new
            except ValueError as error:  # it uses other variables of the function around it
                raise NotPatchable() from error

    def _execute(self, code: CodeType) -> None:
        """Run the changed module apart, and take over the constants and defaults that came out otherwise."""
        apart = ModuleType(self.module.__name__)
        apart.__file__ = self.module.__file__
        known = sys.modules[self.module.__name__]
        sys.modules[self.module.__name__] = apart  # dataclasses look their module up by its name
        try:
            exec(code, vars(apart))
        except Exception as error:
            raise NotPatchable() from error
        finally:
            sys.modules[self.module.__name__] = known
        if _defaults(vars(known), self.module.__name__) != _defaults(vars(apart), self.module.__name__):
            raise NotPatchable()
        changed = [self._take(name, before, vars(apart).get(name)) for name, before in list(vars(known).items())]
        if not any(changed):
            raise NotPatchable()

    def _take(self, name: str, before: object, after: object) -> bool:
        if name.startswith("__") or isinstance(before, FunctionType | ModuleType):
            return False
        if isinstance(before, type):
            mine = before.__module__ == self.module.__name__ and isinstance(after, type)
            return mine and _take_defaults(before, after)
        if repr(before) == repr(after) or callable(before):
            return False
        if not _is_plain(after):
            raise NotPatchable()
        for module in [each for each in sys.modules.values() if vars(each).get(name) is before]:
            setattr(module, name, after)
        return True


def _take_defaults(before: type, after: object) -> bool:
    """Give a class the defaults of the changed one."""
    mine, other = vars(before).get("__init__"), vars(after).get("__init__")
    if not isinstance(mine, FunctionType) or not isinstance(other, FunctionType):
        return False
    olds, news = mine.__defaults__ or (), other.__defaults__ or ()
    if repr(olds) == repr(news):
        return False
    if len(olds) != len(news):
        raise NotPatchable()
    both = [(old, new if repr(old) != repr(new) else old) for old, new in zip(olds, news, strict=True)]
    if not all(new is old or _is_plain(new) for old, new in both):
        raise NotPatchable()
    mine.__defaults__ = tuple(new for _, new in both)
    for name, (old, new) in zip(mine.__code__.co_varnames[mine.__code__.co_argcount - len(olds) :], both, strict=False):
        if new is not old:
            setattr(before, name, new)
            vars(before)["__dataclass_fields__"][name].default = new
    return True


def _defaults(names: Mapping[str, object], module: str) -> dict[str, str]:
    """The default arguments of functions and methods written in this module, which were decided on import."""
    found: dict[str, str] = {}
    for name, value in names.items():
        function = getattr(value, "__func__", value)
        if isinstance(function, FunctionType) and function.__module__ == module and name != "__init__":
            found[name] = repr((function.__defaults__, function.__kwdefaults__))
        elif isinstance(value, type) and value.__module__ == module:
            found |= {f"{name}.{each}": text for each, text in _defaults(vars(value), module).items()}
    return found


def _is_plain(value: object) -> bool:
    """Whether a value holds no instance of a class that was made a second time."""
    if isinstance(value, Mapping):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, PLAIN) or not type(value).__module__.startswith("services")


def _name(code: CodeType) -> tuple[str, int, int]:
    first = next(iter(code.co_positions()), (0, 0, 0, 0))
    return code.co_qualname, code.co_firstlineno, first[2] or 0


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType] | None]:
    """Those functions that differ, as they were and as they are; None for a difference outside of any."""
    olds, news = [[part for part in code.co_consts if isinstance(part, CodeType)] for code in (old, new)]
    if len(olds) != len(news) or _own(old) != _own(new):
        yield None
    for before, after in zip(olds, news, strict=False):
        if before.co_flags & FUNCTION == FUNCTION:
            if _whole(before) != _whole(after):
                yield before, after
        else:
            yield from _pairs(before, after)


def _own(code: CodeType) -> tuple[object, ...]:
    plain = [repr(part) for part in code.co_consts if not isinstance(part, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, plain


def _whole(code: CodeType) -> tuple[object, ...]:
    return *_own(code), *[_whole(part) for part in code.co_consts if isinstance(part, CodeType)]


class Replaced(importlib.machinery.SourceFileLoader):
    """Imports one module from other source than its file has; nothing is written."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._changed = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's spec, with this as its loader."""
        if fullname != self.name:
            return None
        is_package = str(self.path).endswith("__init__.py")
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self.path), is_package=is_package)

    def get_code(self, fullname: str) -> CodeType:
        """What the changed source compiles to."""
        return compile(self._changed, str(self.path), "exec")

    def install(self) -> None:
        """From now on, imports of the module lead here."""
        sys.meta_path.insert(0, self)
