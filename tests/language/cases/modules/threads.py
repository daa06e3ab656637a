# Differs from CPython: texts of errors.
# Threads and locks: what does not depend on who runs when.
import _thread
import time

lock = _thread.allocate_lock()
print(lock.locked(), lock.acquire(), lock.locked(), lock.acquire(False), lock.acquire(0))
lock.release()
try:
    lock.release()
except RuntimeError as error:
    print(repr(error))
with lock:
    print(lock.locked())
print(lock.locked())
print(type(lock) is _thread.LockType, type(_thread.get_ident()) is int, _thread.get_ident() != 0)

done = 0


def wait_for(count):
    while done < count:
        time.sleep(0)


def count(steps):
    global done
    for _ in range(steps):
        with lock:
            done += 1


for _ in range(4):
    _thread.start_new_thread(count, (500,))
count(500)
wait_for(2500)
print(done)


# Native code in the middle of its work lets others run.
def slow(item):
    time.sleep_ms(1)
    return -item


def sort():
    global done
    found = sorted(range(20), key=slow)
    with lock:
        done += found == list(range(19, -1, -1))


done = 0
for _ in range(3):
    _thread.start_new_thread(sort, ())
sort()
wait_for(4)
print(done)


# Two threads pass a word to and fro.
ping, pong = _thread.allocate_lock(), _thread.allocate_lock()
ping.acquire()
pong.acquire()
said = []


def answer():
    for _ in range(5):
        ping.acquire()
        said.append("pong")
        pong.release()


_thread.start_new_thread(answer, ())
for _ in range(5):
    said.append("ping")
    ping.release()
    pong.acquire()
print(said)

# Arguments, and what ends a thread.
results = []


def note(*args, **kwargs):
    results.append((args, sorted(kwargs.items())))
    if kwargs.get("leave"):
        _thread.exit()
    if args == (3,):
        raise SystemExit
    results.append("not left")


for args, kwargs, expected in (((), {}, 2), ((1, 2), {"a": 3}, 2), ((), {"leave": True}, 1), ((3,), {}, 1)):
    before = len(results)
    _thread.start_new_thread(note, args, kwargs)
    while len(results) < before + expected:
        time.sleep_ms(1)
    print(results[before:])

for wrong in ((note,), (note, 1), (note, (), ()), (note, (), {}, 4)):
    try:
        _thread.start_new_thread(*wrong)
        print("started")
    except TypeError as error:
        print(error)

# Sizes of stacks.
_thread.stack_size()
print(_thread.stack_size(), _thread.stack_size(8192), _thread.stack_size(), _thread.stack_size())

# Garbage made by threads that are held up in the middle of everything.
def litter(seed):
    global done
    kept = {}
    for step in range(200):
        kept[step % 7] = [str(seed), (step, [seed] * 5), {seed: bytes(20)}]
    with lock:
        done += all(item[0] == str(seed) and item[1][1] == [seed] * 5 for item in kept.values())


done = 0
for seed in range(5):
    _thread.start_new_thread(litter, (seed,))
litter(5)
wait_for(6)
print(done)


# A generator is driven by one thread after the other.
def numbers():
    for number in range(10):
        time.sleep_ms(0)
        yield number


stream = numbers()
drawn = []


def draw():
    for _ in range(5):
        with lock:
            drawn.append(next(stream))
    global done
    done += 1


done = 0
_thread.start_new_thread(draw, ())
draw()
wait_for(2)
print(drawn)

# A thread that never ends does not hold up the end of the program.
def forever():
    while True:
        pass


held = _thread.allocate_lock()
held.acquire()
_thread.start_new_thread(forever, ())
_thread.start_new_thread(held.acquire, ())
_thread.start_new_thread(time.sleep, (1000,))
time.sleep_ms(10)
print("end")
