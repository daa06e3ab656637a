# The old name of ssl, for programs such as umqtt.simple of the Python index.

from ssl import *
