//! `ucli sim` and `-p sim`: boards that need nothing but `ucli`.

use std::path::PathBuf;

use harness::program::{Call, Desk};
use harness::schema;

/// A desk with simulated boards of its own, which are switched off with it.
struct Lab {
    desk: Desk,
}

impl Lab {
    fn new() -> Self {
        Self { desk: Desk::new() }
    }

    fn state(&self) -> PathBuf {
        self.desk.home().join("state")
    }

    fn ucli(&self, words: &[&str]) -> Call {
        let state = self.state().to_string_lossy().into_owned();
        self.desk.ucli(words).env("UCLI_STATE_DIR", state)
    }

    /// The one record that a command prints, held against its schema.
    fn record(&self, words: &[&str], name: &str) -> serde_json::Value {
        let said = self.ucli(&[&["--json"], words].concat()).out();
        let record = serde_json::from_str(said.trim_end()).expect("one record");
        let complaints = schema::complaints(&schema::load(name), &record);
        assert!(complaints.is_empty(), "{complaints:?}: {said}");
        record
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let said = self.ucli(&["--json", "sim", "list"]).run();
        let record: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        for board in record["boards"].as_array().into_iter().flatten() {
            let name = board["name"].as_str().unwrap_or_default();
            // The test has spoken; a board that stays would only be in the way.
            let _ = self.ucli(&["sim", "stop", name]).run();
        }
    }
}

#[test]
fn board_starts_with_the_first_command_and_stays() {
    let lab = Lab::new();
    assert_eq!(lab.ucli(&["-p", "sim", "exec", "x = 5"]).out(), "");
    assert_eq!(lab.ucli(&["-p", "sim", "eval", "x"]).out(), "5\r\n");
    let listed = lab.record(&["sim", "list"], "sim-list");
    assert_eq!(listed["boards"][0]["name"], "default");
    lab.record(&["sim", "stop"], "sim-stop");
    lab.ucli(&["sim", "stop"]).run().fails(3, "default");
    assert_eq!(
        lab.record(&["sim", "list"], "sim-list")["boards"],
        serde_json::json!([])
    );
}

#[test]
fn boards_have_names_and_options() {
    let lab = Lab::new();
    let started = lab.record(
        &[
            "sim",
            "start",
            "lab",
            "--heap",
            "64K",
            "--tcp",
            "127.0.0.1:0",
        ],
        "sim-start",
    );
    let address = started["address"].as_str().expect("an address");
    assert!(address.starts_with("tcp://127.0.0.1:"), "{address}");
    lab.ucli(&["sim", "start", "lab"])
        .run()
        .fails(1, "runs already");
    assert_eq!(lab.ucli(&["-p", "sim:lab", "eval", "1"]).out(), "1\r\n");
    assert_eq!(lab.ucli(&["-p", address, "eval", "2"]).out(), "2\r\n");
    lab.record(&["sim", "reset", "lab"], "sim-reset");
    assert_eq!(
        lab.ucli(&["-p", "sim:lab", "eval", "'x' in globals()"])
            .out(),
        "False\r\n"
    );
}

#[test]
fn wrong_words_are_named() {
    let lab = Lab::new();
    for (words, named) in [
        (&["sim", "start", "--heap", "tiny"][..], "tiny"),
        (&["sim", "start", "--fault", "x"], "`x`"),
        (&["sim", "start", "a/b"], "a/b"),
        (&["sim", "start", "a", "b"], "`b`"),
        (&["-p", "sim:a/b", "ls"], "a/b"),
    ] {
        lab.ucli(words).run().fails(2, named);
    }
}

#[test]
fn pins_are_driven_and_seen() {
    let lab = Lab::new();
    lab.record(&["sim", "start"], "sim-start");
    let words = ["sim", "pins", "5=1", "adc0=1234", "i2c0:0x48=1950"];
    let seen = lab.record(&words, "sim-pins");
    assert_eq!(seen["pins"][5]["level"], 1);
    let program = "from machine import *\nprint(Pin(5).value(),ADC(26).read_u16(),I2C(0).readfrom_mem(0x48,0,2))";
    let said = lab.ucli(&["-p", "sim", "exec", program]).out();
    assert_eq!(said, "1 1234 b'\\x19P'\r\n");
    let table = lab.ucli(&["sim", "pins", "default"]).out();
    assert!(table.contains("PULL"), "{table}");
    let order = r#"{"op":"i2c-read","bus":0,"address":72}"#;
    assert!(lab.ucli(&["sim", "pins", order]).out().contains("writes"));
    for wrong in ["99=1", "5=2", "{"] {
        lab.ucli(&["sim", "pins", wrong]).run().fails(2, wrong);
    }
    lab.ucli(&["sim", "pins", "nobody", "5=1"])
        .run()
        .fails(3, "nobody");
}

#[test]
fn changes_at_pins_are_shown_as_they_come() {
    let lab = Lab::new();
    lab.record(&["sim", "start"], "sim-start");
    let mut watch = lab
        .ucli(&["--json", "sim", "pins", "--watch", "--count", "4"])
        .start();
    watch.wait_for("watching");
    let program = "from machine import *\nPin(25, Pin.OUT, value=1).off()\nPWM(Pin(2), freq=50, duty_u16=4915)";
    lab.ucli(&["-p", "sim", "exec", program]).run().ok();
    lab.ucli(&["sim", "pins", "7=1"]).run().ok();
    let said = watch.finish().ok().out();
    let lines: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let event = schema::load("event");
    for line in &lines[..5] {
        let complaints = schema::complaints(&event, line);
        assert!(complaints.is_empty(), "{complaints:?}: {line}");
    }
    let changes: Vec<_> = lines[1..5]
        .iter()
        .map(|line| (line["event"].as_str(), &line["pin"], &line["level"]))
        .map(|(event, pin, level)| (event, pin.as_u64(), level.as_u64()))
        .collect();
    let expected = [
        (Some("pin"), Some(25), Some(1)),
        (Some("pin"), Some(25), Some(0)),
        (Some("wave"), Some(2), None),
        (Some("pin"), Some(7), Some(1)),
    ];
    assert_eq!(changes, expected, "{said}");
    assert_eq!(lines[3]["duty_u16"], 4915);
    assert_eq!(lines[5]["pins"][7]["level"], 1);

    let mut watch = lab.ucli(&["sim", "pins", "default", "--watch"]).start();
    watch.wait_for("watching");
    lab.ucli(&["sim", "pins", "7=0"]).run().ok();
    watch.wait_for("pin 7  0");
    lab.ucli(&["sim", "stop"]).run().ok();
    watch.finish().fails(3, "was switched off");
    lab.ucli(&["sim", "list", "--watch"])
        .run()
        .fails(2, "--watch");
}

/// A file of orders sets the stage by the board's clock, and a test in Python plays with the program that runs.
#[test]
fn board_is_played_with_by_a_script_and_by_a_test_in_python() {
    let lab = Lab::new();
    lab.desk.put(
        "stage.jsonl",
        "{\"at_ms\":0,\"op\":\"i2c\",\"bus\":0,\"address\":72,\"registers\":\"1950\"}\n\
         {\"at_ms\":50,\"op\":\"adc\",\"channel\":0,\"value\":777}\n",
    );
    let words = [
        "sim",
        "start",
        "--script",
        "stage.jsonl",
        "--control",
        "127.0.0.1:0",
    ];
    let started = lab.record(&words, "sim-start");
    let control = started["control"].as_str().expect("a port");
    lab.desk.put(
        "lamp.py",
        "from machine import Pin, I2C, ADC
import time
lamp = Pin(25, Pin.OUT, value=0)
bus = I2C(0)
print(bus.readfrom_mem(72, 0, 2))
bus.writeto_mem(72, 1, b'\\xa5')
while ADC(26).read_u16() != 777: time.sleep_ms(1)
Pin(15, Pin.IN).irq(lambda pin: lamp.toggle(), Pin.IRQ_FALLING)
print('ready')
",
    );
    let said = lab.ucli(&["-p", "sim", "run", "lamp.py"]).out();
    assert_eq!(said, "b'\\x19P'\r\nready\r\n");
    let test = harness::paths::root().join("tests/board/peers/button_test.py");
    let test = test.to_string_lossy().into_owned();
    // The handler is called while the board waits at its prompt.
    assert_eq!(
        lab.desk.peer("python3", &[&test, control]).out(),
        "passed\n"
    );
    lab.record(&["sim", "list"], "sim-list");
    lab.ucli(&["sim", "start", "other", "--script", "nowhere.jsonl"])
        .run()
        .fails(1, "nowhere.jsonl");
    lab.desk.put("bad.jsonl", "{\"at_ms\":0,\"op\":\"fly\"}");
    lab.ucli(&["sim", "start", "other", "--script", "bad.jsonl"])
        .run()
        .fails(1, "line 1 of the script: there is no order `fly`");
}

/// Many at once want the same board: one is started, all get it.
#[test]
fn board_is_started_once() {
    let lab = Lab::new();
    let calls: Vec<_> = (0..4)
        .map(|_| lab.ucli(&["-p", "sim", "sim", "list"]).start())
        .collect();
    for call in calls {
        call.finish().ok();
    }
    let started: Vec<_> = (0..4)
        .map(|_| lab.ucli(&["sim", "start", "one"]).start())
        .collect();
    let done = started.into_iter().map(|call| call.finish().status);
    assert!(done.filter(|status| *status == Some(0)).count() >= 1);
    let listed = lab.record(&["sim", "list"], "sim-list");
    assert_eq!(
        listed["boards"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
}
