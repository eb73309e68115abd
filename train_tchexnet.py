"""The command `tchexnet train`, for people who come from the paper: python train_tchexnet.py [CONFIG] [OPTIONS]"""

import sys

from tchexnet.cli import main

sys.argv[1:1] = ["train"]
main()
