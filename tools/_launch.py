"""torchrun that ends as its first failed process did, without a traceback.

What went wrong was said by that process; torchrun's own report of it would
bury the sentence.
"""
import sys

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main

if __name__ == '__main__':
    try:
        main()
    except ChildFailedError as e:
        sys.exit(e.get_first_failure()[1].exitcode)
