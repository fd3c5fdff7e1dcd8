"""Share: the finished shards of the build, for dvc push to take to other clones.

build → build/shards
"""

from copydesk.stages import share
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(share.run)
