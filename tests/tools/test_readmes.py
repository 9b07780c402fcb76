"""What the pages say is there: commands, their options, files, links."""
from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from calls import ROOT, call

PAGES = ['README.md', 'tools/README.md', 'configs/README.md',
         'configs/experiments/README.md', 'configs/experiments/toy_study.md',
         'configs/experiments/views.md']
TOOLS = {file.stem for file in (ROOT / 'tools').glob('[!_]*.py')}


def commands(pages: list[str]) -> list[list[str]]:
    """Each of the pages' shell commands, as words."""
    found = []
    for page in pages:
        text = (ROOT / page).read_text()
        for block in re.findall(r'```bash\n(.*?)```', text, re.S):
            lines = block.replace('\\\n', ' ').replace('&&', '\n')
            found += [shlex.split(line, comments=True)
                      for line in lines.splitlines()]
    return [words for words in found if words]


def names(words: list[str]) -> list[str]:
    """Files of this repository in a command."""
    return [word for word in words
            if re.fullmatch(r'(tools|configs)/[\w/]+\.(py|sh)', word)]


@pytest.mark.parametrize('words', commands(PAGES), ids=' '.join)
def test_a_command_has_its_files_and_options(words, capsys):
    for name in names(words):
        assert (ROOT / name).is_file(), name
    tool = next((word for word in words if word.startswith('tools/')), '')
    if not tool.endswith('.py') or 'torchrun' in words:
        return
    assert call(Path(tool).stem, '--help') == 0
    said = capsys.readouterr().out
    for word in words:
        if word.startswith('--'):
            assert re.search(rf'{word}\b', said), word


def test_all_tools_have_a_row():
    text = (ROOT / 'tools/README.md').read_text()
    rows = '\n'.join(line for line in text.splitlines()
                     if line.startswith('| `'))
    assert {tool for tool in TOOLS if f'{tool}.py' not in rows} == set()


def anchors(page: Path) -> set[str]:
    return {re.sub(r'[^\w -]', '', title).strip().lower().replace(' ', '-')
            for title in re.findall(r'^#+ (.*)$', page.read_text(), re.M)}


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    page = ROOT / page
    for link in re.findall(r'\]\(([^)]+)\)', page.read_text()):
        if link.startswith('http'):
            continue
        name, _, anchor = link.partition('#')
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_first_page_is_short():
    words = (ROOT / 'README.md').read_text().split()
    assert len(words) < 1500
