//! `cargo xtask bench transfer`: ucli, mpremote and mpytool on the same links, side by side.
//!
//! The board is the harness's real MicroPython; the links are an ideal one, one like USB and one
//! of 115200 baud. Every upload is compared with the board's file, every download with the sample.
//! Seconds are those of the whole command, start included, the least of several runs.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harness::board::{Board, Options};
use harness::link::{Pace, Traffic};
use harness::paths;
use harness::program::{Call, Desk};
use harness::sample;

use crate::run::{cargo, run as start};
use crate::{Failed, Result, target};

/// What the two big files hold.
const FILE_BYTES: usize = 100 * 1024;
/// What one direction of a 115200-baud line carries, with start and stop bits.
const UART_RATE: u32 = 11_520;

const TOOLS: [&str; 3] = ["ucli", "mpremote", "mpytool"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Ideal,
    Usb,
    Uart,
}

impl Link {
    fn pace(self) -> Pace {
        match self {
            Self::Ideal => Pace::default(),
            Self::Usb => Pace {
                rate: 600_000,
                latency: Duration::from_micros(500),
            },
            Self::Uart => Pace {
                rate: UART_RATE,
                latency: Duration::from_millis(1),
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ideal => "ideal",
            Self::Usb => "USB-like",
            Self::Uart => "115200",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Version,
    Eval,
    UpText,
    UpRandom,
    DownText,
    DownRandom,
    TreeNew,
    TreeSame,
}

impl Work {
    const ALL: [Self; 8] = [
        Self::Version,
        Self::Eval,
        Self::UpText,
        Self::UpRandom,
        Self::DownText,
        Self::DownRandom,
        Self::TreeNew,
        Self::TreeSame,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Version => "`--version`",
            Self::Eval => "`eval 1`",
            Self::UpText => "100 KiB text up",
            Self::UpRandom => "100 KiB random up",
            Self::DownText => "100 KiB text down",
            Self::DownRandom => "100 KiB random down",
            Self::TreeNew => "20 files, new",
            Self::TreeSame => "20 files, unchanged",
        }
    }
}

/// One measured command.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    seconds: f64,
    traffic: Traffic,
}

/// Runs the benchmark that is asked for.
pub(crate) fn run(words: &[String]) -> Result {
    match words.first().map(String::as_str) {
        Some("transfer") => {}
        Some("flash") => return crate::bench_flash::run(&words[1..]),
        Some("install") => return crate::packages::bench(&words[1..]),
        Some("interp") => return crate::interp::run(&words[1..]),
        Some("chips") => return crate::chips::measure(&words[1..]),
        _ => {
            return Err(Failed(
                "there are `cargo xtask bench transfer`, `bench flash`, each with `--quick`, `bench install DIR`, `bench interp` and `bench chips DIR`"
                    .into(),
            ));
        }
    }
    let quick = words.iter().any(|word| word == "--quick");
    if crate::setup::run_all()?.peers.is_some() {
        return Err(Failed("there is nothing to compare with".into()));
    }
    start(cargo(&["build", "--release", "-p", "ucli"]))?;
    let links = if quick {
        &[Link::Usb][..]
    } else {
        &[Link::Ideal, Link::Usb, Link::Uart]
    };
    let mut table = String::from(
        "| operation | link | ucli s | mpremote s | mpytool s | of mpremote | of mpytool | ucli up/down B | ucli rounds | mpremote rounds | mpytool rounds | target |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for &link in links {
        let rig = Rig::new(link);
        for work in Work::ALL {
            if work == Work::Version && link != links[0] {
                continue;
            }
            let samples = TOOLS.map(|tool| rig.best(tool, work, runs(link, work, tool, quick)));
            row(&mut table, link, work, &samples);
            println!("{}", table.lines().last().unwrap_or_default());
        }
    }
    println!(
        "\n{} CPUs, the least of several runs, whole commands\n\n{table}",
        std::thread::available_parallelism()?
    );
    Ok(())
}

/// How often: mpremote at 115200 baud takes half a minute for one file.
fn runs(link: Link, work: Work, tool: &str, quick: bool) -> usize {
    match (quick, link, work) {
        (true, ..) => 1,
        (_, _, Work::Version | Work::Eval) => 10,
        (_, Link::Uart, _) if tool == "mpremote" => 1,
        (_, Link::Uart, _) => 2,
        _ => 3,
    }
}

/// A board with the files for all operations, and a desk beside it.
struct Rig {
    desk: Desk,
    board: Board,
}

impl Rig {
    fn new(link: Link) -> Self {
        let (desk, board) = (
            Desk::new(),
            Board::with(&Options {
                pace: link.pace(),
                ..Options::default()
            }),
        );
        for (name, content) in [
            ("text", sample::text(FILE_BYTES)),
            ("random", sample::random(7, FILE_BYTES)),
        ] {
            desk.put(name, &content);
            board.put(name, &content);
        }
        sample::tree(&desk.path().join("tree"), 1);
        Self { desk, board }
    }

    fn best(&self, tool: &str, work: Work, runs: usize) -> Option<Sample> {
        let mut best: Option<Sample> = None;
        for _ in 0..runs {
            let sample = self.measure(tool, work)?;
            if best.is_none_or(|best| sample.seconds < best.seconds) {
                best = Some(sample);
            }
        }
        best
    }

    fn measure(&self, tool: &str, work: Work) -> Option<Sample> {
        // mpytool takes no file of the unix port for a file, because of its permission bits.
        if tool == "mpytool" && matches!(work, Work::DownText | Work::DownRandom) {
            return None;
        }
        self.prepare(tool, work);
        let call = self.call(tool, work);
        let before = self.board.traffic();
        let started = Instant::now();
        let done = call.run();
        let seconds = started.elapsed().as_secs_f64();
        let traffic = self.board.traffic() - before;
        if done.status != Some(0) {
            println!("{done}");
            return None;
        }
        if let Err(what) = self.check(work) {
            println!("{tool}, {}: {what}", work.name());
            return None;
        }
        Some(Sample { seconds, traffic })
    }

    fn prepare(&self, tool: &str, work: Work) {
        let files = self.board.files();
        let gone = |path: &std::path::Path| {
            if path.is_dir() {
                std::fs::remove_dir_all(path).expect("our own directory");
            } else if path.exists() {
                std::fs::remove_file(path).expect("our own file");
            }
        };
        match work {
            Work::UpText | Work::UpRandom => gone(&files.join("up")),
            Work::DownText | Work::DownRandom => gone(&self.desk.path().join("down")),
            Work::TreeNew => {
                gone(&files.join("copy"));
                if tool != "ucli" {
                    std::fs::create_dir(files.join("copy")).expect("our own directory");
                    paths::give_to_board(&files.join("copy"));
                }
            }
            Work::Version | Work::Eval | Work::TreeSame => {}
        }
    }

    fn call(&self, tool: &str, work: Work) -> Call {
        let arguments: &[&str] = match (work, tool) {
            (Work::Version, _) => &["--version"],
            (Work::Eval, "mpytool") => &["exec", "print(1)"],
            (Work::Eval, _) => &["eval", "1"],
            (Work::UpText, _) => &["cp", "text", ":up"],
            (Work::UpRandom, _) => &["cp", "random", ":up"],
            (Work::DownText, _) => &["cp", ":text", "down"],
            (Work::DownRandom, _) => &["cp", ":random", "down"],
            (Work::TreeNew | Work::TreeSame, "ucli") => &["sync", "tree", ":copy/tree"],
            (Work::TreeNew | Work::TreeSame, "mpremote") => &["cp", "-r", "tree", ":copy"],
            (Work::TreeNew | Work::TreeSame, _) => &["cp", "tree", ":copy/"],
        };
        let address = self.board.address();
        let before: &[&str] = match (work, tool) {
            (Work::Version, _) => &[],
            (_, "mpremote") => &["connect", address, "resume"],
            _ => &["-p", address],
        };
        let line = [before, arguments].concat();
        if tool == "ucli" {
            self.desk.program(&target().join("release/ucli"), &line)
        } else {
            self.desk.peer(tool, &line)
        }
    }

    fn check(&self, work: Work) -> core::result::Result<(), String> {
        let same = |there: Vec<u8>, name: &str| {
            if there == self.desk.get(name) {
                Ok(())
            } else {
                Err("the copy differs".to_string())
            }
        };
        match work {
            Work::UpText => same(self.board.get("up"), "text"),
            Work::UpRandom => same(self.board.get("up"), "random"),
            Work::DownText => same(self.desk.get("down"), "text"),
            Work::DownRandom => same(self.desk.get("down"), "random"),
            Work::TreeNew | Work::TreeSame => {
                let there = sample::contents(&self.board.files().join("copy/tree"));
                if there == sample::contents(&self.desk.path().join("tree")) {
                    Ok(())
                } else {
                    Err("the tree differs".to_string())
                }
            }
            Work::Version | Work::Eval => Ok(()),
        }
    }
}

fn row(table: &mut String, link: Link, work: Work, samples: &[Option<Sample>; 3]) {
    let [ours, mpremote, mpytool] = samples;
    let seconds = |sample: &Option<Sample>| {
        sample.map_or("–".to_string(), |sample| format!("{:.3}", sample.seconds))
    };
    let rounds = |sample: &Option<Sample>| {
        sample.map_or("–".to_string(), |sample| {
            sample.traffic.rounds.to_string()
        })
    };
    let ratio = |theirs: &Option<Sample>| match (ours, theirs) {
        (Some(ours), Some(theirs)) => format!("1/{:.1}", theirs.seconds / ours.seconds),
        _ => "–".to_string(),
    };
    let bytes = ours.map_or("–".to_string(), |sample| {
        format!("{}/{}", sample.traffic.up, sample.traffic.down)
    });
    let place = if work == Work::Version {
        "–"
    } else {
        link.name()
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        table,
        "| {} | {place} | {} | {} | {} | {} | {} | {bytes} | {} | {} | {} | {} |",
        work.name(),
        seconds(ours),
        seconds(mpremote),
        seconds(mpytool),
        ratio(mpremote),
        ratio(mpytool),
        rounds(ours),
        rounds(mpremote),
        rounds(mpytool),
        verdict(link, work, samples),
    );
}

/// The target of this row and whether it is met.
fn verdict(link: Link, work: Work, samples: &[Option<Sample>; 3]) -> String {
    let [Some(ours), Some(mpremote), mpytool] = samples else {
        return String::new();
    };
    let share = |most: f64| ours.seconds <= mpremote.seconds / most;
    let line_seconds = FILE_BYTES as f64 / f64::from(UART_RATE);
    let (target, met) = match (work, link) {
        (Work::Version, _) => ("≤ 1/20 of mpremote".to_string(), share(20.0)),
        (Work::Eval, _) => ("≤ 1/4 of mpremote".to_string(), share(4.0)),
        (Work::UpText | Work::UpRandom | Work::DownText | Work::DownRandom, Link::Usb) => {
            let half = mpytool.is_none_or(|mpytool| ours.seconds <= mpytool.seconds / 2.0);
            (
                "≤ 1/25 of mpremote, ≤ 1/2 of mpytool".to_string(),
                share(25.0) && half,
            )
        }
        (Work::UpRandom | Work::DownRandom, Link::Uart) => {
            let most = line_seconds * 1.05;
            (
                format!("≤ {most:.2} s (line: {line_seconds:.2} s)"),
                ours.seconds <= most,
            )
        }
        (Work::UpText, Link::Uart) => ("≤ 3.2 s".to_string(), ours.seconds <= 3.2),
        (Work::TreeNew, _) => ("≤ 60 rounds".to_string(), ours.traffic.rounds <= 60),
        (Work::TreeSame, _) => ("≤ 6 rounds".to_string(), ours.traffic.rounds <= 6),
        _ => return String::new(),
    };
    format!("{target}: {}", if met { "met" } else { "**missed**" })
}
