"""How every tool begins and ends.

A tool's file imports this module and the standard library alone; its `main`
imports the rest when the arguments are parsed. torch and mmpretrain take
seconds, and who asks for --help or misspells an option should wait for none.
"""
from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

SPELLING = 'KIND:NAME[,size=S][,weights=FILE|none]'  # of a prior

# mmcv-lite and mmengine warn whenever they are imported.
for _message in ('Fail to import ``MultiScale', 'pkg_resources is deprecated'):
    warnings.filterwarnings('ignore', _message)


class ToolError(ValueError):
    """A user's mistake, for tools that run without importing ``mmrela``."""


def positive(text: str) -> int:
    """An argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('must be at least 1')
    return number


def config_path(spec: str) -> Path:
    """A config's file; ``mmpretrain::byol/….py`` is one that it installed.

    Raises:
        ToolError: there is no such package.
    """
    package, scoped, name = spec.partition('::')
    if not scoped:
        return Path(spec)
    found = find_spec(package) if package.isidentifier() else None
    if not (found and found.submodule_search_locations):
        raise ToolError(f'no config at {spec}: no package {package}')
    return Path(found.submodule_search_locations[0], '.mim/configs', name)


class _ConfigFile(argparse.Action):
    """A config's path, which must be there; see :func:`config_path`."""

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, file: str, *_) -> None:
        path = config_path(file)
        if not path.exists():
            from .nearby import config_meant
            raise ToolError(f'no config at {path}{config_meant(file, path)}')
        setattr(namespace, self.dest, str(path))


class _Options(argparse.Action):
    """``KEY=VALUE`` pairs as they are; anything else is a usage error."""

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, pairs: list[str],
                 *_) -> None:
        if not all('=' in pair for pair in pairs):
            parser.error(f'{self.option_strings[0]} takes KEY=VALUE pairs')
        before = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, before + pairs)


class _ListPriors(argparse.Action):
    """``--list-priors``: needs no config, and ends the tool."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from mmrela.priors import list_priors
        print(list_priors())
        parser.exit()


def add_config(parser: argparse.ArgumentParser, *name: str,
               **settings: object) -> None:
    """Add a config file, by default as the positional ``config``."""
    settings = dict(
        dict(help='config file, or mmpretrain::METHOD/FILE.py'), **settings)
    parser.add_argument(*(name or ['config']), action=_ConfigFile, **settings)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, as mmpretrain's tools have."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=_Options, metavar='KEY=VALUE',
        help='override entries, e.g. train_dataloader.batch_size=64')


def add_list_priors(parser: argparse.ArgumentParser) -> None:
    """Add ``--list-priors``."""
    parser.add_argument(
        '--list-priors', nargs=0, action=_ListPriors,
        help='tell what there is for --prior, with licences and sizes')


def run(main: Callable[[], int | None]) -> NoReturn:
    """Call a tool's ``main`` and leave the process with its exit code.

    Args:
        main: returns the exit code; ``None`` means 0.

    Raises:
        SystemExit: 2 after a user's mistake, which is printed to stderr as
            ``error: <sentence>``; 130 after Ctrl-C; else what ``main`` gave.
    """
    try:
        code = _version() if sys.argv[1:] == ['--version'] else main()
    except KeyboardInterrupt:
        code = 130
    except _user_errors() as error:
        print(f'error: {error}', file=sys.stderr)
        code = 2
    sys.exit(code)


def _version() -> None:
    from mmrela.__main__ import versions
    print(versions())


def _user_errors() -> tuple[type[Exception], ...]:
    # Whoever raised a UserError has imported its module already.
    module = sys.modules.get('mmrela.errors')
    return (ToolError, module.UserError) if module else (ToolError,)
