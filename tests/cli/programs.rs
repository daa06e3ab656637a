//! `eval`, `exec` and `run`: output, errors, arguments, input, limits, Ctrl-C.

use harness::board::Board;
use harness::program::Desk;
use rustix::process::Signal;

/// `eval` prints the value and nothing else.
#[test]
fn eval_prints_the_value() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk.ucli_on(&board, &["eval", "6*7"]).run().ok();
    assert_eq!((done.out().as_str(), done.err().as_str()), ("42\n", ""));
}

#[test]
fn exec_streams_what_the_program_prints() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk
        .ucli_on(
            &board,
            &[
                "exec",
                "import time\nprint('first')\ntime.sleep(0.3)\nprint('last')",
            ],
        )
        .start();
    running.wait_for("first");
    running.wait_for("last");
    assert_eq!(running.finish().ok().out(), "first\nlast\n");
}

#[test]
fn exec_keeps_what_an_earlier_one_defined() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli_on(&board, &["exec", "x=5", "eval", "x+1"]).out(),
        "6\n"
    );
    // No soft reset between two invocations either.
    assert_eq!(desk.ucli_on(&board, &["eval", "x"]).out(), "5\n");
}

/// Tracebacks go to stderr and name the local file and its own lines.
#[test]
fn run_traceback_names_the_local_file() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put(
        "broken.py",
        "print('before')\n\ndef f():\n    return 1 // 0\n\nf()\n",
    );
    let done = desk
        .ucli_on(&board, &["run", "broken.py"])
        .run()
        .status_is(1);
    assert_eq!(done.out(), "before\n");
    assert!(
        done.err().contains("File \"broken.py\", line 4, in f"),
        "{done}"
    );
    assert!(
        done.err()
            .contains("File \"broken.py\", line 6, in <module>"),
        "{done}"
    );
    assert!(done.err().contains("ZeroDivisionError"), "{done}");
}

#[test]
fn run_syntax_error_names_its_line() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("bad.py", "a = 1\nb = = 2\n");
    let done = desk.ucli_on(&board, &["run", "bad.py"]).run().status_is(1);
    assert!(done.err().contains("File \"bad.py\", line 2"), "{done}");
    assert!(done.err().contains("SyntaxError"), "{done}");
}

/// `SystemExit` on the board is the status of `ucli`.
#[test]
fn system_exit_becomes_the_status() {
    let (desk, board) = (Desk::new(), Board::start());
    for (code, status) in [
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit(7)", 7),
        ("raise SystemExit(255)", 255),
    ] {
        let program = format!("import sys\nprint('out')\n{code}\nprint('never')");
        let done = desk
            .ucli_on(&board, &["exec", &program])
            .run()
            .status_is(status);
        assert_eq!(done.out(), "out\n", "{code}");
        assert_eq!(done.err(), "", "{code}");
    }
    let done = desk
        .ucli_on(&board, &["exec", "raise SystemExit('no sensor')"])
        .run()
        .status_is(1);
    assert_eq!(done.err(), "no sensor\n");
    // The board was not reset by it.
    assert_eq!(
        desk.ucli_on(&board, &["exec", "kept=1", "exec", "raise SystemExit(3)"])
            .run()
            .status,
        Some(3)
    );
    assert_eq!(desk.ucli_on(&board, &["eval", "kept"]).out(), "1\n");
}

#[test]
fn run_passes_arguments() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("args.py", "import sys\nprint('|'.join(sys.argv))\n");
    let said = desk
        .ucli_on(
            &board,
            &["run", "args.py", "--", "25", "a b", "it's", "--json", "é"],
        )
        .out();
    assert_eq!(said, "args.py|25|a b|it's|--json|é\n");
}

#[test]
fn run_passes_standard_input() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("ask.py", "name = input('name? ')\nprint('hello', name)\n");
    let said = desk
        .ucli_on(&board, &["run", "ask.py"])
        .input("Ada\n")
        .out();
    assert!(said.contains("hello Ada\n"), "{said:?}");
}

#[test]
fn run_dash_reads_the_program_from_standard_input() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli_on(&board, &["run", "-"])
            .input("print(1+1)\n")
            .out(),
        "2\n"
    );
}

#[test]
fn run_mount_imports_from_here() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("project/helper.py", "def answer():\n    return 42\n");
    desk.put("main.py", "import helper\nprint(helper.answer())\n");
    let said = desk
        .ucli_on(&board, &["run", "--mount", "project", "main.py"])
        .out();
    assert_eq!(said, "42\n");
}

#[test]
fn run_missing_file_fails_before_the_board_is_asked() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["run", "nofile.py"])
        .run()
        .fails(1, "`nofile.py`");
}

#[test]
fn run_limit_stops_an_endless_program() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("loop.py", "print('in')\nwhile True:\n    pass\n");
    let done = desk
        .ucli_on(&board, &["run", "--limit", "0.5", "loop.py"])
        .run()
        .status_is(1);
    assert_eq!(done.out(), "in\n");
    assert_eq!(desk.ucli_on(&board, &["eval", "1"]).out(), "1\n");
}

#[test]
fn no_follow_leaves_the_program_running() {
    let (desk, board) = (Desk::new(), Board::start());
    let program =
        "import time\nfor i in range(20):\n open('beat','w').write(str(i))\n time.sleep(0.05)";
    let done = desk
        .ucli_on(&board, &["exec", "--no-follow", program])
        .run()
        .ok();
    assert_eq!(done.out(), "");
    let until = std::time::Instant::now() + harness::program::DEADLINE;
    while board
        .files()
        .join("beat")
        .metadata()
        .map_or(0, |data| data.len())
        < 2
    {
        assert!(std::time::Instant::now() < until, "the program runs to 10");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The first Ctrl-C reaches the program on the board, and `ucli` shows how it ended.
#[test]
fn first_interrupt_goes_to_the_board() {
    let (desk, board) = (Desk::new(), Board::start());
    let program = "import time\ntry:\n print('in')\n while True: time.sleep(0.01)\nfinally:\n print('cleaned up')";
    let mut running = desk.ucli_on(&board, &["exec", program]).start();
    running.wait_for("in");
    running.signal(Signal::INT);
    let done = running.finish().status_is(130);
    assert_eq!(done.out(), "in\ncleaned up\n");
    assert!(done.err().contains("KeyboardInterrupt"), "{done}");
    assert_eq!(desk.ucli_on(&board, &["eval", "1"]).out(), "1\n");
}

/// A program that catches the first is left alone with the second.
#[test]
fn second_interrupt_detaches() {
    let (desk, board) = (Desk::new(), Board::start());
    let program = "import time\nn=0\nwhile n<400:\n try:\n  n+=1;time.sleep(0.01)\n  if n==9:print('in')\n except KeyboardInterrupt:\n  print('caught')";
    let mut running = desk.ucli_on(&board, &["exec", program]).start();
    running.wait_for("in");
    running.signal(Signal::INT);
    running.wait_for("caught");
    running.signal(Signal::INT);
    running.finish().status_is(130);
    // The program ends by itself; until then the board is freed by interrupts.
    assert_eq!(
        desk.ucli_on(&board, &["--timeout", "30", "eval", "1"])
            .out(),
        "1\n"
    );
}

#[test]
fn output_is_passed_byte_for_byte() {
    let (desk, board) = (Desk::new(), Board::start());
    let program = "import sys\nsys.stdout.buffer.write(bytes(x for x in range(256) if x!=4))";
    let done = desk.ucli_on(&board, &["exec", program]).run().ok();
    let wanted: Vec<u8> = (0..=255).filter(|byte| *byte != 4).collect();
    assert_eq!(done.stdout, wanted);
}

#[test]
fn long_output_arrives_whole() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk
        .ucli_on(&board, &["exec", "for i in range(20000):print(i)"])
        .run()
        .ok();
    let wanted: String = (0..20000).map(|number| format!("{number}\n")).collect();
    assert!(done.out() == wanted, "{} bytes came", done.stdout.len());
}

#[test]
fn unicode_goes_both_ways() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli_on(&board, &["exec", "s='žluťoučký 🐍'\nprint(s,len(s))"])
            .out(),
        "žluťoučký 🐍 11\n"
    );
}

#[test]
fn long_programs_fit() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut program = String::from("total = 0\n");
    for number in 0..1200 {
        program.push_str(&format!("total += {number}  # a line among many\n"));
    }
    program.push_str("print(total)\n");
    desk.put("long.py", &program);
    assert_eq!(desk.ucli_on(&board, &["run", "long.py"]).out(), "719400\n");
}
