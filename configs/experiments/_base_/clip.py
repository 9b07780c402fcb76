# The paper's priors of OpenAI, each at its own input size.
_clip = dict(
    clip_rn50=dict(prior='open_clip:RN50'),
    clip_rn101=dict(prior='open_clip:RN101'),
    clip_rn50x4=dict(prior='open_clip:RN50x4'),
    clip_vitb32=dict(prior='open_clip:ViT-B-32'),
    clip_vitb16=dict(prior='open_clip:ViT-B-16'),
    clip_vitl14=dict(prior='open_clip:ViT-L-14'))
