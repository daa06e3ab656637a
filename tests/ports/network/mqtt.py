# umqtt.simple as it is on the index, over TLS with certificates on both sides, to a real broker.
import machine, ssl
from umqtt.simple import MQTTClient

machine.RTC().datetime(tuple(P["now"]))


def client(name, **settings):
    params = dict(cert_reqs=ssl.CERT_REQUIRED, cadata=P["pem"]["ca.pem"], server_hostname="localhost", **settings)
    return MQTTClient(name, "10.0.2.2", port=P["ports"]["broker"], keepalive=60, ssl=True, ssl_params=params)


heard = []
mine = client("board", cert=P["pem"]["client.pem"], key=P["pem"]["client.key"])
mine.set_callback(lambda topic, message: heard.append((topic, len(message))))
mine.connect()
mine.subscribe(b"sensors/#", qos=1)
for number in range(5):
    mine.publish(b"sensors/%d" % number, b"value %d" % number, qos=number % 2)
mine.publish(b"sensors/large", b"x" * 8000, qos=1)
while len(heard) < 6:
    mine.wait_msg()
print(sorted(heard))
mine.ping()
mine.disconnect()
try:
    client("stranger").connect()
    print("let in")
except (OSError, IndexError, TypeError):
    print("refused")
