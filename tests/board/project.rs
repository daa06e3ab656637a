//! `ucli test`: a project's tests on a simulated board of their own.

use harness::program::{Call, Desk};
use harness::schema;

/// A project with tests of every kind and every end.
fn project() -> Desk {
    let desk = Desk::new();
    desk.put("blink.py", "def twice(x):\n    return 2 * x\n");
    desk.put(
        "tests/test_cases.py",
        "import unittest, blink\n\
         class TestBlink(unittest.TestCase):\n    \
         def setUp(self):\n        self.x = 3\n    \
         def test_right(self):\n        self.assertEqual(blink.twice(self.x), 6)\n    \
         def test_wrong(self):\n        print('about to fail')\n        self.assertTrue(False)\n    \
         @unittest.skip('not today')\n    \
         def test_skipped(self):\n        pass\n",
    );
    desk.put(
        "tests/test_functions.py",
        "import blink\ndef test_twice():\n    assert blink.twice(2) == 4\n",
    );
    desk.put(
        "tests/test_program.py",
        "import blink\nprint(blink.twice(1))\n",
    );
    desk.put("tests/exit_test.py", "raise SystemExit(3)\n");
    desk.put("tests/test_none.py", "print('SKIP')\nraise SystemExit\n");
    desk.put("tests/helper.py", "raise ValueError('not a test')\n");
    desk
}

fn ucli(desk: &Desk, words: &[&str]) -> Call {
    let state = desk.home().join("state").to_string_lossy().into_owned();
    desk.ucli(words).env("UCLI_STATE_DIR", state)
}

#[test]
fn tests_of_a_project_are_found_run_and_counted() {
    let desk = project();
    let ended = ucli(&desk, &["--json", "test", "--junit", "report.xml"])
        .run()
        .status_is(1);
    let record: serde_json::Value = serde_json::from_str(ended.out().trim_end()).expect("a record");
    let complaints = schema::complaints(&schema::load("test"), &record);
    assert!(complaints.is_empty(), "{complaints:?}");
    let outcome = |name: &str| {
        let tests = record["tests"].as_array().expect("tests");
        let test = tests.iter().find(|test| test["name"] == name);
        test.map(|test| test["outcome"].as_str().unwrap_or_default().to_string())
    };
    for (name, expected) in [
        ("TestBlink.test_right", "passed"),
        ("TestBlink.test_wrong", "failed"),
        ("TestBlink.test_skipped", "skipped"),
        ("test_twice", "passed"),
        ("test_program", "passed"),
        ("exit_test", "failed"),
        ("test_none", "skipped"),
    ] {
        assert_eq!(outcome(name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(record["tests"].as_array().map(Vec::len), Some(7));
    let report = String::from_utf8(desk.get("report.xml")).expect("text");
    assert!(
        report.contains("tests=\"7\" failures=\"2\" skipped=\"2\""),
        "{report}"
    );
    assert!(report.contains("about to fail"), "{report}");
    // The board was switched off and forgotten.
    let listed = ucli(&desk, &["sim", "list"]).run();
    assert!(!listed.out().contains("sim:"), "{}", listed.out());
}

#[test]
fn a_test_that_hangs_is_interrupted_and_the_next_file_runs() {
    let desk = Desk::new();
    desk.put(
        "tests/test_a.py",
        "def test_hangs():\n    while True:\n        pass\n",
    );
    desk.put("tests/test_b.py", "def test_works():\n    pass\n");
    let ended = ucli(&desk, &["test", "--limit", "1"]).run().status_is(1);
    let text = ended.out();
    assert!(
        text.contains("failed  tests/test_a.py::test_hangs"),
        "{text}"
    );
    assert!(
        text.contains("passed  tests/test_b.py::test_works"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_tested_is_named() {
    let desk = Desk::new();
    ucli(&desk, &["test"]).run().fails(1, "There are no tests");
    ucli(&desk, &["test", "missing"]).run().fails(1, "missing");
    desk.put("tests/test_a.py", "");
    ucli(&desk, &["test", "--limit", "0"])
        .run()
        .fails(2, "--limit");
}
