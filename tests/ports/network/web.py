# HTTP and HTTPS by requests, as on every MicroPython.
import requests, urequests

where = "http://10.0.2.2:%d" % P["ports"]["http"]
answer = urequests.get(where + "/a?b=c")
found = answer.json()
print(answer.status_code, found["path"], len(found["large"]))
answer.close()
answer = requests.post(where + "/", json={"led": [1, 2, 3]})
print(answer.status_code, answer.text)
answer.close()
where = "https://10.0.2.2:%d" % P["ports"]["https"]
for path in ("/one", "/two", "/three"):
    answer = requests.get(where + path)
    print(answer.status_code, answer.json()["path"])
    answer.close()
try:
    requests.get("http://10.0.2.2:%d/" % P["ports"]["closed"])
except OSError as error:
    print(repr(error))
