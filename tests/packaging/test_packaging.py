"""What travels in wheels, sdists and editable installs."""
from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import modelindex
import pytest
import torch
from mmengine.config import Config
from setuptools import Distribution
from torchvision.models import resnet18

from _build import MIM, BuildPy

ROOT = Path(__file__).parents[2]
TRAVEL = ['configs/_base_/deep/x.py', 'configs/README.md', 'configs/leaf.py',
          'configs/metafiles/x.yml', 'model-index.yml',
          'tools/README.md', 'tools/_lib/deep/y.py', 'tools/pins.txt',
          'tools/run.sh', 'tools/t.py']
STAY = ['configs/__pycache__/leaf.cpython-311.pyc', 'configs/figure.png',
        'data/x.py', 'tests/test_x.py', 'tools/__pycache__/t.pyc',
        'tools/weights.pth']
LEAVES = sorted(file.stem for file in (ROOT / 'configs').glob('*_rela_*.py'))
PIP = ['-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '--no-index',
       '--disable-pip-version-check', '-q', '-w']


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A small project, also the working directory."""
    for name in ['mmrela/__init__.py', *TRAVEL, *STAY]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(editable: bool = False) -> BuildPy:
    """The command as setuptools sets it up for the small project."""
    built = BuildPy(Distribution(dict(
        name='mmrela', packages=['mmrela'], script_name='setup.py')))
    built.build_lib = 'build/lib'
    built.editable_mode = editable
    built.ensure_finalized()
    return built


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder))
                  for file in folder.rglob('*') if file.is_file())


@pytest.mark.parametrize('absent', ['', 'model-index.yml'])
def test_wheel_gets_copies(source, absent):
    stale = Path('build', 'lib', MIM, 'configs', 'removed.py')
    stale.parent.mkdir(parents=True)
    stale.write_text('left by an older build')
    if absent:
        Path(absent).unlink()
    build = command()
    build.run()
    expected = sorted({*TRAVEL} - {absent})
    copies = Path('build', 'lib', MIM)
    assert files(copies) == expected
    assert all((copies / name).read_text() == name for name in expected)
    assert not MIM.exists()
    outputs = build.get_outputs(include_bytecode=False)
    assert sorted(outputs) == sorted(
        f'build/lib/{name}' for name in files(Path('build', 'lib')))


def test_sdist_gets_what_a_wheel_needs(source):
    assert sorted(command().get_source_files()) == sorted(
        ['mmrela/__init__.py', *TRAVEL])


def test_editable_install_gets_links(source):
    MIM.mkdir()
    (MIM / 'configs').symlink_to('/nowhere')
    Path('model-index.yml').unlink()
    for _ in range(2):
        command(editable=True).run()
    assert sorted(link.name for link in MIM.iterdir()) == ['configs', 'tools']
    moved = source.rename(source.with_name(f'{source.name}-moved'))
    for name in ['configs/leaf.py', 'tools/run.sh']:
        assert (moved / MIM / name).read_text() == name
    assert not (moved / 'build').exists()


def test_strict_editable_install_knows_the_sources(source):
    build = command(editable=True)
    mapping = build.get_output_mapping()
    for name in TRAVEL:
        assert mapping[f'build/lib/mmrela/.mim/{name}'] == name
    assert sorted(build.get_outputs()) == sorted(mapping)


def test_editable_install_spares_what_is_no_link(source):
    (MIM / 'configs').mkdir(parents=True)
    with pytest.raises(OSError):
        command(editable=True).run()
    assert (MIM / 'configs').is_dir()


def test_model_index_is_true():
    index = modelindex.load(str(ROOT / 'model-index.yml'))
    assert index.check(silent=True) == []
    assert sorted(model.name for model in index.models) == LEAVES
    for model in index.models:
        assert model.config == f'configs/{model.name}.py'
        cfg = Config.fromfile(ROOT / model.config)
        epochs = model.metadata.data['Epochs']
        assert epochs == cfg.train_cfg.max_epochs
        assert model.full_model.paper['URL'].endswith('2405.14669')


def python(*argv, cwd: Path) -> None:
    """Run Python, and show what it printed if it fails."""
    done = subprocess.run([sys.executable, *map(str, argv)], cwd=cwd,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def call_hook(hook: str, project: Path, out: Path) -> None:
    """Build with setuptools' hook of that name, as pip does."""
    python('-c', f'import setuptools.build_meta as b; b.{hook}({str(out)!r})',
           cwd=project)


def make_wheel(source: Path, out: Path) -> Path:
    """Let pip build a wheel, offline, and unpack it."""
    python(*PIP, out, source, cwd=out.parent)
    wheel, = out.glob('*.whl')
    shutil.unpack_archive(wheel, out / 'files', 'zip')
    return out / 'files'


def clean_copy(folder: Path) -> Path:
    """A copy of this checkout without what an earlier build left."""
    return shutil.copytree(
        ROOT, folder / 'mmrela', ignore=shutil.ignore_patterns(
            '.*', 'build', 'data', 'dist', 'mlruns', 'wandb', 'work_dirs',
            '*venv*', '*.egg-info'))


@pytest.fixture(scope='module')
def project(tmp_path_factory) -> Path:
    return clean_copy(tmp_path_factory.mktemp('checkout'))


@pytest.fixture(scope='module')
def editable(project, tmp_path_factory) -> list[str]:
    """Names in the wheel that stands for an editable install."""
    out = tmp_path_factory.mktemp('editable')
    call_hook('build_editable', project, out)
    wheel, = out.glob('*.whl')
    return zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope='module')
def wheel(project, editable, tmp_path_factory) -> Path:
    """The unpacked wheel of a checkout that holds an editable's links."""
    return make_wheel(project, tmp_path_factory.mktemp('built') / 'wheel')


@pytest.fixture(scope='module')
def sdist(project, tmp_path_factory) -> Path:
    """The unpacked sdist."""
    out = tmp_path_factory.mktemp('sdist')
    call_hook('build_sdist', project, out)
    file, = out.glob('*.tar.gz')
    shutil.unpack_archive(file, out / 'files')
    source, = (out / 'files').iterdir()
    return source


def below(folder: Path, *names: str) -> list[str]:
    """The files of a checkout's folders that are code or text.

    Without what an editable install links to.
    """
    suffixes = ('.md', '.py', '.sh', '.txt', '.typed', '.yml')
    return [name for name in files(folder) if name.endswith(suffixes)
            and name.startswith(tuple(f'{n}/' for n in names))
            and not name.startswith(f'{MIM}/')]


@pytest.mark.slow
def test_wheel_is_complete(project, wheel):
    mim = [f'{MIM}/{name}'
           for name in [*below(project, 'configs', 'tools'),
                        'model-index.yml']]
    found = [name for name in files(wheel) if '.dist-info/' not in name]
    assert found == sorted([*mim, *below(project, 'mmrela')])


@pytest.mark.slow
def test_sdist_is_complete(project, sdist):
    alone = ['LICENSE', 'MANIFEST.in', 'README.md', 'model-index.yml',
             'pyproject.toml', 'setup.cfg']
    found = [name for name in files(sdist)
             if name != 'PKG-INFO' and '.egg-info/' not in name]
    assert found == sorted(
        alone + below(project, 'configs', 'mmrela', 'tests', 'tools'))


@pytest.mark.slow
def test_sdist_makes_the_same_wheel(wheel, sdist, tmp_path):
    again = make_wheel(sdist, tmp_path / 'wheel')
    assert files(wheel) == files(again)
    for name in files(wheel):
        assert (wheel / name).read_bytes() == (again / name).read_bytes()


def load_and_inherit(configs: Path, folder: Path) -> None:
    """Load each leaf by its path, and through a config that lies elsewhere."""
    for leaf in LEAVES:
        base = configs / f'{leaf}.py'
        heir = folder / 'heir.py'
        heir.write_text(f'_base_ = {str(base)!r}\nmodel = dict(mine=1)\n')
        cfg = Config.fromfile(heir)
        assert cfg.model.pop('mine') == 1
        assert cfg.to_dict() == Config.fromfile(base).to_dict()
        assert cfg.model.type == 'Rela'


@pytest.mark.slow
def test_configs_of_a_wheel_are_bases(wheel, tmp_path):
    load_and_inherit(wheel / MIM / 'configs', tmp_path)


@pytest.mark.slow
def test_editable_install_finds_configs(project, editable, tmp_path):
    assert [name for name in editable if name.startswith('mmrela/')] == []
    load_and_inherit(project / MIM / 'configs', tmp_path)
    assert (project / MIM / 'tools' / 'train.py').is_file()


CALLS = """
import sys
wheel, checkpoint, images = sys.argv[1:]
sys.path.insert(0, wheel)
import mmrela
import torch
assert mmrela.__file__.startswith(wheel)
leaf = f'{wheel}/mmrela/.mim/configs/byol_rela_r18_folder.py'
backbone = mmrela.load_backbone(leaf, checkpoint, 32)
assert backbone(torch.zeros(2, 3, 32, 32)).shape == (2, 512)
found = mmrela.export_backbone(leaf, checkpoint, to='timm', image_size=32)
assert found.network == 'resnet18'
features, ids = mmrela.embed(leaf, checkpoint, images, image_size=32)
assert features.shape == (36, 512)
score = mmrela.knn(leaf, checkpoint, data=images, image_size=32)
assert score['test_images'] == 18
assert '_lib' not in sys.modules
"""


@pytest.mark.slow
def test_calls_of_a_wheel_need_no_tools(wheel, image_folder, tmp_path):
    model = resnet18()  # of the same layers, in the same order
    torch.save(dict(state_dict={
        f'backbone.{name}': value for name, value in
        model.state_dict().items() if not name.startswith('fc.')}),
        tmp_path / 'x.pth')
    alone = tmp_path / 'wheel'
    shutil.copytree(wheel, alone, ignore=shutil.ignore_patterns('tools'))
    python('-W', 'ignore', '-c', CALLS, alone, tmp_path / 'x.pth',
           image_folder, cwd=tmp_path)
