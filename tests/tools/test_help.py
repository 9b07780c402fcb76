"""--help explains every option, and its examples are lines that work."""
from __future__ import annotations

import argparse
import importlib
import shlex
from collections.abc import Iterator

import pytest
from calls import ROOT

TOOLS = sorted(file.stem for file in (ROOT / 'tools').glob('[!_]*.py'))


class MadeError(Exception):
    """Carries a parser that is about to parse."""


@pytest.fixture
def parser_of(monkeypatch):
    """A tool's parser; its `parse_args` is called no further."""
    def get(tool: str) -> argparse.ArgumentParser:
        def stop(self):
            raise MadeError(self)

        with monkeypatch.context() as patch, pytest.raises(MadeError) as made:
            patch.setattr('sys.argv', [f'{tool}.py'])
            patch.setattr(argparse.ArgumentParser, 'parse_args', stop)
            importlib.import_module(tool).parse_args()
        return made.value.args[0]

    return get


def arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                assert each.description
                yield from arguments(each)
            assert {*action.choices} == {
                choice.dest for choice in action._choices_actions}
        else:
            yield action


@pytest.mark.parametrize('tool', TOOLS)
def test_every_option_is_explained(parser_of, tool):
    found = [*arguments(parser_of(tool))]
    assert len(found) > 2 and '--version' in found[1].option_strings
    for action in found:
        hidden = '--local-rank' in action.option_strings  # torch's own
        assert (action.help == argparse.SUPPRESS) is hidden, action
        assert hidden or len((action.help or '').split()) > 1, action


def examples(parser: argparse.ArgumentParser) -> list[list[str]]:
    title, *lines = parser.format_help().partition('examples:\n')[1:]
    assert title
    return [shlex.split(line) for line in lines[0].replace(
        '\\\n', ' ').splitlines()]


@pytest.mark.parametrize('tool', TOOLS)
def test_the_examples_work(parser_of, tool, monkeypatch):
    monkeypatch.chdir(ROOT)
    parser = parser_of(tool)
    found = examples(parser)
    assert len(found) == 2
    for python, file, *rest in found:
        assert (python, file) == ('python', f'tools/{tool}.py')
        parser.parse_args(rest)
