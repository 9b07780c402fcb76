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
from typing import Any, NoReturn

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


class _ConfigFile(argparse.Action):
    """A config's path, which must be there."""

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, file: Any, *_) -> None:
        from mmrela.config.nearby import config_meant, config_path
        path = config_path(file)
        if not path.exists():
            raise ToolError(f'no config at {path}{config_meant(file, path)}')
        setattr(namespace, self.dest, str(path))


class _Options(argparse.Action):
    """``KEY=VALUE`` pairs as they are; anything else is a usage error."""

    def __call__(self, parser: argparse.ArgumentParser,
                 namespace: argparse.Namespace, pairs: Any, *_) -> None:
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


class _Version(argparse.Action):
    """``--version``: needs nothing else, and ends the tool."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from mmrela.__main__ import versions
        print(versions())
        parser.exit()


def tool_parser(description: str,
                *examples: str) -> argparse.ArgumentParser:
    """A tool's parser, to which it adds its arguments.

    Args:
        description: What the tool does.
        examples: Of its arguments; ``\\n`` continues a line.
    """
    lines = [f'  python tools/%(prog)s {arguments}'.rstrip().replace(
        '\n', ' \\\n      ') for arguments in examples]
    parser = argparse.ArgumentParser(
        description=description, epilog='\n'.join(['examples:', *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action=_Version, nargs=0,
                        help="tell mmrela's version, and those beside it")
    return parser


def add_config(parser: argparse.ArgumentParser, *name: str,
               **settings: Any) -> None:
    """Add a config file, by default as the positional ``config``."""
    settings = dict(
        dict(help='config file, or mmpretrain::METHOD/FILE.py'), **settings)
    parser.add_argument(*(name or ['config']), action=_ConfigFile, **settings)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, as mmpretrain's tools have."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=_Options, metavar='KEY=VALUE',
        help='override entries, e.g. train_dataloader.batch_size=64')


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher``, for tools that share their work."""
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm'], default='none',
        help='torchrun (pytorch) or srun (slurm) started several processes')


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
        code = main()
    except KeyboardInterrupt:
        code = 130
    except _user_errors() as error:
        print(f'error: {error}', file=sys.stderr)
        code = 2
    sys.exit(code)


def _user_errors() -> tuple[type[Exception], ...]:
    # Whoever raised a UserError has imported its module already.
    module = sys.modules.get('mmrela.errors')
    return (ToolError, module.UserError) if module else (ToolError,)
