"""The page of a run: whole, by itself, and honest about what lacks."""
from __future__ import annotations

import base64
import io
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from calls import CIFAR, DATA, call
from mmengine.config import Config
from PIL import Image

from _lib.gallery.page import SECTIONS, write_page
from _lib.gallery.parts import picture
from _lib.gallery.run import Finished
from _lib.training.curves import load
from mmrela.priors import build_prior

VOID = {'img', 'meta'}


class Page(HTMLParser):
    """What a page holds; complains about tags that do not match.

    ``texts`` are its words by the heading above them, ``found`` its tags.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.texts: dict[str, str] = {'': ''}
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.heading = ''
        self.size = file.stat().st_size
        self.source = file.read_text()
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ['h2']:
            self.heading = data
        elif 'style' not in self.open:
            self.texts[self.heading] = self.texts.get(
                self.heading, '') + data + ' '

    def tags(self, name: str, kind: str = '') -> list[dict[str, str]]:
        return [attrs for tag, attrs in self.found if tag == name
                and kind in attrs.get('class', '')]

    def pictures(self) -> list[Image.Image]:
        sources = [attrs['src'] for attrs in self.tags('img')]
        found = []
        for source in sources:
            head, data = source.split(',')
            assert head in ('data:image/png;base64', 'data:image/jpeg;base64')
            found.append(Image.open(io.BytesIO(base64.b64decode(data))))
            found[-1].load()
        return found


def row(step, **more):
    return dict(step=step, time=0.5, lr=0.001, **more)


def rela(step, loss):
    return row(step, loss=loss, rela_loss=loss, **{'lambda': 1})


def host(step, loss):
    return row(step, loss=loss, **{'lambda': 0})


LOG = [dict(step=0, knn_top1=20.0), rela(1, 1.0), rela(2, 0.5),
       dict(step=2, knn_top1=31.25), host(3, float('nan')), host(4, -1.5),
       dict(step=4, knn_top1=28.5)]


@pytest.fixture
def run(tmp_path, four_components, cifar_root) -> Path:
    """A run as train.py and evaluate.py leave it, of 16 images."""
    work_dir = tmp_path / '<run> & "son"'
    log = work_dir / '20260101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(each) + '\n' for each in LOG))
    cfg = Config.fromfile(CIFAR)
    cfg.merge_from_dict({
        f'{DATA}.data_root': str(cifar_root), f'{DATA}.indices': 16,
        f'{DATA}.targets': str(four_components), 'launcher': 'none',
        'model.rela_head.out_channels': 4, 'train_dataloader.batch_size': 8,
        'model.backbone.base_channels': 8, 'model.backbone.stem_channels': 8,
        'model.neck.in_channels': 64})
    cfg.dump(work_dir / 'config.py')
    backbone = build_prior('random:1', None, None, cfg).model.backbone
    torch.save(dict(state_dict={
        f'backbone.{key}': value for key, value in
        backbone.state_dict().items()}), work_dir / 'epoch_2.pth')
    (work_dir / 'train.json').write_text(json.dumps(dict(
        steps=4, train_seconds=3.0, switch_step=2, seed=0, device='CPU')))
    (work_dir / 'evaluation.json').write_text(json.dumps([
        dict(model=f'x/epoch_{n}.pth', linear_top1=40.0 + n) for n in (1, 2)]))
    (work_dir / 'mine.json').write_text('no JSON')
    return work_dir


def page_of(*runs: Path) -> Page:
    file = runs[0] / 'page.html'
    write_page({str(run): load(run) for run in runs}, file)
    return Page(file)


def test_all_of_a_run_is_on_one_page(run):
    assert call('plot_run', run) == 0
    page = Page(run / 'curves.html')
    assert page.size < 3e6 and [*page.texts][1:] == [*SECTIONS]
    assert len(page.tags('p', 'note')) == 0
    assert page.tags('title') and page.tags('meta')[1]['content'].startswith(
        'width=device-width')
    overview = page.texts['']
    assert run.name in overview and 'BYOL on ResNet18' in overview
    for text in ('20.0 → 28.5 %', '42.0 %', 'step 2', 'seed 0', '4'):
        assert text in overview
    assert 'epoch_1.pth 41.00' in page.texts['Linear probe']
    assert '16 images' in page.texts['What the targets hold']
    # a query and 5 neighbours by each of two networks, eight times
    assert [image.size for image in page.pictures()] == 88 * [(32, 32)]
    assert len(page.tags('div', 'card')) == 8


def test_nothing_comes_from_elsewhere(run):
    page = page_of(run)
    assert 'prefers-color-scheme: dark' in page.source
    for tag, attrs in page.found:
        assert tag not in ('script', 'link', 'iframe', 'object', 'image')
        for name in ('href', 'srcset', 'data', 'action', 'xlink:href'):
            assert name not in attrs
        assert attrs.get('src', 'data:').startswith('data:')
    for text in ('http:', 'https:', 'url(', '@import', '//cdn'):
        assert text not in page.source


def test_charts_are_whole_and_mark_the_hand_over(run):
    page = page_of(run)
    titles = [attrs['aria-label'] for attrs in page.tags('svg')]
    assert titles == [
        "RELA's loss", "host's loss", 'λ', 'kNN, top-1 %', 'learning rate',
        'images/s (of one rank)', 'variance of each component, %',
        'variance kept, %']
    assert len(page.tags('path', 'mark')) == 6
    assert len(page.tags('rect', 'stage')) == 6
    assert all('nan' not in path['d'] for path in page.tags('path'))
    assert 'hand-over at step 2' in page.texts['Curves']
    assert 'knn_top1: 31.25 at 2' in page.texts['Curves']


def test_frames_tell_the_same_class(run, cifar_root):
    """Labels of the images are 0 to 9, again and again."""
    page = page_of(run)
    text = page.texts['Neighbours before and after']
    shares = [float(word) for word in text.split('all neighbours ')[1].split()
              if word.replace('.', '').isdigit() and '.' in word]
    # six classes have two images each, of five neighbours one at most
    assert len(shares) == 2 and all(0 <= s <= 100 * 12 / 80 for s in shares)
    assert len(page.tags('img', 'same')) <= 16
    assert 'after epoch_2' in text


def test_seconds_are_those_of_the_stages(run):
    """Two steps each, of 3 s in all; the store tells of the targets."""
    seconds = Finished(run, load(run)).seconds
    assert [*seconds] == ['targets', "RELA's stage", "host's stage"]
    assert seconds["RELA's stage"] == seconds["host's stage"] == 1.5
    (run / 'train.json').unlink()
    killed = Finished(run, load(run)).seconds
    assert killed["RELA's stage"] == killed["host's stage"] == 1.0
    assert '16 16' in page_of(run).texts['Cost']


@pytest.mark.parametrize('gone, heading, sentence', [
    ('knn', 'Curves', 'No kNN scores'),
    ('evaluation.json', 'Linear probe', 'tools/evaluate.py CONFIG --all'),
    ('epoch_2.pth', 'Neighbours before and after', 'holds no checkpoints'),
    ('targets', 'What the targets hold', 'run tools/gen_targets.py'),
    ('config.py', 'Cost', 'holds no config'),
    ('train.json', '', 'steps logged: the training did not end'),
])
def test_what_lacks_is_told_and_the_rest_is_there(
        run, gone, heading, sentence):
    if gone == 'knn':
        log = next(run.glob('*/vis_data/scalars.json'))
        log.write_text(''.join(json.dumps(each) + '\n' for each in LOG
                               if 'knn_top1' not in each))
    elif gone == 'targets':
        cfg = Config.fromfile(run / 'config.py')
        cfg.train_dataloader.dataset.targets = str(run / 'nowhere')
        cfg.dump(run / 'config.py')
    else:
        (run / gone).unlink()
    page = page_of(run)
    assert sentence in page.texts[heading]
    assert [*page.texts][1:] == [*SECTIONS]
    assert len(page.tags('figure')) >= 5


def test_several_runs_share_a_page(run, tmp_path):
    other = tmp_path / 'other'
    shutil.copytree(run, other)
    page = page_of(run, other)
    assert len(page.tags('p', 'note')) == 2  # neighbours, spectrum
    assert 'draw it alone' in page.texts['What the targets hold']
    assert page.texts['Linear probe'].count('epoch_2.pth') == 2
    assert len(page.tags('g', 'c1')) == len(page.tags('g', 'c0')) == 6


def test_large_pictures_are_made_small():
    tag = picture(Image.new('RGB', (900, 300)), 'a "b"')
    data = tag.split('base64,')[1].rstrip('">')
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (288, 96) and image.format == 'JPEG'
    assert 'alt="a &quot;b&quot;"' in tag
