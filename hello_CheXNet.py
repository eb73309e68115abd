"""Print CheXNet's 14 scores for chest radiographs: python hello_CheXNet.py [IMAGE ...]"""

import tchexnet
from tchexnet.cli.hello import radiographs

chexnet = tchexnet.load("chexnet")
for path, radiograph in radiographs(__file__):
    print(path)
    for label, score in chexnet.predict(radiograph).items():
        print(label, score)
