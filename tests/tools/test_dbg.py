from calls import *
def test_x(image_folder, tmp_path, capsys):
    options = ['--prior', 'random', '--dim', 6, '--image-size', 32]
    from mmengine.logging import MMLogger
    res=[]
    for i in range(2):
        call('gen_targets', IN1K, *options, *in1k(image_folder, tmp_path/f'{i}')); a=capsys.readouterr()
        res.append((len(a.out.splitlines()), len(a.err.splitlines()), a.out[:100]))
    import hashlib, json
    for i in range(2): res.append(json.load(open(tmp_path/f'{i}'/'meta.json'))['prior']['weights'])
    open('/tmp/dbg.txt','w').write('\n'.join(map(repr,res)))
