"""Print CheXNet's 1024 features for chest radiographs: python hello_CheXNet_features.py [IMAGE ...]"""

import tchexnet
from tchexnet.cli.hello import radiographs

chexnet = tchexnet.load("chexnet")
for path, radiograph in radiographs(__file__):
    features = chexnet.features(radiograph)[0]
    print(path)
    print(len(features), features)
