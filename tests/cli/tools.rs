//! `info`, `df`, `rtc`, `doctor`, `devs`, `config`, `completions`, `help`, resets and sleeps.

use harness::actor::Silent;
use harness::board::Board;
use harness::program::Desk;

/// A clock that remembers, for boards without one.
const CLOCK: &str = "\
import builtins,machine
class RTC:
 t=(2000,1,1,5,0,0,0,0)
 def datetime(s,t=None):
  if t is None:return RTC.t
  RTC.t=t
class Machine:
 def __getattr__(s,n):return RTC if n=='RTC' else getattr(machine,n)
_real=__import__
_machine=Machine()
builtins.__import__=lambda n,*a:_machine if n=='machine' else _real(n,*a)
";

#[test]
fn info_says_what_it_is() {
    let (desk, board) = (Desk::new(), Board::start());
    let said = desk.ucli_on(&board, &["info"]).out();
    for fact in ["MicroPython 1.", "linux", "heap", "free", "mpy"] {
        assert!(said.contains(fact), "{fact} in {said}");
    }
}

#[test]
fn df_lists_file_systems() {
    let (desk, board) = (Desk::new(), Board::start());
    let said = desk.ucli_on(&board, &["df"]).out();
    assert!(said.starts_with("filesystem"), "{said}");
    assert!(
        said.lines().skip(1).any(|line| line.ends_with(" /")),
        "{said}"
    );
    // The host's disk has more digits than the columns of a board's.
    for line in said.lines().skip(1) {
        assert_eq!(line.split_whitespace().count(), 6, "{said}");
    }
}

#[test]
fn rtc_is_shown_and_set() {
    let (desk, board) = (Desk::new(), Board::booting(CLOCK));
    assert_eq!(
        desk.ucli_on(&board, &["rtc"]).out(),
        "(2000, 1, 1, 5, 0, 0, 0, 0)\n"
    );
    let said = desk.ucli_on(&board, &["rtc", "--set", "+", "rtc"]).out();
    let year: u32 = said
        .trim_start_matches('(')
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(year >= 2024, "{said}");
}

#[test]
fn board_without_a_clock_says_so() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["rtc"]).run().fails(1, "no clock");
}

#[test]
fn doctor_finds_a_healthy_board_and_a_silent_one() {
    let desk = Desk::new();
    let board = Board::start();
    let done = desk.ucli_on(&board, &["doctor"]).run().ok();
    assert!(done.out().contains("MicroPython"), "{done}");
    let silent = Board::acted(Silent);
    let done = desk
        .ucli_on(&silent, &["--timeout", "2", "doctor"])
        .run()
        .status_is(1);
    assert!(done.out().len() + done.err().len() > 40, "{done}");
}

#[test]
fn devs_works_without_a_board() {
    Desk::new().ucli(&["devs"]).run().ok();
}

#[test]
fn config_says_where_values_come_from() {
    let desk = Desk::new();
    let from = |said: &str, name: &str| -> String {
        said.lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default()
            .to_string()
    };
    let said = desk.ucli(&["config"]).out();
    assert!(from(&said, "baud").contains("default"), "{said}");
    desk.put(
        "pyproject.toml",
        "[tool.ucli]\nbaud = 9600\nport = \"project\"\n",
    );
    let said = desk.ucli(&["config"]).out();
    assert!(
        from(&said, "baud").contains("9600") && from(&said, "baud").contains("pyproject.toml"),
        "{said}"
    );
    let said = desk.ucli(&["config"]).env("UCLI_PORT", "environment").out();
    assert!(from(&said, "port").contains("environment"), "{said}");
    let said = desk
        .ucli(&["-p", "flag", "config"])
        .env("UCLI_PORT", "environment")
        .out();
    assert!(from(&said, "port").contains("flag"), "{said}");
}

#[test]
fn broken_configuration_is_named() {
    let desk = Desk::new();
    desk.put("pyproject.toml", "[tool.ucli]\nbaud = \"fast\"\n");
    desk.ucli(&["config"]).run().fails(2, "pyproject.toml");
}

#[test]
fn completions_exist_for_four_shells() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let said = desk.ucli(&["completions", shell]).out();
        assert!(
            said.contains("sha256sum") && said.contains("ucli"),
            "{shell}"
        );
    }
    desk.put("check.sh", desk.ucli(&["completions", "bash"]).out());
    desk.program(std::path::Path::new("bash"), &["-n", "check.sh"])
        .run()
        .ok();
}

#[test]
fn every_command_has_help() {
    let desk = Desk::new();
    let all = desk.ucli(&["--help"]).out();
    let commands = all
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let mut count = 0;
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        let said = desk.ucli(&[command, "--help"]).out();
        assert!(said.contains("Usage: ucli"), "{command}: {said}");
        count += 1;
    }
    assert!(count >= 30, "{count} commands in {all}");
}

#[test]
fn soft_reset_forgets_and_boots() {
    let (desk, board) = (Desk::new(), Board::booting("booted=1\n"));
    desk.ucli_on(&board, &["exec", "mark=1"]).run().ok();
    let said = desk
        .ucli_on(
            &board,
            &["soft-reset", "eval", "('mark' in globals(),booted)"],
        )
        .out();
    assert!(said.ends_with("(False, 1)\n"), "{said}");
}

#[test]
fn sleep_takes_seconds() {
    let desk = Desk::new();
    let started = std::time::Instant::now();
    let board = Board::start();
    desk.ucli_on(&board, &["sleep", "0.2", "eval", "1"])
        .run()
        .ok();
    assert!(started.elapsed().as_secs_f64() >= 0.2);
    desk.ucli(&["sleep", "long"]).run().status_is(2);
}

#[test]
fn wait_ends_when_the_board_is_plugged_in() {
    let (desk, board) = (Desk::new(), Board::start());
    board.unplug();
    let mut running = desk
        .ucli_on(&board, &["wait", "--for", "60", "eval", "6*7"])
        .start();
    running.wait_for("waiting for");
    board.plug();
    assert_eq!(running.finish().ok().out(), "42\n");
}
