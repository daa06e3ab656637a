//! mpremote, mpytool and `ucli` on the simulated board.

use harness::program::{Call, Desk};
use harness::sim::Sim;

/// The program ends with this exception.
#[track_caller]
fn raises(call: Call, exception: &str) {
    let done = call.run().status_is(1);
    let last = done.err().trim_end().lines().last().map(str::to_string);
    assert!(
        last.is_some_and(|last| last.starts_with(exception)),
        "{done}"
    );
}

/// mpremote runs and evaluates, and shows a traceback.
#[test]
fn mpremote_runs_programs() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    desk.put("a.py", "import sys\nprint('on', sys.platform)\n");
    let on = |words: &[&str]| desk.peer("mpremote", &[&["connect", sim.address()], words].concat());
    // A board's line ends come through.
    assert_eq!(on(&["eval", "6*7"]).out(), "42\r\n");
    assert_eq!(on(&["run", "a.py"]).out(), "on sim\r\n");
    assert_eq!(on(&["exec", "x=3", "resume", "eval", "x"]).out(), "3\r\n");
    let failed = on(&["exec", "1/0"]).run();
    assert_eq!(failed.status, Some(1), "{failed}");
    assert!(failed.out().contains("ZeroDivisionError"), "{failed}");
    assert_eq!(on(&["soft-reset", "eval", "1"]).out(), "1\r\n");
}

/// A program that does not end gives way to the next command.
#[test]
fn loops_and_sleeps_and_reads_are_interrupted() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    for program in [
        "while True: pass",
        "import time; time.sleep(10**6)",
        "import sys; sys.stdin.read(1)",
        "input()",
    ] {
        let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
        on(&["exec", "--no-follow", program]).run().ok();
        assert_eq!(on(&["eval", "1"]).out(), "1\r\n", "{program}");
    }
}

/// `SystemExit` has its status, streams are kept apart, binary data passes both ways.
#[test]
fn ucli_runs_programs() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    on(&["exec", "raise SystemExit(7)"]).run().status_is(7);
    raises(on(&["exec", "1/0"]), "ZeroDivisionError");
    // 4 would end the output.
    let most = "import sys;sys.stdout.buffer.write(bytes(range(5,256)))";
    let done = on(&["exec", most]).run().ok();
    assert_eq!(done.stdout, (5..=255).collect::<Vec<u8>>());
    let large = format!("x = '{}'\nprint(len(x))\n", "a".repeat(60_000));
    desk.put("large.py", large);
    assert_eq!(on(&["run", "large.py"]).out(), "60000\r\n");
}

/// Files survive soft and hard resets and the process; `boot.py` and `main.py` run in order.
#[test]
fn files_stay_and_boot_runs_them() {
    let desk = Desk::new();
    desk.put("boot.py", "print('boot')\nx = 5\n");
    desk.put("main.py", "print('main', x)\n");
    let image = desk.path().join("flash.bin").to_string_lossy().into_owned();
    let options = ["--flash", &*image];
    let sim = Sim::start(&options);
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    on(&["cp", "boot.py", "main.py", ":"]).run().ok();
    let said = on(&["soft-reset", "--main"]).out();
    assert!(said.contains("boot") && said.contains("main 5"), "{said}");
    drop(sim);
    let sim = Sim::start(&options);
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    assert_eq!(on(&["eval", "x"]).out(), "5\r\n");
    let said = desk.peer("mpremote", &["connect", sim.address(), "cat", ":boot.py"]);
    assert!(said.out().contains("print('boot')"));
    let fresh = Sim::start(&["--flash", &image, "--fresh"]);
    let listed = desk.ucli(&["-p", fresh.address(), "ls"]).out();
    assert!(!listed.contains("boot.py"), "{listed}");
}

/// mpremote copies, lists, mounts and removes.
#[test]
fn mpremote_moves_files() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    desk.put("dir/a.py", "print('a')\n");
    desk.put("dir/sub/b.bin", (0..=255).collect::<Vec<u8>>());
    let on = |words: &[&str]| desk.peer("mpremote", &[&["connect", sim.address()], words].concat());
    on(&["cp", "-r", "dir", ":"]).run().ok();
    assert!(on(&["tree"]).out().contains("b.bin"));
    on(&["cp", ":dir/sub/b.bin", "back.bin"]).run().ok();
    assert_eq!(desk.get("back.bin"), desk.get("dir/sub/b.bin"));
    let mounted = on(&["mount", "dir", "exec", "import a"]).out();
    assert!(mounted.contains("a\r\n"), "{mounted}");
    on(&["rm", "-r", ":dir"]).run().ok();
    assert!(!on(&["ls"]).out().contains("dir"));
}

/// The power is cut in the middle of a copy, at each of many operations on the flash: then the file is the old
/// one or the new one.
#[test]
fn power_cut_leaves_the_old_file_or_the_new() {
    let desk = Desk::new();
    let image = desk.path().join("flash.bin").to_string_lossy().into_owned();
    desk.put("a.txt", "old".repeat(300));
    {
        let sim = Sim::start(&["--flash", &image]);
        desk.ucli(&["-p", sim.address(), "cp", "a.txt", ":"])
            .run()
            .ok();
    }
    let clean = desk.get("flash.bin");
    desk.put("new/a.txt", "new, and longer".repeat(400));
    let (old, new) = (desk.get("a.txt"), desk.get("new/a.txt"));
    for operation in (0..24).step_by(3) {
        desk.put("flash.bin", &clean);
        let cut = operation.to_string();
        let sim = Sim::start(&["--flash", &image, "--power-cut", &cut]);
        let on =
            |words: &[&str]| desk.ucli(&[&["-p", sim.address(), "--timeout", "3"], words].concat());
        let done = on(&["cp", "new/a.txt", ":"]).run();
        assert!(!done.err().contains("panicked"), "{done}");
        on(&["cp", ":a.txt", "back.txt"]).run().ok();
        let back = desk.get("back.txt");
        assert!(
            back == old || back == new,
            "cut at {cut}: {} bytes",
            back.len()
        );
    }
}

/// The heap has the size it was given, to the byte, at every start.
#[test]
fn heap_is_exact() {
    let (desk, sim) = (Desk::new(), Sim::start(&["--heap", "64K"]));
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    let program = "import gc\nn=0\ntry:\n while 1:\n  n+=1000\n  gc.collect()\n  bytearray(n)\nexcept MemoryError:\n print(n)";
    let first = on(&["soft-reset", "+", "exec", program]).out();
    let limit: usize = first.trim().parse().expect("a number");
    // The rest is the interpreter's own: its tables, the file system's buffers, what `_boot` loaded.
    assert!((40_000..64 * 1024).contains(&limit), "{first}");
    assert_eq!(on(&["soft-reset", "+", "exec", program]).out(), first);
    let too_large = "x = bytearray(64 * 1024)";
    raises(on(&["exec", too_large]), "MemoryError");
}

/// A program that does not fit is refused, and the board goes on.
#[test]
fn program_larger_than_the_heap_is_a_memory_error() {
    let (desk, sim) = (Desk::new(), Sim::start(&["--heap", "32K"]));
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    desk.put("large.py", "#".repeat(100_000));
    raises(on(&["run", "large.py"]), "MemoryError");
    assert_eq!(on(&["eval", "1"]).out(), "1\r\n");
}

/// Whatever byte is lost, turned or cut: the next command works.
#[test]
fn board_survives_a_bad_line() {
    let desk = Desk::new();
    for fault in [
        "in:drop@2",
        "in:drop@40",
        "in:flip@9",
        "in:flip@80",
        "out:drop@30",
        "out:flip@100",
        "in:reset@50",
        "out:reset@60",
    ] {
        let sim = Sim::start(&["--fault", fault]);
        let on =
            |words: &[&str]| desk.ucli(&[&["-p", sim.address(), "--timeout", "2"], words].concat());
        let first = on(&["exec", "print('x'*10)"]).run();
        assert!(!first.err().contains("panicked"), "{first}");
        assert_eq!(on(&["eval", "1"]).out(), "1\r\n", "{fault}");
    }
}
