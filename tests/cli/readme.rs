//! The command lines of README.md and of the help texts: what needs no board runs, and every line is one
//! that `ucli` accepts.

use harness::board::Board;
use harness::paths;
use harness::program::Desk;

/// The names of all commands that `ucli --help` shows.
fn commands(desk: &Desk) -> Vec<String> {
    let all = desk.ucli(&["--help"]).out();
    let names: Vec<String> = all
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_string)
        .collect();
    assert!(names.len() >= 30, "{all}");
    names
}

/// Every command's help exits with 0, begins with what it is for and ends with an example that begins
/// with a line of that command; `ucli help NAME` says the same.
#[test]
fn every_help_has_an_example_of_its_command() {
    let desk = Desk::new();
    for name in commands(&desk) {
        let done = desk.ucli(&[&*name, "--help"]).run().ok();
        let said = done.out();
        let example = said
            .lines()
            .filter_map(|line| line.strip_prefix("Example: "))
            .next()
            .unwrap_or_else(|| panic!("no example: {done}"));
        assert!(example.starts_with("ucli"), "{done}");
        assert!(
            example.split_whitespace().any(|word| word == name),
            "another command's example: {done}"
        );
        assert!(said.contains("Usage: ucli"), "{done}");
        assert!(desk.ucli(&["help", &name]).out().contains(example));
    }
}

#[test]
fn help_of_an_unknown_command_fails() {
    Desk::new()
        .ucli(&["help", "frobnicate"])
        .run()
        .fails(2, "frobnicate");
}

/// What README.md says can be done with nothing plugged in.
#[test]
fn lines_without_a_board_work() {
    let desk = Desk::new();
    desk.put("lib/sensor.py", "def read():\n    return 21.5\n");
    for (line, part) in [
        (&["--help"][..], "Usage: ucli"),
        (&["help", "cp"], "--recursive"),
        (&["help"], "Commands:"),
        (&["version"], "ucli "),
        (&["--version"], "ucli "),
        (&["config"], "SETTING"),
        (&["compile", "lib/sensor.py"], ""),
        (&["romfs", "build", "lib"], "lib.romfs"),
        (&["devs"], ""),
        (&["completions", "bash"], "sha256sum"),
        (&["completions", "zsh"], "sha256sum"),
        (&["completions", "fish"], "sha256sum"),
        (&["completions", "powershell"], "sha256sum"),
        (&["completions", "elvish"], "sha256sum"),
    ] {
        let done = desk.ucli(line).run().ok();
        assert!(done.out().contains(part), "{part} is not in {done}");
    }
    assert!(desk.get("lib/sensor.mpy").starts_with(b"M\x06"));
    assert!(desk.get("lib.romfs").starts_with(&[0xd2, 0xcd, 0x31]));
}

/// Splits a line as a shell does: blanks part words, quotes hold them together, `#` begins a comment, and
/// `;`, `>` and `|` end the command.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, ';' | '>' | '|') => break,
            (None, '#') if word.is_none() => break,
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Asserts that `ucli` has nothing against `line`. Usage is checked before anything runs, piece by piece,
/// so a last command that does not exist is the one that is complained about.
#[track_caller]
fn is_understood(desk: &Desk, line: &str) {
    let mut arguments = words(line);
    arguments.extend(["+", "frobnicate"].map(str::to_string));
    let done = desk.ucli(&arguments).run().status_is(2);
    let said = done.out() + &done.err();
    assert!(
        said.contains("unrecognized subcommand 'frobnicate'"),
        "{done}"
    );
}

#[test]
fn lines_of_the_readmes_are_understood() {
    let desk = Desk::new();
    for file in ["README.md", "cli/README.md"] {
        let text = std::fs::read_to_string(paths::root().join(file)).unwrap();
        let mut count = 0;
        for line in text.lines().filter_map(|line| line.strip_prefix("$ ucli ")) {
            is_understood(&desk, line);
            count += 1;
        }
        assert!(count >= 5, "{count} lines in {file}");
    }
}

#[test]
fn examples_of_the_help_texts_are_understood() {
    let desk = Desk::new();
    for name in commands(&desk) {
        let said = desk.ucli(&[&*name, "--help"]).out();
        for line in said
            .lines()
            .filter_map(|line| line.strip_prefix("Example: ucli"))
        {
            is_understood(&desk, line);
        }
    }
}

/// A page that shows every command must not miss a new one.
#[test]
fn every_command_is_in_the_readme() {
    let text = std::fs::read_to_string(paths::root().join("cli/README.md")).unwrap();
    for name in commands(&Desk::new()) {
        let is_shown = text
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            .any(|word| word == name);
        assert!(is_shown, "{name}");
    }
}

/// The first lines of README.md do on a board what they say there.
#[test]
fn session_of_the_readme_is_true() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("lib/sensor.py", "x = 1\n");
    desk.put("main.py", "print('main')\n");
    let done = desk
        .ucli_on(&board, &["cp", "-r", "lib", "main.py", ":"])
        .run()
        .ok();
    assert_eq!(board.get("lib/sensor.py"), b"x = 1\n");
    assert_eq!(board.get("main.py"), b"print('main')\n");
    assert!(done.out().starts_with("cp lib :\n"), "{done}");
    assert!(done.err().contains("2 of 2 files copied"), "{done}");
    desk.ucli_on(&board, &["exec", "import sys; sys.exit(3)"])
        .run()
        .status_is(3);
    desk.put(
        "blink.py",
        "import sys\n\nraise ValueError('invalid pin')\n",
    );
    let done = desk
        .ucli_on(&board, &["run", "blink.py", "--", "25", "0.5"])
        .run()
        .status_is(1);
    assert!(
        done.err()
            .contains("File \"blink.py\", line 3, in <module>\nValueError: invalid pin"),
        "{done}"
    );
}
