//! `ucli flash`: firmware onto a board; `flash backup` and `flash restore`: the whole flash.

mod whole;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::{Context, info};
use crate::client::session::Session;
use crate::device::{self, selector::Selector};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::flash::catalogue::{Catalogue, Request};
use crate::flash::connect::{Running, Way};
use crate::flash::image::Firmware;
use crate::flash::keep::Kept;
use crate::flash::report::{Phase, Report};
use crate::flash::{Files, Flasher, Plan, Wish};
use crate::output::bytes::{duration, human};
use crate::transport::OpenOptions;

/// How long a flashed board may take to its prompt: the first start of a blank one makes a file system.
const PROMPT: Duration = Duration::from_secs(30);

/// Arguments of `ucli flash`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "FIRMWARE is a file (.bin, .elf, .uf2, .hex, .dfu, .zip), a URL, a version (`1.29.0`, `latest`, `nightly`,\n\
                  `circuitpython@9.1.0`), or nothing: the newest MicroPython for the board. Versions come from the\n\
                  catalogue (`ucli help boards`). `flash backup FILE` reads the whole flash, `flash restore FILE` writes it.\n\
                  Example: ucli flash firmware.uf2"
)]
pub(crate) struct Args {
    /// What to flash; or `backup`, `restore`
    #[arg(value_name = "FIRMWARE")]
    firmware: Option<String>,
    /// The image of `backup` and `restore`
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The board, as the catalogue calls it [default: what it says itself]
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Erase the whole flash first, files included
    #[arg(long)]
    erase: bool,
    /// Only compare the board with FIRMWARE
    #[arg(long, conflicts_with_all = ["erase", "keep_files"])]
    verify: bool,
    /// Where a plain image goes, in bytes (0x… is hexadecimal) [default: where the chip boots from]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    offset: Option<u32>,
    /// Stay in the boot loader afterwards
    #[arg(long)]
    no_reset: bool,
    /// Copy the board's files away before and back after
    #[arg(long, conflicts_with = "no_reset")]
    keep_files: bool,
    /// Find the board and say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    source: Source,
}

/// How a boot loader is spoken to.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct How {
    /// Baud rate to flash with [default: 460800]
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = 460_800,
        hide_default_value = true
    )]
    baud: u32,
    /// Do without Espressif's helper program
    #[arg(long)]
    no_stub: bool,
}

/// Where firmware comes from.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// The catalogue [default: UCLI_FIRMWARE_INDEX, or the setting firmware_index]
    #[arg(long, value_name = "URL")]
    index: Option<String>,
    /// Use only what was fetched before
    #[arg(long)]
    offline: bool,
}

impl Source {
    /// The catalogue.
    pub(super) fn catalogue(&self, context: &Context) -> Catalogue {
        let place = self
            .index
            .clone()
            .or_else(|| context.config.firmware_index.value.clone());
        Catalogue::at(place, self.offline)
    }
}

fn address(text: &str) -> core::result::Result<u32, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| "an address up to 0xffffffff is wanted".to_string())
}

/// The way to the board that the context chose.
pub(super) fn way(how: &How, context: &mut Context) -> Result<Way> {
    context.disconnect()?;
    let text = context.selector_text().to_string();
    let config = &context.config;
    let options = OpenOptions {
        baud: config.baud.value,
        dtr: config.dtr.value,
        rts: config.rts.value,
        timeout: config.timeout.value,
    };
    if how.baud == 0 {
        return Err(Error::new(
            Code::Usage,
            "`--baud 0`: bits per second are wanted",
        ));
    }
    let mut way = Way {
        directory: None,
        target: None,
        missing: None,
        is_chosen: text != "auto",
        options,
        baud: how.baud,
        stub: !how.no_stub,
        printer: context.printer.clone(),
    };
    if Path::new(&text).is_dir() {
        way.directory = Some(PathBuf::from(text));
        return Ok(way);
    }
    match device::resolve(&Selector::parse(&text)?, &config.boards.value) {
        Ok(target) => way.target = Some(target),
        Err(error) if way.is_chosen => return Err(error),
        Err(error) => way.missing = Some(error),
    }
    Ok(way)
}

/// What was asked for, as far as it can be had without the board.
enum Wanted {
    Firmware(Firmware),
    Version(Request),
}

fn wanted(args: &Args, catalogue: &Catalogue, context: &Context) -> Result<Wanted> {
    let Some(text) = &args.firmware else {
        return Ok(Wanted::Version(
            Request::parse("latest").expect("a version"),
        ));
    };
    if text.starts_with("http://") || text.starts_with("https://") {
        context.printer.say(&format!(
            "fetching   {}",
            crate::package::http::redacted(text)
        ));
        return Ok(Wanted::Firmware(catalogue.download(text)?));
    }
    let path = Path::new(text);
    if !path.exists()
        && let Some(request) = Request::parse(text)
    {
        return Ok(Wanted::Version(request));
    }
    Ok(Wanted::Firmware(Firmware::open(path)?))
}

/// Flashes.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    match (args.firmware.as_deref(), &args.file) {
        (Some("backup"), Some(file)) => whole::backup(args, file, context),
        (Some("restore"), Some(file)) => whole::restore(args, file, context),
        (Some("backup" | "restore"), None) => {
            Err(Error::new(Code::Usage, "flash: no file is named")
                .hint("`ucli flash backup FILE`, `ucli flash restore FILE`"))
        }
        (_, Some(file)) => Err(Error::new(
            Code::Usage,
            format!("flash: `{}` is one word too many", file.display()),
        )
        .hint("The next command stands behind `+`: `ucli flash firmware.bin + repl`")),
        _ => Job::new(args, context)?.run(context),
    }
}

/// One run of `flash`.
struct Job<'a> {
    args: &'a Args,
    started: Instant,
    way: Way,
    report: Report,
    /// What the board said before, when it was asked.
    running: Option<Running>,
    /// Id and version, when the firmware is from the catalogue.
    origin: Option<(String, String)>,
}

impl<'a> Job<'a> {
    fn new(args: &'a Args, context: &mut Context) -> Result<Self> {
        let way = way(&args.how, context)?;
        let report = Report::new(&context.printer);
        Ok(Self {
            args,
            started: Instant::now(),
            way,
            report,
            running: None,
            origin: None,
        })
    }

    fn run(mut self, context: &mut Context) -> Result<Exit> {
        let args = self.args;
        let printer = context.printer.clone();
        let catalogue = args.source.catalogue(context);
        let wanted = wanted(args, &catalogue, context)?;
        if matches!(wanted, Wanted::Version(_)) && args.board.is_none() {
            self.running = self.way.running()?;
        }
        let content = match &wanted {
            Wanted::Firmware(firmware) => Some(&firmware.content),
            Wanted::Version(_) => None,
        };
        let named = match (&wanted, &args.board) {
            (Wanted::Version(_), Some(id)) => {
                let index = catalogue.load(false)?;
                Some(index.choose_board(Some(id), "")?.0.mcu.clone())
            }
            _ => None,
        };
        let family = self
            .way
            .family(content, self.running.as_ref(), named.as_deref());
        let kept = match args.keep_files && !args.dry_run {
            true => Some(self.take_files(context)?),
            false => None,
        };
        let result = self.way.open(family).and_then(|flasher| {
            let found = flasher.found().line();
            printer.say(&format!("found      {found}"));
            let firmware = match wanted {
                Wanted::Firmware(firmware) => Ok(firmware),
                Wanted::Version(request) => {
                    self.catalogued(&catalogue, &request, flasher.as_ref(), context)
                }
            };
            let firmware = match firmware {
                Ok(firmware) => firmware,
                Err(error) => return Err(self.refused(flasher, error)),
            };
            self.flash(flasher, &firmware, kept.is_some(), context)
        });
        let (mut record, started) = match result {
            Ok(done) => done,
            Err(error) => return Err(with_files(error, kept.as_ref())),
        };
        if started {
            self.finish(kept, &mut record, context)?;
        }
        record["seconds"] = json!(self.started.elapsed().as_secs_f64());
        printer.done("flash", record)?;
        Ok(Exit::Done)
    }

    fn take_files(&mut self, context: &Context) -> Result<Kept> {
        let mut session = self.way.session().map_err(|error| {
            error.hint(
                "`--keep-files` needs a board that runs; without it the board is flashed as it is",
            )
        })?;
        let kept = Kept::take(
            &mut session,
            Path::new("."),
            &mut self.report,
            &context.printer,
        )?;
        session.close()?;
        context.printer.say(&format!(
            "kept       {} files in `{}`",
            kept.len(),
            kept.directory.display()
        ));
        Ok(kept)
    }

    fn catalogued(
        &mut self,
        catalogue: &Catalogue,
        request: &Request,
        flasher: &dyn Flasher,
        context: &Context,
    ) -> Result<Firmware> {
        let index = catalogue.load(false)?;
        let running = self.running.as_ref().map(|running| running.board.as_str());
        // A board that the catalogue does not have is still a board with this chip.
        let named = running.filter(|id| !id.is_empty() && index.choose_board(Some(id), "").is_ok());
        let id = self.args.board.as_deref().or(named);
        let (board, variant) = index.choose_board(id, &flasher.found().mcu)?;
        let release = board.choose(request, &variant)?;
        let what = format!(
            "{} {} for {}",
            release.implementation, release.version, board.id
        );
        context.printer.say(&format!(
            "firmware   {what} (sha256 {}…)",
            &release.sha256[..8]
        ));
        self.origin = Some((board.id.clone(), release.version.clone()));
        catalogue.fetch(board, release)
    }

    /// Writes, compares, starts; the record so far, and whether the board was started.
    fn flash(
        &mut self,
        mut flasher: Box<dyn Flasher>,
        firmware: &Firmware,
        files_are_safe: bool,
        context: &Context,
    ) -> Result<(Json, bool)> {
        let args = self.args;
        let printer = &context.printer;
        let wish = Wish {
            offset: args.offset,
            erase: args.erase,
        };
        let plan = match flasher.plan(firmware, wish) {
            Ok(plan) => plan,
            Err(error) => return Err(self.refused(flasher, error)),
        };
        for note in &plan.notes {
            printer.note(note);
        }
        let mut record = self.record(flasher.as_ref(), firmware, &plan);
        if args.verify {
            return self
                .only_verify(flasher, &plan, record, context)
                .map(|record| (record, false));
        }
        if args.dry_run {
            let (bytes, place) = (human(plan.len_bytes()), &flasher.found().place);
            printer.data(&format!(
                "would write {bytes} of `{}` to {place}",
                firmware.name
            ))?;
            self.leave(flasher)?;
            return Ok((record, false));
        }
        if !args.erase
            && !files_are_safe
            && let Err(error) = ask_about_files(plan.files, context)
        {
            return Err(self.refused(flasher, error));
        }
        if args.erase {
            printer.say("erasing    the whole flash");
            flasher.erase(&mut self.report)?;
        }
        printer.say(&format!("writing    {}", human(plan.len_bytes())));
        flasher.write(&plan, &mut self.report)?;
        record["written"] = plan.len_bytes().into();
        let verified = flasher.verify(&plan, &mut self.report)?;
        record["verified"] = verified.into();
        printer.say(match verified {
            true => "verified   the digest is the same",
            false => "verified   by the boot loader, block by block",
        });
        self.report.phase(Phase::Start, 0)?;
        match args.no_reset {
            true => flasher.stay()?,
            false => flasher.start()?,
        }
        Ok((record, !args.no_reset))
    }

    /// Lets a board go on that gets nothing.
    fn refused(&self, flasher: Box<dyn Flasher>, error: Error) -> Error {
        // What was refused is the news; that the board does not go on adds nothing to it.
        let _ = self.leave(flasher);
        error
    }

    /// Lets a board go on that was only looked at.
    fn leave(&self, flasher: Box<dyn Flasher>) -> Result<()> {
        // A drive starts only when it gets firmware.
        if self.args.no_reset || matches!(flasher.found().family, "uf2" | "daplink" | "nordic") {
            return flasher.stay();
        }
        flasher.start()
    }

    fn only_verify(
        &mut self,
        mut flasher: Box<dyn Flasher>,
        plan: &Plan,
        mut record: Json,
        context: &Context,
    ) -> Result<Json> {
        let compared = match flasher.verify(plan, &mut self.report) {
            Ok(compared) => compared,
            Err(error) => return Err(self.refused(flasher, error)),
        };
        if !compared {
            let chip = &flasher.found().chip;
            return Err(Error::new(
                Code::Unsupported,
                format!("The boot loader of {chip} cannot be asked what it holds"),
            ));
        }
        record["verified"] = true.into();
        context.printer.data("the flash holds this firmware")?;
        self.leave(flasher)?;
        Ok(record)
    }

    fn record(&self, flasher: &dyn Flasher, firmware: &Firmware, plan: &Plan) -> Json {
        let (board, version) = match &self.origin {
            Some((board, version)) => (Some(board), Some(version)),
            None => (None, None),
        };
        json!({
            "found": flasher.found(),
            "firmware": {
                "name": firmware.name, "format": firmware.format(), "bytes": firmware.bytes.len(),
                "sha256": crate::package::sha256(&firmware.bytes), "board": board, "version": version,
            },
            "files": plan.files, "restored": 0, "written": 0, "verified": false, "running": null,
            "dry_run": self.args.dry_run,
        })
    }

    /// Waits for the prompt, puts the files back and says what runs.
    fn finish(
        &mut self,
        kept: Option<Kept>,
        record: &mut Json,
        context: &mut Context,
    ) -> Result<()> {
        let printer = context.printer.clone();
        let mut session = match self.prompt() {
            Ok(session) => session,
            Err(error) if error.code() == Code::Interrupted => {
                return Err(with_files(error, kept.as_ref()));
            }
            Err(error) if kept.is_some() => {
                return Err(with_files(error, kept.as_ref())
                    .hint("The firmware itself is written and checked"));
            }
            Err(_) => {
                printer.warn(
                    "the firmware is written and checked, but there is no MicroPython prompt",
                );
                return Ok(());
            }
        };
        if let Some(kept) = kept {
            let directory = kept.directory.clone();
            let count = kept.put_back(&mut session, &mut self.report, &printer);
            let count = count.map_err(|error| {
                error.hint(format!("The files are in `{}`", directory.display()))
            })?;
            printer.say(&format!("restored   {count} files"));
            record["restored"] = count.into();
        }
        let info = info::ask(&mut session)?;
        printer.say(&format!("running    {}", info.summary()));
        record["running"] = info.json();
        session.close()?;
        printer.say(&format!("flashed in {}", duration(self.started.elapsed())));
        Ok(())
    }

    /// Opens the board's prompt after it was started.
    fn prompt(&mut self) -> Result<Session> {
        let target = match self.way.target.clone() {
            Some(target) => target,
            // It was found by its drive: its port appears now.
            None => self.new_port()?,
        };
        let options = OpenOptions {
            timeout: PROMPT,
            ..self.way.options
        };
        drop(target.reopen(&options, PROMPT)?);
        let mut session = Session::open(target, options, &self.way.printer, None)?;
        session.enter_raw()?;
        Ok(session)
    }

    fn new_port(&self) -> Result<device::Target> {
        let deadline = Instant::now() + PROMPT;
        let mut watch = device::Watch::new();
        loop {
            match device::resolve(&Selector::Auto, &std::collections::BTreeMap::new()) {
                Ok(target) => return Ok(target),
                Err(error) if error.code() == Code::SeveralBoards || Instant::now() >= deadline => {
                    return Err(error);
                }
                Err(_) => watch.wait(deadline),
            }
            if crate::client::interrupt::count() > 0 {
                return Err(Error::new(
                    Code::Interrupted,
                    "Interrupted while the board starts",
                ));
            }
        }
    }
}

fn with_files(error: Error, kept: Option<&Kept>) -> Error {
    match kept {
        Some(kept) => error.hint(format!(
            "The board's files are safe in `{}`",
            kept.directory.display()
        )),
        None => error,
    }
}

fn ask_about_files(files: Files, context: &Context) -> Result<()> {
    let question = match files {
        Files::Kept | Files::Likely => return Ok(()),
        Files::Lost => "The layout of the flash changes: the files on the board will be lost",
        Files::Unknown => "The files on the board may be lost",
    };
    context
        .confirm(question)
        .map_err(|error| error.hint("`--keep-files` copies them away and back"))
}
