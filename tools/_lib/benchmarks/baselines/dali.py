"""The weak view as NVIDIA's DALI makes it without a GPU, by one thread."""
from __future__ import annotations

from collections.abc import Callable


def weak(files: list[str]) -> Callable[[], object]:
    """What decodes, crops and flips all files, as one batch."""
    from nvidia.dali import fn, pipeline_def, types

    # Else it would work ahead, while others are measured.
    @pipeline_def(batch_size=len(files), num_threads=1, device_id=None,
                  exec_async=False, exec_pipelined=False,
                  prefetch_queue_depth=1)
    def views():
        content, _ = fn.readers.file(files=files)
        image = fn.decoders.image_random_crop(
            content, device='cpu', random_area=[0.5, 1.],
            random_aspect_ratio=[3 / 4, 4 / 3])
        image = fn.resize(image, size=[224, 224],
                          interp_type=types.INTERP_LINEAR)
        return fn.flip(image, horizontal=fn.random.coin_flip())

    pipeline = views()
    pipeline.build()
    return pipeline.run
