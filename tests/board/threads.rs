//! Threads on the simulated board: they go on at the prompt, Ctrl-C is for the first one, a reset ends them.

use harness::program::{Call, Desk};
use harness::sim::Sim;

struct Bench {
    desk: Desk,
    sim: Sim,
}

impl Bench {
    fn new() -> Self {
        Self {
            desk: Desk::new(),
            sim: Sim::start(&[]),
        }
    }

    fn ucli(&self, words: &[&str]) -> Call {
        self.desk
            .ucli(&[&["-p", self.sim.address()], words].concat())
    }

    fn says(&self, program: &str) -> String {
        self.ucli(&["exec", program]).out()
    }
}

/// Counts for ever in a thread of its own.
const COUNTER: &str = "import _thread,time
n=0
def count():
    global n
    while True:
        n+=1
        time.sleep_ms(1)
_thread.start_new_thread(count,())";

#[test]
fn thread_goes_on_between_programs_and_ends_with_the_interpreter() {
    let bench = Bench::new();
    bench.says(COUNTER);
    // The program waits for the thread; nobody else could count.
    assert_eq!(
        bench.says("a=n\nwhile n<a+3: pass\nprint('ran')"),
        "ran\r\n"
    );
    // Nothing runs now but the thread, until the prompt has seen it count.
    let mut counted = false;
    for _ in 0..100 {
        bench.says("a=n");
        counted |= bench.says("print(n>a)") == "True\r\n";
        if counted {
            break;
        }
    }
    assert!(counted, "the thread stands still while the prompt waits");
    bench.ucli(&["soft-reset"]).run().ok();
    assert_eq!(bench.says("print('n' in globals())"), "False\r\n");
}

#[test]
fn interrupt_is_for_the_first_thread() {
    let bench = Bench::new();
    for waits in [
        "while True: pass",
        "time.sleep(10**6)",
        "lock=_thread.allocate_lock();lock.acquire();lock.acquire()",
        "input()",
    ] {
        let program = format!("{COUNTER}\n{waits}");
        bench.ucli(&["exec", "--no-follow", &program]).run().ok();
        assert_eq!(
            bench.says("a=n\nwhile n<a+3: pass\nprint('ran')"),
            "ran\r\n",
            "{waits}"
        );
    }
}

/// A thread in the middle of anything ends with a reset, whatever it catches.
#[test]
fn reset_ends_threads_that_hold_on() {
    let bench = Bench::new();
    let stubborn = "import _thread,time
def hold():
    while True:
        try:
            sorted(range(50),key=lambda x:time.sleep_ms(1) or x)
        except BaseException:
            pass
        finally:
            hold()
lock=_thread.allocate_lock()
lock.acquire()
_thread.start_new_thread(hold,())
_thread.start_new_thread(lock.acquire,())
_thread.start_new_thread(input,())";
    for _ in 0..3 {
        bench.says(stubborn);
        bench.ucli(&["soft-reset"]).run().ok();
        assert_eq!(bench.says("print(1)"), "1\r\n");
    }
    // `reset` is a program of ours: a thread that reads the console could take a part of it for itself.
    let (silent, _) = stubborn.rsplit_once('\n').expect("several lines");
    bench.says(silent);
    bench.ucli(&["reset"]).run().ok();
    assert_eq!(bench.says("print('lock' in globals())"), "False\r\n");
}

#[test]
fn what_a_thread_ends_with_is_shown() {
    let bench = Bench::new();
    let said = bench.says(
        "import _thread,time
def fail(): 1/0
_thread.start_new_thread(fail,())
_thread.start_new_thread(_thread.exit,())
time.sleep_ms(50)",
    );
    assert!(
        said.starts_with("Unhandled exception in thread started by <function fail at 0x"),
        "{said}"
    );
    assert!(
        said.ends_with("ZeroDivisionError: divide by zero\r\n"),
        "{said}"
    );
    assert_eq!(said.matches("Unhandled").count(), 1, "{said}");
}

/// There is an end to threads: memory and numbers run out with errors, and come back.
#[test]
fn too_many_threads_are_an_error() {
    let bench = Bench::new();
    let said = bench.says(
        "import _thread,time
lock=_thread.allocate_lock()
started=0
def wait():
    lock.acquire()
    lock.release()
for _ in range(3):
    lock.acquire()
    try:
        while True:
            _thread.start_new_thread(wait,())
            started+=1
    except (OSError,MemoryError) as e:
        pass
    lock.release()
    time.sleep_ms(100)
print(started>3)
_thread.stack_size(10**9)
try: _thread.start_new_thread(wait,())
except MemoryError: print('MemoryError')",
    );
    assert_eq!(said, "True\r\nMemoryError\r\n");
}
