"""Print tCheXNet's pneumothorax score for chest radiographs: python hello_tCheXNet.py [IMAGE ...]"""

import tchexnet
from tchexnet.cli.hello import radiographs

pneumothorax = tchexnet.load("tchexnet")
for path, radiograph in radiographs(__file__):
    print(path)
    for label, score in pneumothorax.predict(radiograph).items():
        print(label, score)
