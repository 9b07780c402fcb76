"""Brings configs/ and tools/ along as mmrela/.mim, OpenMMLab's place for them.

setup.cfg names the class, and setuptools loads this file alone: a build
environment has neither torch nor mmrela.
"""
from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

PATTERNS = ('configs/**/*.py', 'configs/**/*.md', 'configs/**/*.yml',
            'tools/**/*.py', 'tools/*.md', 'tools/*.sh', 'tools/*.txt',
            'model-index.yml')
MIM = Path('mmrela', '.mim')


class BuildPy(build_py):
    """Copies into wheels, links in editable installs, adds to sdists.

    An editable install imports mmrela from the checkout, so its links lie
    there, too. setuptools runs a build in the folder of setup.cfg.
    """

    def mim_mapping(self) -> dict[str, str]:
        """The source of each file to come, by its place in the build."""
        files = (file for pattern in PATTERNS
                 for file in Path().glob(pattern) if file.is_file())
        build = Path(self.build_lib) / MIM
        return {str(build / file): str(file) for file in sorted(files)}

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            self.link_mim()
        else:
            self.copy_mim()

    def copy_mim(self) -> None:
        """Make the build's copy anew: pip builds on what an old build left."""
        shutil.rmtree(Path(self.build_lib) / MIM, ignore_errors=True)
        for target, source in self.mim_mapping().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def link_mim(self) -> None:
        """Link to the checkout's own folders, relative so that it can move."""
        MIM.mkdir(exist_ok=True)
        for name in {Path(pattern).parts[0] for pattern in PATTERNS}:
            (MIM / name).unlink(missing_ok=True)
            if Path(name).exists():
                (MIM / name).symlink_to(Path('..', '..', name))

    def get_source_files(self) -> list[str]:
        return super().get_source_files() + list(self.mim_mapping().values())

    def get_output_mapping(self) -> dict[str, str]:
        return super().get_output_mapping() | self.mim_mapping()

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        outputs = super().get_outputs(include_bytecode)
        return outputs + [
            file for file in self.mim_mapping() if file not in outputs]
